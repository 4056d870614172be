// Arrow record batches from collected rows: the columns' buffers as they are, texts by one dictionary for each column.
import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampNanosecond,
  Uint32,
  Utf8,
  Vector,
} from "apache-arrow";

import type { TableName } from "../tables/schema.js";
import { keepsDictionary } from "./collecting.js";
import { type StoredColumn, storedColumns, type TakenColumn, type TakenRows } from "./row-buffer.js";

const encoder = new TextEncoder();

/** A column, and the dictionary of its texts as far as it has been made. */
interface ArrowColumn {
  readonly type: DataType;
  /** A chunk for each batch that had new ones. */
  readonly texts: Data<Utf8>[];
}

/** Makes the record batches of one table. */
export class ArrowBatches {
  readonly schema: Schema;
  readonly #columns: readonly ArrowColumn[];

  constructor(table: TableName) {
    const stored = storedColumns(table);
    this.#columns = stored.map((column, id) => ({ type: typeOf(column, id), texts: [] }));
    this.schema = new Schema(
      stored.map(
        ({ name, optional }, at) => new Field(name, this.#columns[at]?.type ?? new Utf8(), optional),
      ),
      new Map([["table", table]]),
    );
  }

  /** Rows as a batch. A dictionary that has grown has got another chunk. */
  batch({ length, columns }: TakenRows): RecordBatch {
    const children = this.#columns.map((column, at) => {
      const taken = columns[at];
      if (!taken) throw new TypeError(`rows with ${columns.length} columns of ${this.#columns.length}`);
      return dataOf(column, taken, length);
    });
    return new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children }),
    );
  }

  /** The dictionaries of all batches so far, by their numbers in the schema. */
  *dictionaries(): Generator<readonly [id: number, texts: Data<Utf8>]> {
    for (const { type, texts } of this.#columns)
      if (type instanceof Dictionary) yield [type.id, joined(texts)];
  }
}

function typeOf({ name, storage }: StoredColumn, id: number): DataType {
  switch (storage) {
    case "int32":
      return new Int32();
    case "uint32":
      return new Uint32();
    case "int64":
      return new Int64();
    case "timestamp":
      return new TimestampNanosecond("UTC");
    case "boolean":
      return new Bool();
    default:
      return keepsDictionary(name) ? new Dictionary(new Utf8(), new Int32(), id) : new Utf8();
  }
}

function dataOf(
  column: ArrowColumn,
  { values, present, nulls: nullCount, texts }: TakenColumn,
  length: number,
): Data {
  const { type } = column;
  const nullBitmap = nullCount ? bitmap(present, length) : null;
  if (type instanceof Dictionary) {
    if (texts.length > 0 || column.texts.length === 0) column.texts.push(utf8(texts));
    return makeData({
      type: type as Dictionary<Utf8, Int32>,
      length,
      nullCount,
      nullBitmap,
      data: values.subarray(0, length) as Int32Array,
      dictionary: new Vector([...column.texts]),
    });
  }
  if (type instanceof Utf8) {
    const all = Array.from({ length }, (_, i) => (present[i] ? (texts[Number(values[i])] ?? "") : ""));
    return utf8(all, nullBitmap, nullCount);
  }
  const data = type instanceof Bool ? bitmap(values as Uint8Array, length) : values.subarray(0, length);
  return makeData({ type: type as Int32, length, nullCount, nullBitmap, data: data as Int32Array });
}

/** The chunks of a dictionary as one. */
function joined(chunks: readonly Data<Utf8>[]): Data<Utf8> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const valueOffsets = new Int32Array(length + 1);
  const data = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.values.length, 0));
  let [at, bytes] = [0, 0];
  for (const chunk of chunks) {
    data.set(chunk.values, bytes);
    for (let i = 1; i <= chunk.length; i++) valueOffsets[at + i] = bytes + (chunk.valueOffsets[i] ?? 0);
    at += chunk.length;
    bytes += chunk.values.length;
  }
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets, data });
}

function utf8(texts: readonly string[], nullBitmap: Uint8Array | null = null, nullCount = 0): Data<Utf8> {
  const encoded = encoder.encode(texts.join(""));
  const valueOffsets = new Int32Array(texts.length + 1);
  let at = 0;
  texts.forEach((text, i) => {
    at += byteLength(text);
    valueOffsets[i + 1] = at;
  });
  return makeData({
    type: new Utf8(),
    length: texts.length,
    nullCount,
    nullBitmap,
    valueOffsets,
    data: encoded,
  });
}

/** Of a text in UTF-8. */
function byteLength(text: string): number {
  // oxlint-disable-next-line no-control-regex
  return /^[\0-\x7f]*$/.test(text) ? text.length : encoder.encode(text).length;
}

/** Bytes of 0 and 1 as bits, lowest first. */
function bitmap(flags: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) if (flags[i]) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  return bits;
}
