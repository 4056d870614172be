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

/** Name of a format. */
export type ExportFormatName = "csv" | "ndjson" | "parquet" | "arrow" | "arrows";

/** Every format, by its name. */
export const EXPORT_FORMATS: Readonly<Record<ExportFormatName, ExportFormat>> = {
  csv: { meaning: "comma-separated values", extension: "csv", isText: true, open: csvWriter },
  ndjson: { meaning: "a JSON object a line", extension: "ndjson", isText: true, open: ndjsonWriter },
  parquet: { meaning: "Apache Parquet", extension: "parquet", isText: false, open: parquetWriter },
  arrow: { meaning: "Arrow IPC file", extension: "arrow", isText: false, open: arrowFileWriter },
  arrows: { meaning: "Arrow IPC stream", extension: "arrows", isText: false, open: arrowStreamWriter },
};

/** Whether there is a format of this name. */
export function isExportFormatName(name: string): name is ExportFormatName {
  return Object.hasOwn(EXPORT_FORMATS, name);
}
