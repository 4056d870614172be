// The formats that a table can be exported in. Their libraries are loaded when asked for: they take a while.
import type { TableName } from "../tables/schema.js";
import { COLLECTING } from "./collecting.js";
import { collectingWriter } from "./collecting-writer.js";
import type { EncodedFormat } from "./encoder.js";
import { EncoderThread } from "./encoder-thread.js";
import type { ByteSink, TableWriter } from "./writer.js";

/** Begins a table. */
export type OpenWriter = (table: TableName, sink: ByteSink) => TableWriter;

/** One format. */
export interface ExportFormat {
  readonly meaning: string;
  /** Of its files, without a dot. */
  readonly extension: string;
  /** Whether a terminal can show it. */
  readonly isText: boolean;
  readonly load: () => Promise<OpenWriter>;
}

/** Name of a format. */
export type ExportFormatName = "csv" | "ndjson" | "parquet" | "arrow" | "arrows";

/** Every format, by its name. */
export const EXPORT_FORMATS: Readonly<Record<ExportFormatName, ExportFormat>> = {
  csv: {
    meaning: "comma-separated values",
    extension: "csv",
    isText: true,
    load: async () => (await import("./csv.js")).csvWriter,
  },
  ndjson: {
    meaning: "a JSON object a line",
    extension: "ndjson",
    isText: true,
    load: async () => (await import("./ndjson.js")).ndjsonWriter,
  },
  parquet: {
    meaning: "Apache Parquet",
    extension: "parquet",
    isText: false,
    load: async () => threaded("parquet"),
  },
  arrow: {
    meaning: "Arrow IPC file",
    extension: "arrow",
    isText: false,
    load: async () => threaded("arrow"),
  },
  arrows: {
    meaning: "Arrow IPC stream",
    extension: "arrows",
    isText: false,
    load: async () => threaded("arrows"),
  },
};

/** Whether there is a format of this name. */
export function isExportFormatName(name: string): name is ExportFormatName {
  return Object.hasOwn(EXPORT_FORMATS, name);
}

/** Collects rows here and encodes them in a thread, one for all tables. */
function threaded(format: EncodedFormat): OpenWriter {
  const thread = new EncoderThread(format);
  return (table, sink) => collectingWriter(table, sink, thread.encoder(table), COLLECTING[format]);
}
