// The Parquet schema of a table.
import type { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";

import type { StoredColumn } from "../row-buffer.js";
import type { Storage } from "../storage.js";

/** An element of a Parquet schema. */
export type SchemaElement = ParquetWriter["schema"][number];

/**
 * Timestamps are not marked as "adjusted to UTC", though they are: readers that know an instant only by the microsecond
 * (DuckDB's TIMESTAMPTZ) would then cut off the nanoseconds.
 */
const TYPES: Readonly<Record<Storage, Omit<SchemaElement, "name">>> = {
  int32: { type: "INT32" },
  // Without the logical type INTEGER: hyparquet-writer writes its width as an i32, which strict readers of Thrift refuse.
  uint32: { type: "INT32", converted_type: "UINT_32" },
  int64: { type: "INT64" },
  timestamp: {
    type: "INT64",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "NANOS" },
  },
  boolean: { type: "BOOLEAN" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
};

/** The root, and an element for each column. */
export function parquetSchema(table: string, columns: readonly StoredColumn[]): SchemaElement[] {
  return [
    { name: table, num_children: columns.length },
    ...columns.map(({ name, storage, optional }): SchemaElement => {
      const repetition_type = optional ? "OPTIONAL" : "REQUIRED";
      return { name, repetition_type, ...TYPES[storage] };
    }),
  ];
}
