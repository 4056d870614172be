// Arrow streams and files as three implementations read them.
import { type Block, EXPORT_FORMATS, TABLES, type TableName } from "@skbtracer/analyzer";
import { tableFromIPC as flechetteTable } from "@uwdata/flechette";
import { type Dictionary, RecordBatchReader, tableFromIPC } from "apache-arrow";
import { Table as RustTable } from "parquet-wasm";
import { describe, expect, test } from "vitest";

import { arrowFileWriter, arrowStreamWriter } from "../../src/export/arrow.js";
import type { ByteSink, TableWriter } from "../../src/export/writer.js";
import { cases, exported, plainRows, type Row, rowsOf } from "../support/exported.js";

type Open = (table: TableName, sink: ByteSink) => TableWriter;

/** By the writer's own library; nanoseconds from the buffers, as its timestamps are milliseconds. */
function readByApacheArrow(bytes: Uint8Array, table: TableName): Row[] {
  const read = tableFromIPC(bytes);
  expect(read.schema.names).toEqual(TABLES[table].columns.map(({ name }) => name));
  const rows = read.batches.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, i) => {
      const row: Record<string, unknown> = {};
      batch.schema.fields.forEach(({ name }, at) => {
        const child = batch.getChildAt(at);
        const isWide = TABLES[table].columns[at]?.type === "wide";
        row[name] = child?.isValid(i) ? (isWide ? child.data[0]?.values[i] : child.get(i)) : null;
      });
      return row;
    }),
  );
  return plainRows(table, rows);
}

/** By another implementation in JavaScript. */
function readByFlechette(bytes: Uint8Array, table: TableName): Row[] {
  const read = flechetteTable(bytes, { useBigInt: true });
  return plainRows(
    table,
    read.toArray().map((row) => {
      const own = row as Record<string, unknown>;
      return Object.fromEntries(
        Object.entries(own).map(([name, value]) => [name, name.endsWith("unix_ns") ? null : value]),
      );
    }),
  );
}

const withoutTimestamps = (rows: readonly Row[]): Row[] =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, name.endsWith("unix_ns") ? null : value]),
    ),
  );

const small =
  (open: typeof arrowFileWriter): Open =>
  (table, sink) =>
    open(table, sink, { batchRows: 20 });

describe.each<[string, Open]>([
  ["an Arrow file", await EXPORT_FORMATS.arrow.load()],
  ["an Arrow file of many batches", small(arrowFileWriter)],
  ["an Arrow stream", await EXPORT_FORMATS.arrows.load()],
  ["an Arrow stream of many batches", small(arrowStreamWriter)],
])("as %s", (_, open) => {
  test.each(cases())("$name: apache-arrow reads each value", async ({ table, blocks }) => {
    expect(readByApacheArrow(await exported(open, table, blocks), table)).toEqual(rowsOf(blocks));
  });

  test.each(cases())("$name: flechette reads the same", async ({ table, blocks }) => {
    expect(readByFlechette(await exported(open, table, blocks), table)).toEqual(
      withoutTimestamps(rowsOf(blocks)),
    );
  });
});

describe.each<[string, Open]>([
  ["an Arrow stream", await EXPORT_FORMATS.arrows.load()],
  ["an Arrow stream of many batches", small(arrowStreamWriter)],
])("as %s", (_, open) => {
  test.each(cases())("$name: the Rust implementation reads the same", async ({ table, blocks }) => {
    const bytes = await exported(open, table, blocks);
    expect(readByApacheArrow(RustTable.fromIPCStream(bytes).intoIPCStream(), table)).toEqual(rowsOf(blocks));
  });
});

/** Blocks of one row each, each with a text that is new. */
function growing(count: number): Block[] {
  return Array.from({ length: count }, (_, i) => ({
    table: "losses" as const,
    length: 1,
    columns: TABLES.losses.columns.map(({ type }) =>
      type === "text"
        ? { kind: "text" as const, codes: [0], values: [`text ${i}`] }
        : { kind: "number" as const, values: [i] },
    ),
  }));
}

test("a stream says of each text only once that it is in the dictionary", async () => {
  const one = await exported(
    (table, sink) => arrowStreamWriter(table, sink, { batchRows: 1 }),
    "losses",
    growing(200),
  );
  expect(one.toString("latin1").split("text 150").length - 1).toBe(3);
  expect(readByApacheArrow(one, "losses")).toEqual(rowsOf(growing(200)));
});

test("a file has one dictionary for each column, and no delta", async () => {
  const bytes = await exported(
    (table, sink) => arrowFileWriter(table, sink, { batchRows: 1 }),
    "losses",
    growing(200),
  );
  const reader = RecordBatchReader.from(bytes).open();
  expect(reader.footer?.numDictionaries).toBe(3);
  expect(reader.footer?.numRecordBatches).toBe(200);
  const type = reader.schema.fields[0]?.type as Dictionary;
  expect(String(type)).toBe("Dictionary<Int32, Utf8>");
});
