// Rows collected from blocks until there are enough for a row group or a record batch: columns as the binary formats
// store them.
import type { Block, Column, NumberColumn, TextColumn } from "../tables/block.js";
import { type TableName, TABLES } from "../tables/schema.js";
import { type Storage, storageOf } from "./storage.js";
import { expectTable } from "./writer.js";

type Values =
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

type NarrowValues = Exclude<Values, BigInt64Array>;

/** What the binary formats know of a column. */
export interface StoredColumn {
  readonly name: string;
  readonly storage: Storage;
  readonly optional: boolean;
}

/** The columns of a table as the binary formats store them. */
export function storedColumns(table: TableName): StoredColumn[] {
  return TABLES[table].columns.map((definition) => ({
    name: definition.name,
    storage: storageOf(definition),
    optional: definition.optional ?? false,
  }));
}

/** The values of a column's rows. */
export interface TakenColumn {
  /** By storage: Int32Array, Uint32Array, BigInt64Array, Uint8Array of 0 and 1; of text, an Int32Array of codes. */
  readonly values: Values;
  /** 1 where a row has a value. */
  readonly present: Uint8Array<ArrayBuffer>;
  readonly nulls: number;
  /** New texts: their codes count on from those of the texts before, where these are kept. */
  readonly texts: readonly string[];
}

/** Rows that are given away, with their memory; the arrays may be longer. */
export interface TakenRows {
  readonly length: number;
  /** In the order of the table's. */
  readonly columns: readonly TakenColumn[];
}

/** The memory that rows stand in. */
export function rowsMemory({ columns }: TakenRows): ArrayBuffer[] {
  return columns.flatMap(({ values, present }) => [values.buffer, present.buffer]);
}

const FIRST_CAPACITY = 1024;

/** In the place of a text's code: it has not been asked for; there is none. */
const UNKNOWN = -1;
const NO_TEXT = -2;

/** Distinct texts by number. */
export class TextDictionary {
  readonly texts: string[] = [];
  /** Of all texts, in UTF-16 units. */
  size = 0;
  readonly #codes = new Map<string, number>();

  code(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.texts.push(text) - 1;
      this.#codes.set(text, code);
      this.size += text.length;
    }
    return code;
  }
}

/** The values of one column, as they come. */
class ColumnBuffer {
  readonly name: string;
  readonly #table: string;
  readonly #storage: Storage;
  readonly #optional: boolean;
  values: Values;
  present = new Uint8Array(FIRST_CAPACITY);
  nulls = 0;
  dictionary = new TextDictionary();
  /** Texts of the dictionary that were given away before. */
  #oldTexts = 0;

  constructor(table: string, { name, storage, optional }: StoredColumn) {
    this.#table = table;
    this.name = name;
    this.#storage = storage;
    this.#optional = optional;
    this.values = valuesFor(storage, FIRST_CAPACITY);
  }

  /** Gives everything away, and begins again; the texts' codes go on if they are kept. */
  take(keepsDictionary: boolean): TakenColumn {
    const { values, present, nulls, dictionary } = this;
    const texts = dictionary.texts.slice(this.#oldTexts);
    this.values = valuesFor(this.#storage, values.length);
    this.present = new Uint8Array(present.length);
    this.nulls = 0;
    this.#oldTexts = keepsDictionary ? dictionary.texts.length : 0;
    if (!keepsDictionary) this.dictionary = new TextDictionary();
    return { values, present, nulls, texts };
  }

  /**
   * Adds `length` values behind the first `at`.
   * @throws {RangeError} if a value does not fit the column
   */
  append(column: Column, at: number, length: number): void {
    this.#grow(at + length);
    const before = this.nulls;
    if (column.kind === "text") this.#appendText(column, at, length);
    else if (column.kind === "number") this.#appendNumbers(column, at, length);
    else if (!(this.values instanceof BigInt64Array)) throw this.#misfit("64 bits");
    else {
      this.values.set(column.values.subarray(0, length), at);
      this.present.fill(column.absent ? 0 : 1, at, at + length);
      if (column.absent) this.nulls += length;
    }
    if (this.nulls > before && !this.#optional) throw this.#misfit("none");
  }

  #appendText({ codes, values }: TextColumn, at: number, length: number): void {
    const { present, values: target } = this;
    if (this.#storage !== "text") throw this.#misfit("text");
    const known = new Int32Array(values.length).fill(UNKNOWN);
    present.fill(1, at, at + length);
    for (let i = 0; i < length; i++) {
      const from = codes[i] ?? -1;
      let code = from < 0 ? NO_TEXT : (known[from] ?? NO_TEXT);
      if (code === UNKNOWN) {
        code = this.#codeOf(values[from] ?? null);
        known[from] = code;
      }
      if (code === NO_TEXT) {
        present[at + i] = 0;
        this.nulls++;
      } else target[at + i] = code;
    }
  }

  #codeOf(text: string | null): number {
    return text === null ? NO_TEXT : this.dictionary.code(text);
  }

  // Loops over one type of array each: what is compiled for many is many times slower.
  #appendNumbers({ codes, values }: NumberColumn, at: number, length: number): void {
    if (this.#storage === "text") throw this.#misfit("a number");
    const { values: target, present } = this;
    if (!codes && isAsWide(values, target)) {
      (target as Uint32Array).set(values.subarray(0, length), at);
      present.fill(1, at, at + length);
      return;
    }
    const numbers = values instanceof Float64Array ? values : Float64Array.from(values);
    present.fill(1, at, at + length);
    if (target instanceof BigInt64Array) {
      const rows = codes ? pick(numbers, codes, length) : numbers;
      this.#appendWide(rows, new Int32Array(target.buffer), at, length);
    } else if (codes) this.#appendCoded(numbers, codes, target, at, length);
    else this.#appendNarrow(numbers, target, at, length);
  }

  #appendWide(rows: Float64Array, halves: Int32Array, at: number, length: number): void {
    for (let i = 0; i < length; i++) {
      const value = rows[i] ?? Number.NaN;
      if (Number.isSafeInteger(value)) {
        halves[2 * (at + i)] = value;
        halves[2 * (at + i) + 1] = Math.floor(value / 0x1_0000_0000);
      } else if (Number.isNaN(value)) {
        this.present[at + i] = 0;
        this.nulls++;
      } else throw this.#misfit(value);
    }
  }

  /** Converts each of the distinct numbers once. One that does not fit may be there, but no row may have it. */
  #appendCoded(
    numbers: Float64Array,
    codes: ArrayLike<number>,
    target: NarrowValues,
    at: number,
    length: number,
  ): void {
    const { present } = this;
    const narrow = valuesFor(this.#storage, numbers.length) as NarrowValues;
    narrow.set(numbers);
    const fits = new Uint8Array(numbers.length);
    for (let i = 0; i < fits.length; i++) fits[i] = Number(narrow[i] === numbers[i]);
    for (let i = 0; i < length; i++) {
      const from = codes[i] ?? -1;
      if (from >= 0 && fits[from]) {
        target[at + i] = narrow[from] ?? 0;
        continue;
      }
      const value = numbers[from] ?? Number.NaN;
      if (!Number.isNaN(value)) throw this.#misfit(value);
      present[at + i] = 0;
      this.nulls++;
    }
  }

  #appendNarrow(rows: Float64Array, target: NarrowValues, at: number, length: number): void {
    for (let i = 0; i < length; i++) {
      const value = rows[i] ?? Number.NaN;
      target[at + i] = value;
      if (target[at + i] === value) continue;
      if (!Number.isNaN(value)) throw this.#misfit(value);
      this.present[at + i] = 0;
      this.nulls++;
    }
  }

  #grow(length: number): void {
    if (length <= this.present.length) return;
    const capacity = Math.max(length, 2 * this.present.length);
    const values = valuesFor(this.#storage, capacity);
    (values as Int32Array).set(this.values as Int32Array);
    const present = new Uint8Array(capacity);
    present.set(this.present);
    this.values = values;
    this.present = present;
  }

  #misfit(value: number | string): RangeError {
    const nature = this.#optional ? this.#storage : `${this.#storage}, always there`;
    return new RangeError(`${this.#table}.${this.name}: ${value} where the column is ${nature}`);
  }
}

/** The rows of one table that wait to be written. */
export class RowBuffer {
  readonly table: TableName;
  readonly #columns: readonly ColumnBuffer[];
  length = 0;
  #oldText = 0;

  constructor(table: TableName) {
    this.table = table;
    this.#columns = storedColumns(table).map((column) => new ColumnBuffer(table, column));
  }

  /** Copies the rows of a block. */
  append(block: Block): void {
    expectTable(block, this.table);
    this.#columns.forEach((buffer, at) => {
      const column = block.columns[at];
      if (!column) throw new TypeError(`a block of ${this.table} lacks the column ${buffer.name}`);
      buffer.append(column, this.length, block.length);
    });
    this.length += block.length;
  }

  /** Text that has come since `take` and was not known, in UTF-16 units. */
  get newText(): number {
    return this.#text() - this.#oldText;
  }

  /** Gives the rows away, and with them the texts that are not to be numbered on. */
  take(keepsDictionary: (column: string) => boolean): TakenRows {
    const { length } = this;
    const columns = this.#columns.map((column) => column.take(keepsDictionary(column.name)));
    this.length = 0;
    this.#oldText = this.#text();
    return { length, columns };
  }

  #text(): number {
    return this.#columns.reduce((sum, { dictionary }) => sum + dictionary.size, 0);
  }
}

/** Whether all that stands in one array fits another, as it is. */
function isAsWide(
  values: ArrayLike<number>,
  target: Values,
): values is Uint8Array | Uint16Array | Uint32Array {
  if (target instanceof BigInt64Array || target instanceof Uint8Array) return false;
  if (values instanceof Uint8Array || values instanceof Uint16Array) return true;
  return values instanceof Uint32Array && target instanceof Uint32Array;
}

/** `values[codes[i]]` for each row; NaN where the code is negative. */
function pick(values: Float64Array, codes: ArrayLike<number>, length: number): Float64Array {
  const rows = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const from = codes[i] ?? -1;
    rows[i] = from < 0 ? Number.NaN : (values[from] ?? Number.NaN);
  }
  return rows;
}

function valuesFor(storage: Storage, capacity: number): Values {
  switch (storage) {
    case "int64":
    case "timestamp":
      return new BigInt64Array(capacity);
    case "uint32":
      return new Uint32Array(capacity);
    case "boolean":
      return new Uint8Array(capacity);
    default:
      return new Int32Array(capacity);
  }
}
