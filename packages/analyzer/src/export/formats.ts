// The formats that a table can be exported in.
import type { TableName } from "../tables/schema.js";
import { arrowFileWriter, arrowStreamWriter } from "./arrow.js";
import { csvWriter } from "./csv.js";
import { ndjsonWriter } from "./ndjson.js";
import { parquetWriter } from "./parquet.js";
import type { ByteSink, TableWriter } from "./writer.js";

/** One format. */
export interface ExportFormat {
  readonly meaning: string;
  /** Of its files, without a dot. */
  readonly extension: string;
  /** Whether a terminal can show it. */
  readonly isText: boolean;
  readonly open: (table: TableName, sink: ByteSink) => TableWriter;
}

/** Every format, by its name. */
export const EXPORT_FORMATS = {
  csv: { meaning: "comma-separated values", extension: "csv", isText: true, open: csvWriter },
  ndjson: { meaning: "a JSON object a line", extension: "ndjson", isText: true, open: ndjsonWriter },
  parquet: { meaning: "Apache Parquet", extension: "parquet", isText: false, open: parquetWriter },
  arrow: { meaning: "Arrow IPC file", extension: "arrow", isText: false, open: arrowFileWriter },
  arrows: { meaning: "Arrow IPC stream", extension: "arrows", isText: false, open: arrowStreamWriter },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** Name of a format. */
export type ExportFormatName = keyof typeof EXPORT_FORMATS;
