// Arrow IPC: the streaming format, for pipes, and the file format.
// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
import { AsyncByteQueue, RecordBatchFileWriter, RecordBatchStreamWriter } from "apache-arrow";

import type { TableName } from "../tables/schema.js";
import { ArrowBatches } from "./arrow-batches.js";
import { COLLECTING } from "./collecting.js";
import { collectingWriter } from "./collecting-writer.js";
import type { Encoder } from "./encoder.js";
import type { ByteSink, TableWriter } from "./writer.js";

/** How batches are made. */
export interface ArrowOptions {
  /** Rows after which a record batch is written. */
  readonly batchRows?: number;
}

/**
 * Writes a table as an Arrow stream. A dictionary comes before the first batch that needs it; what later batches add to
 * it comes as a delta.
 */
export function arrowStreamWriter(table: TableName, sink: ByteSink, options?: ArrowOptions): TableWriter {
  return writerOf(table, sink, "stream", options);
}

/**
 * Writes a table as an Arrow file. Each dictionary stands once, behind the batches, where the file's footer says: so
 * none is repeated or continued, which many readers of files do not know.
 */
export function arrowFileWriter(table: TableName, sink: ByteSink, options?: ArrowOptions): TableWriter {
  return writerOf(table, sink, "file", options);
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

  take(): Uint8Array<ArrayBuffer> {
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
  layout: "file" | "stream",
  { batchRows = COLLECTING.arrow.rows }: ArrowOptions = {},
): TableWriter {
  return collectingWriter(table, sink, arrowEncoder(table, layout), { ...COLLECTING.arrow, rows: batchRows });
}

/** Encodes the rows that it is given as a record batch each. */
export function arrowEncoder(table: TableName, layout: "file" | "stream"): Encoder {
  const batches = new ArrowBatches(table);
  const out = layout === "file" ? new DictionariesLastWriter(batches) : new RecordBatchStreamWriter();
  const pieces = new Pieces();
  out.reset(pieces, batches.schema);
  return {
    encode(rows) {
      out.write(batches.batch(rows));
      return pieces.take();
    },
    end() {
      out.finish();
      return pieces.take();
    },
  };
}
