// Rows in columns: what importers and exporters take, some thousands of rows at a time.
import { type TableName, TABLES, type Value } from "./schema.js";

/** Integers (or 0 and 1): NaN where a row has none. */
export interface NumberColumn {
  readonly kind: "number";
  /** If given, row `i` has `values[codes[i]]`, or none where the code is negative. */
  readonly codes?: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** 64-bit integers. */
export interface WideColumn {
  readonly kind: "wide";
  readonly values: BigInt64Array;
  /** Whether no row has one. */
  readonly absent: boolean;
}

/** Texts by number: row `i` has `values[codes[i]]`; none where the code is negative. A text may have several numbers. */
export interface TextColumn {
  readonly kind: "text";
  readonly codes: ArrayLike<number>;
  readonly values: readonly (string | null)[];
}

/**
 * The values of one column. Columns with the same array of codes go together: their values are facts of one thing, such
 * as a device. An array of values may grow and come again with later blocks.
 */
export type Column = NumberColumn | WideColumn | TextColumn;

/** Rows of one table; its columns are in the order of the schema. */
export interface Block {
  readonly table: TableName;
  readonly length: number;
  readonly columns: readonly Column[];
  /** Of `events`: numbers, within the recording, of what the packet columns' codes stand for; ascending. */
  readonly packetIds?: readonly number[];
}

/** A number of each thing; NaN where it has none. */
export function numbersOf<T>(things: readonly T[], of: (thing: T) => number | null): Float64Array {
  const numbers = new Float64Array(things.length);
  // Not Float64Array.from, which asks an iterator for each.
  things.forEach((thing, i) => {
    numbers[i] = of(thing) ?? Number.NaN;
  });
  return numbers;
}

/** Value `i` of a column. */
export function valueAt(column: Column, i: number): Value {
  switch (column.kind) {
    case "number": {
      const value = column.values[column.codes ? (column.codes[i] ?? -1) : i] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    }
    case "wide":
      return column.absent ? null : (column.values[i] ?? null);
    default:
      return column.values[column.codes[i] ?? -1] ?? null;
  }
}

/** Row `i` as an object. */
export function rowAt(block: Block, i: number): Record<string, Value> {
  const row: Record<string, Value> = {};
  TABLES[block.table].columns.forEach(({ name }, at) => {
    const column = block.columns[at];
    row[name] = column ? valueAt(column, i) : null;
  });
  return row;
}

/** Rows as objects, put into columns. */
export function blockOf(table: TableName, rows: readonly object[]): Block {
  const columns = TABLES[table].columns.map(({ name, type }): Column => {
    const value = (i: number): Value =>
      (rows[i] as Record<string, Value | undefined> | undefined)?.[name] ?? null;
    if (type === "text") return textColumn(rows.length, value);
    if (type === "wide") return wideColumn(rows.length, value);
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = (value(i) as number | null) ?? Number.NaN;
    return { kind: "number", values };
  });
  return { table, length: rows.length, columns };
}

function textColumn(length: number, value: (i: number) => Value): TextColumn {
  const codes = new Int32Array(length);
  const values: string[] = [];
  const known = new Map<string, number>();
  for (let i = 0; i < length; i++) {
    const text = value(i);
    if (typeof text !== "string") {
      codes[i] = -1;
      continue;
    }
    let code = known.get(text);
    if (code === undefined) {
      code = values.push(text) - 1;
      known.set(text, code);
    }
    codes[i] = code;
  }
  return { kind: "text", codes, values };
}

function wideColumn(length: number, value: (i: number) => Value): WideColumn {
  const values = new BigInt64Array(length);
  let absent = length > 0;
  for (let i = 0; i < length; i++) {
    const wide = value(i);
    if (wide === null) continue;
    values[i] = BigInt(wide);
    absent = false;
  }
  return { kind: "wide", values, absent };
}
