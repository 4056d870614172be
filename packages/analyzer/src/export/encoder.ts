// What a binary format is: rows in columns in, bytes out. Where there are many rows it works in a thread of its own.
import type { TableName } from "../tables/schema.js";
import type { TakenRows } from "./row-buffer.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Turns the rows of one table into the bytes of a file, front to back. */
export interface Encoder {
  encode(rows: TakenRows): Bytes | Promise<Bytes>;
  /** What a file ends with. */
  end(): Bytes | Promise<Bytes>;
}

/** Binary formats that tables are encoded in. */
export type EncodedFormat = "parquet" | "arrow" | "arrows";

/** An encoder in this thread. Its library is loaded only now. */
export async function openEncoder(format: EncodedFormat, table: TableName): Promise<Encoder> {
  if (format === "parquet") return (await import("./parquet.js")).parquetEncoder(table);
  return (await import("./arrow.js")).arrowEncoder(table, format === "arrow" ? "file" : "stream");
}
