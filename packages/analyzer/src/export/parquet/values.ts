// The values of a row group's column as Parquet encodes them, with the smallest and the greatest.
import type { StoredColumn, TakenColumn } from "../row-buffer.js";
import { deltaPacked } from "./delta.js";
import { distinctNumbers } from "./distinct.js";
import { bitsFor, hybrid } from "./hybrid.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** A column, and its values in a row group. */
export type ColumnValues = StoredColumn & TakenColumn;

/** Values without nulls, encoded. */
export interface EncodedValues {
  readonly encoding: "PLAIN" | "RLE_DICTIONARY" | "DELTA_BINARY_PACKED";
  readonly bytes: Bytes;
  readonly dictionary?: { readonly bytes: Bytes; readonly count: number };
  readonly min_value?: number | bigint | boolean | string;
  readonly max_value?: number | bigint | boolean | string;
}

const encoder = new TextEncoder();

/** Encodes the first `length` rows of a column. */
export function encodeValues(column: ColumnValues, length: number): EncodedValues {
  const values = withoutNulls(column, length);
  if (values instanceof BigInt64Array) return encodeWide(values);
  if (values instanceof Uint8Array) return encodeBooleans(values);
  if (column.storage === "text") return encodeTexts(values, column.texts);
  return encodeNumbers(values);
}

function withoutNulls({ values, present, nulls }: ColumnValues, length: number): ColumnValues["values"] {
  const all = values.subarray(0, length);
  if (nulls === 0) return all;
  let count = 0;
  for (let i = 0; i < length; i++) if (present[i]) all[count++] = all[i] as never;
  return all.subarray(0, count);
}

function encodeWide(values: BigInt64Array): EncodedValues {
  const packed = deltaPacked(values);
  const encoded: EncodedValues = packed
    ? { encoding: "DELTA_BINARY_PACKED", bytes: packed }
    : { encoding: "PLAIN", bytes: bytesOf(values) };
  if (values.length === 0) return encoded;
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const low = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const isLess = (a: number, b: number): boolean => {
    const high = (halves[2 * a + 1] ?? 0) - (halves[2 * b + 1] ?? 0);
    return high < 0 || (high === 0 && (low[2 * a] ?? 0) < (low[2 * b] ?? 0));
  };
  let min = 0;
  let max = 0;
  for (let i = 1; i < values.length; i++) {
    if (isLess(i, min)) min = i;
    if (isLess(max, i)) max = i;
  }
  return { ...encoded, min_value: values[min] ?? 0n, max_value: values[max] ?? 0n };
}

function encodeNumbers(values: Int32Array | Uint32Array): EncodedValues {
  const few = distinctNumbers(values);
  let min_value = Infinity;
  let max_value = -Infinity;
  for (const value of few?.distinct ?? values) {
    if (value < min_value) min_value = value;
    if (value > max_value) max_value = value;
  }
  const bounds = values.length > 0 && { min_value, max_value };
  if (!few) return { encoding: "PLAIN", bytes: bytesOf(values), ...bounds };
  const { distinct, codes } = few;
  return { ...byDictionary(bytesOf(distinct), distinct.length, codes), ...bounds };
}

function encodeBooleans(values: Uint8Array): EncodedValues {
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  let trues = 0;
  for (let i = 0; i < values.length; i++)
    if (values[i]) {
      trues++;
      bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
    }
  const bounds = values.length > 0 && { min_value: trues === values.length, max_value: trues > 0 };
  return { encoding: "PLAIN", bytes, ...bounds };
}

function encodeTexts(codes: Int32Array | Uint32Array, texts: readonly string[]): EncodedValues {
  const bounds = codes.length > 0 && textBounds(texts);
  if (2 * texts.length <= codes.length)
    return { ...byDictionary(plainTexts(texts), texts.length, codes), ...bounds };
  const all = Array.from(codes, (code) => texts[code] ?? "");
  return { encoding: "PLAIN", bytes: plainTexts(all), ...bounds };
}

function byDictionary(bytes: Bytes, count: number, codes: ArrayLike<number>): EncodedValues {
  const bitWidth = bitsFor(count);
  const runs = hybrid(codes, codes.length, bitWidth);
  const page = new Uint8Array(1 + runs.length);
  page[0] = bitWidth;
  page.set(runs, 1);
  return { encoding: "RLE_DICTIONARY", bytes: page, dictionary: { bytes, count } };
}

/** Each with its length in front. */
function plainTexts(texts: readonly string[]): Bytes {
  let room = 0;
  for (const text of texts) room += 4 + 3 * text.length;
  const bytes = new Uint8Array(room);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    const { written } = encoder.encodeInto(text, bytes.subarray(at + 4));
    view.setUint32(at, written, true);
    at += 4 + written;
  }
  return bytes.subarray(0, at);
}

/** None where the order of UTF-16 is not that of UTF-8: beside surrogates. */
function textBounds(texts: readonly string[]): false | { min_value: string; max_value: string } {
  let [min = ""] = texts;
  let max = min;
  for (const text of texts) {
    if (/[\ud800-\udfff]/.test(text)) return false;
    if (text < min) min = text;
    if (text > max) max = text;
  }
  return { min_value: min, max_value: max };
}

/** As they are in memory: little-endian, as on all that Node runs on. */
function bytesOf(values: Int32Array | Uint32Array | BigInt64Array): Bytes {
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}
