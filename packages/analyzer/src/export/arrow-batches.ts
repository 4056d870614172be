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

import type { ColumnBuffer, RowBuffer, TextDictionary } from "./row-buffer.js";

const encoder = new TextEncoder();

/**
 * Texts that nearly each row has another of. A dictionary would hold them all until the end, and save nothing; the
 * others' grows with what the recording is about: addresses, functions, devices.
 */
const PLAIN_TEXTS = new Set(["skb", "hop_ns", "text", "command_line"]);

/** A column, and the dictionary of its texts as far as it has been made. */
interface ArrowColumn {
  readonly buffer: ColumnBuffer;
  readonly type: DataType;
  readonly chunks: Data<Utf8>[];
  known: number;
}

/** Makes the record batches of one table. */
export class ArrowBatches {
  readonly schema: Schema;
  readonly #rows: RowBuffer;
  readonly #columns: readonly ArrowColumn[];

  constructor(rows: RowBuffer) {
    this.#rows = rows;
    this.#columns = rows.columns.map((buffer, id) => ({
      buffer,
      type: typeOf(buffer, id),
      chunks: [],
      known: 0,
    }));
    this.schema = new Schema(
      this.#columns.map(({ buffer, type }) => new Field(buffer.name, type, buffer.optional)),
      new Map([["table", rows.table]]),
    );
  }

  /** Takes the rows that are held. A dictionary that has grown has got another chunk. */
  take(): RecordBatch {
    const { length } = this.#rows;
    const children = this.#columns.map((column) => dataOf(column, length));
    this.#rows.clear(({ name }) => !PLAIN_TEXTS.has(name));
    return new RecordBatch(
      this.schema,
      makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children }),
    );
  }

  /** The dictionaries of all batches so far, by their numbers in the schema. */
  *dictionaries(): Generator<readonly [id: number, texts: Data<Utf8>]> {
    for (const { type, buffer } of this.#columns)
      if (type instanceof Dictionary) yield [type.id, utf8(buffer.dictionary.texts)];
  }
}

function typeOf({ name, storage }: ColumnBuffer, id: number): DataType {
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
      return PLAIN_TEXTS.has(name) ? new Utf8() : new Dictionary(new Utf8(), new Int32(), id);
  }
}

function dataOf(column: ArrowColumn, length: number): Data {
  const { buffer, type } = column;
  const { nulls: nullCount, dictionary } = buffer;
  const nullBitmap = nullCount ? bitmap(buffer.present, length) : null;
  if (type instanceof Dictionary)
    return makeData({
      type: type as Dictionary<Utf8, Int32>,
      length,
      nullCount,
      nullBitmap,
      data: buffer.values.slice(0, length) as Int32Array,
      dictionary: dictionaryOf(column, dictionary),
    });
  if (type instanceof Utf8) {
    const { values, present } = buffer;
    const text = (i: number): string => (present[i] ? (dictionary.texts[Number(values[i])] ?? "") : "");
    return utf8(
      Array.from({ length }, (_, i) => text(i)),
      nullBitmap,
      nullCount,
    );
  }
  const data =
    type instanceof Bool ? bitmap(buffer.values as Uint8Array, length) : buffer.values.slice(0, length);
  return makeData({ type: type as Int32, length, nullCount, nullBitmap, data: data as Int32Array });
}

/** The chunks made before, and one for the texts that are new. */
function dictionaryOf(column: ArrowColumn, { texts }: TextDictionary): Vector<Utf8> {
  if (texts.length > column.known || column.chunks.length === 0) {
    column.chunks.push(utf8(texts.slice(column.known)));
    column.known = texts.length;
  }
  return new Vector([...column.chunks]);
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
