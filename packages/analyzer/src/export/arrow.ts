// Arrow IPC: the streaming format, for pipes, and the file format.
// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchStreamWriter } from "apache-arrow";

import type { Block } from "../tables/block.js";
import type { TableName } from "../tables/schema.js";
import { ArrowBatches } from "./arrow-batches.js";
import { RowBuffer, TEXT_MAX } from "./row-buffer.js";
import { type ByteSink, expectTable, type TableWriter } from "./writer.js";

/** How batches are made. */
export interface ArrowOptions {
  /** Rows after which a record batch is written. */
  readonly batchRows?: number;
}

const BATCH_ROWS = 65_536;

/**
 * Writes a table as an Arrow stream. A dictionary comes before the first batch that needs it; what later batches add to
 * it comes as a delta.
 */
export function arrowStreamWriter(table: TableName, sink: ByteSink, options?: ArrowOptions): TableWriter {
  return writerOf(table, sink, options, () => new RecordBatchStreamWriter());
}

/**
 * Writes a table as an Arrow file. Each dictionary stands once, behind the batches, where the file's footer says: so
 * none is repeated or continued, which many readers of files do not know.
 */
export function arrowFileWriter(table: TableName, sink: ByteSink, options?: ArrowOptions): TableWriter {
  return writerOf(table, sink, options, (batches) => new DictionariesLastWriter(batches));
}

class DictionariesLastWriter extends RecordBatchFileWriter {
  readonly #batches: ArrowBatches;

  constructor(batches: ArrowBatches) {
    super();
    this.#batches = batches;
  }

  protected override _writeDictionaries(): this {
    return this;
  }

  protected override _writeFooter(schema: ArrowBatches["schema"]): this {
    // oxlint-disable no-underscore-dangle -- the library's names
    for (const [id, texts] of this.#batches.dictionaries()) this._writeDictionaryBatch(texts, id);
    return super._writeFooter(schema);
    // oxlint-enable no-underscore-dangle
  }
}

/** Keeps what a writer writes until it is handed over. */
class Pieces extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];

  override write(piece: ArrayBufferLike | ArrayBufferView): void {
    const bytes = ArrayBuffer.isView(piece)
      ? new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength)
      : new Uint8Array(piece);
    this.#pieces.push(bytes);
  }

  take(): Uint8Array {
    const all = new Uint8Array(this.#pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    return all;
  }
}

function writerOf(
  table: TableName,
  sink: ByteSink,
  { batchRows = BATCH_ROWS }: ArrowOptions = {},
  open: (batches: ArrowBatches) => RecordBatchStreamWriter | RecordBatchFileWriter,
): TableWriter {
  const rows = new RowBuffer(table);
  const batches = new ArrowBatches(rows);
  const out = open(batches);
  const pieces = new Pieces();
  out.reset(pieces, batches.schema);
  return {
    write(block: Block): void | Promise<void> {
      expectTable(block, table);
      rows.append(block);
      if (rows.length < batchRows && rows.newText < TEXT_MAX) return;
      out.write(batches.take());
      return sink.write(pieces.take());
    },
    end(): void | Promise<void> {
      if (rows.length) out.write(batches.take());
      out.finish();
      return sink.write(pieces.take());
    },
  };
}
