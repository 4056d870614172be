// Rows collected from blocks until there are enough for a row group or a record batch: columns as the binary formats
// store them.
import type { Block, Column, NumberColumn, TextColumn } from "../tables/block.js";
import { type ColumnDefinition, type TableName, TABLES } from "../tables/schema.js";
import { type Storage, storageOf } from "./storage.js";
import { expectTable } from "./writer.js";

type Values = Int32Array | Uint32Array | Uint8Array | BigInt64Array;

const FIRST_CAPACITY = 1024;

/** Most new text to hold, in UTF-16 units: then it is time to write. */
export const TEXT_MAX: number = 32 * 2 ** 20;

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
export class ColumnBuffer {
  readonly name: string;
  readonly storage: Storage;
  readonly optional: boolean;
  /** By storage: Int32Array, Uint32Array, BigInt64Array, Uint8Array of 0 and 1; of text, an Int32Array of codes. */
  values: Values;
  /** 1 where a row has a value. */
  present: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  nulls = 0;
  dictionary: TextDictionary = new TextDictionary();
  readonly #table: string;

  constructor(table: string, definition: ColumnDefinition) {
    this.#table = table;
    this.name = definition.name;
    this.storage = storageOf(definition);
    this.optional = definition.optional ?? false;
    this.values = valuesFor(this.storage, FIRST_CAPACITY);
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
    if (this.nulls > before && !this.optional) throw this.#misfit("none");
  }

  #appendText({ codes, values }: TextColumn, at: number, length: number): void {
    const { present, dictionary, values: target } = this;
    if (this.storage !== "text") throw this.#misfit("text");
    const known = new Int32Array(values.length).fill(-1);
    for (let i = 0; i < length; i++) {
      const from = codes[i] ?? -1;
      const text = from < 0 ? null : (values[from] ?? null);
      if (text === null) {
        present[at + i] = 0;
        this.nulls++;
        continue;
      }
      let code = known[from] ?? -1;
      if (code < 0) {
        code = dictionary.code(text);
        known[from] = code;
      }
      present[at + i] = 1;
      target[at + i] = code;
    }
  }

  #appendNumbers({ codes, values }: NumberColumn, at: number, length: number): void {
    const { present, values: target } = this;
    if (this.storage === "text") throw this.#misfit("a number");
    const halves = target instanceof BigInt64Array ? new Int32Array(target.buffer) : undefined;
    for (let i = 0; i < length; i++) {
      const from = codes ? (codes[i] ?? -1) : i;
      const value = from < 0 ? Number.NaN : (values[from] ?? Number.NaN);
      const to = at + i;
      if (Number.isNaN(value)) {
        present[to] = 0;
        this.nulls++;
        continue;
      }
      present[to] = 1;
      if (halves) {
        if (!Number.isSafeInteger(value)) throw this.#misfit(value);
        halves[2 * to] = value;
        halves[2 * to + 1] = Math.floor(value / 0x1_0000_0000);
      } else {
        target[to] = value;
        if (target[to] !== value) throw this.#misfit(value);
      }
    }
  }

  #grow(length: number): void {
    if (length <= this.present.length) return;
    const capacity = Math.max(length, 2 * this.present.length);
    const values = valuesFor(this.storage, capacity);
    (values as Int32Array).set(this.values as Int32Array);
    const present = new Uint8Array(capacity);
    present.set(this.present);
    this.values = values;
    this.present = present;
  }

  #misfit(value: number | string): RangeError {
    const nature = this.optional ? this.storage : `${this.storage}, always there`;
    return new RangeError(`${this.#table}.${this.name}: ${value} where the column is ${nature}`);
  }
}

/** The rows of one table that wait to be written. */
export class RowBuffer {
  readonly table: TableName;
  readonly columns: readonly ColumnBuffer[];
  length = 0;

  constructor(table: TableName) {
    this.table = table;
    this.columns = TABLES[table].columns.map((definition) => new ColumnBuffer(table, definition));
  }

  /** Copies the rows of a block. */
  append(block: Block): void {
    expectTable(block, this.table);
    this.columns.forEach((buffer, at) => {
      const column = block.columns[at];
      if (!column) throw new TypeError(`a block of ${this.table} lacks the column ${buffer.name}`);
      buffer.append(column, this.length, block.length);
    });
    this.length += block.length;
  }

  /** Text that has come since `clear` and was not known, in UTF-16 units. */
  get newText(): number {
    return this.#text() - this.#oldText;
  }

  /** Forgets the rows, and the dictionaries but those to keep. */
  clear(keepsDictionary: (column: ColumnBuffer) => boolean): void {
    this.length = 0;
    for (const column of this.columns) {
      column.nulls = 0;
      if (!keepsDictionary(column)) column.dictionary = new TextDictionary();
    }
    this.#oldText = this.#text();
  }

  #text(): number {
    return this.columns.reduce((sum, { dictionary }) => sum + dictionary.size, 0);
  }
  #oldText = 0;
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
