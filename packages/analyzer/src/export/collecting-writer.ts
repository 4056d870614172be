// Collects the rows of a table until there are enough to encode, and writes what comes of it in order.
import type { Block } from "../tables/block.js";
import type { TableName } from "../tables/schema.js";
import type { Collecting } from "./collecting.js";
import type { Encoder } from "./encoder.js";
import { RowBuffer } from "./row-buffer.js";
import { type ByteSink, expectTable, type TableWriter } from "./writer.js";

/** Most new text to hold, in UTF-16 units: then it is time to write. */
const TEXT_MAX = 32 * 2 ** 20;

/** Encoded at a time, where that is done elsewhere: one, while the next one's rows are collected. */
const UNDER_WAY_MAX = 1;

/** A writer of one table. */
export function collectingWriter(
  table: TableName,
  sink: ByteSink,
  encoder: Encoder,
  { rows: most, keepsDictionary }: Collecting,
): TableWriter {
  const rows = new RowBuffer(table);
  const underWay: Promise<void>[] = [];
  let last = Promise.resolve();
  const handOver = (bytes: ReturnType<Encoder["encode"]>): void | Promise<void> => {
    if (!(bytes instanceof Promise)) return sink.write(bytes);
    // What goes wrong is told to who waits for it, below.
    const all = Promise.all([bytes, last]);
    last = all.then(([encoded]) => sink.write(encoded));
    last.catch(() => undefined);
    underWay.push(last);
    return underWay.length > UNDER_WAY_MAX ? underWay.shift() : undefined;
  };
  return {
    write(block: Block): void | Promise<void> {
      expectTable(block, table);
      rows.append(block);
      if (rows.length < most && rows.newText < TEXT_MAX) return;
      return handOver(encoder.encode(rows.take(keepsDictionary)));
    },
    async end(): Promise<void> {
      if (rows.length > 0) await handOver(encoder.encode(rows.take(keepsDictionary)));
      await handOver(encoder.end());
      await last;
    },
  };
}
