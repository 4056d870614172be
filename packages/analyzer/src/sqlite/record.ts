// One row as SQLite stores it: a cell of a table's leaf page. https://www.sqlite.org/fileformat2.html#record_format

/** Serial types of integers. */
const NULL = 0;
const INT48 = 5;
const INT64 = 6;
const ZERO = 8;
const ONE = 9;

/** Bytes of a value, by its serial type. */
const SIZES = Uint8Array.of(0, 1, 2, 3, 4, 6, 8, 8, 0, 0);

const LOW_32 = 2 ** 32;

/** The most columns: their types are a byte each, and so is the length of all of them. */
const COLUMNS_MAX = 126;

/** Encodes rows of integers, one after another. */
export class IntegerRecord {
  /** Bytes that the row which `measure` was given takes as a cell. */
  size = 0;
  readonly #types: Uint8Array;
  #payload = 0;

  constructor(columns: number) {
    if (columns > COLUMNS_MAX) throw new RangeError(`${columns} columns, at most ${COLUMNS_MAX}`);
    this.#types = new Uint8Array(columns);
  }

  /**
   * Chooses how the values of a row are stored.
   * @param row integers; NaN: none
   */
  measure(row: Float64Array, rowid: number): void {
    const types = this.#types;
    let payload = 1 + types.length;
    for (let i = 0; i < types.length; i++) {
      const type = typeOf(row[i] ?? Number.NaN);
      types[i] = type;
      payload += SIZES[type] ?? 0;
    }
    this.#payload = payload;
    this.size = varintSize(payload) + varintSize(rowid) + payload;
  }

  /** Writes the row that `measure` was given. */
  write(bytes: Uint8Array, at: number, row: Float64Array, rowid: number): void {
    const types = this.#types;
    let end = putVarint(bytes, at, this.#payload);
    end = putVarint(bytes, end, rowid);
    bytes[end++] = 1 + types.length;
    for (let i = 0; i < types.length; i++) bytes[end++] = types[i] ?? NULL;
    for (let i = 0; i < types.length; i++) {
      const size = SIZES[types[i] ?? NULL] ?? 0;
      if (size > 0) putInteger(bytes, end, row[i] ?? 0, size);
      end += size;
    }
  }
}

function typeOf(value: number): number {
  if (value === 0) return ZERO;
  if (value === 1) return ONE;
  if ((value | 0) === value) {
    if (value >= -0x80 && value < 0x80) return 1;
    if (value >= -0x8000 && value < 0x8000) return 2;
    return value >= -0x80_0000 && value < 0x80_0000 ? 3 : 4;
  }
  if (Number.isNaN(value)) return NULL;
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} where integers are stored`);
  return value >= -(2 ** 47) && value < 2 ** 47 ? INT48 : INT64;
}

/** Big-endian, in two's complement. */
function putInteger(bytes: Uint8Array, at: number, value: number, size: number): void {
  let low = value | 0;
  let end = at + size;
  for (let left = Math.min(size, 4); left > 0; left--) {
    bytes[--end] = low;
    low >>= 8;
  }
  if (size <= 4) return;
  let high = Math.floor(value / LOW_32);
  while (end > at) {
    bytes[--end] = high;
    high >>= 8;
  }
}

/** Bytes of a number from 0 as SQLite's varint: seven bits each, eight in the ninth. */
export function varintSize(value: number): number {
  let size = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) size++;
  return size;
}

/**
 * Writes a varint. Numbers below 2^53 take eight bytes at most: the ninth, of eight bits, is not needed.
 * @returns the offset behind it
 */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  const size = varintSize(value);
  let left = value;
  for (let i = size - 1; i >= 0; i--) {
    bytes[at + i] = (left % 0x80) | (i === size - 1 ? 0 : 0x80);
    left = Math.floor(left / 0x80);
  }
  return at + size;
}
