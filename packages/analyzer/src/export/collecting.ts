// How many rows the binary formats are encoded together, and what stays of them.
import type { EncodedFormat } from "./encoder.js";

/** When rows are encoded, and what stays of them. */
export interface Collecting {
  /** So many rows at a time. */
  readonly rows: number;
  /** Whether the texts of a column are numbered on from those encoded before. */
  readonly keepsDictionary: (column: string) => boolean;
}

/**
 * Texts that nearly each row has another of. A dictionary for all batches would hold them all until the end, and save
 * nothing; the others' grows with what the recording is about: addresses, functions, devices.
 */
const PLAIN_TEXTS = new Set(["skb", "hop_ns", "text", "command_line"]);

/** Whether the texts of a column are numbered through all batches of an Arrow file or stream. */
export function keepsDictionary(column: string): boolean {
  return !PLAIN_TEXTS.has(column);
}

const BATCHES: Collecting = { rows: 65_536, keepsDictionary };

/** Of each format. */
export const COLLECTING: Readonly<Record<EncodedFormat, Collecting>> = {
  // What DuckDB reads best; each row group stands alone.
  parquet: { rows: 122_880, keepsDictionary: () => false },
  arrow: BATCHES,
  arrows: BATCHES,
};
