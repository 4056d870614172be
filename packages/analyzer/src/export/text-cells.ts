// The cells of a block as text, for the formats that are text: each distinct text is rendered once.
import type { Block, Column } from "../tables/block.js";

/** How a format writes a value. */
export interface CellStyle {
  readonly none: string;
  readonly text: (text: string) => string;
  /** Of 0 and 1. */
  readonly boolean: readonly [string, string];
}

/** Distinct texts whose rendering is remembered between blocks. */
const REMEMBERED_MAX = 50_000;

/** Cell `i` of a column. */
type Cell = (i: number) => string;

/** Renders blocks of one table. */
export class TextCells {
  readonly #style: CellStyle;
  readonly #types: readonly string[];
  readonly #remembered = new Map<string, string>();

  constructor(style: CellStyle, columns: readonly { readonly type: string }[]) {
    this.#style = style;
    this.#types = columns.map(({ type }) => type);
  }

  /** A function for each column of the block. */
  of(block: Block): Cell[] {
    return block.columns.map((column, at) => this.#cell(column, this.#types[at] === "boolean"));
  }

  #cell(column: Column, isBoolean: boolean): Cell {
    const { none, boolean } = this.#style;
    if (column.kind === "wide") {
      const { values, absent } = column;
      return (i) => (absent ? none : String(values[i]));
    }
    if (column.kind === "number") {
      const { codes, values } = column;
      return (i) => {
        const value = values[codes ? (codes[i] ?? -1) : i];
        if (value === undefined || Number.isNaN(value)) return none;
        return isBoolean ? boolean[value ? 1 : 0] : integer(value);
      };
    }
    const { codes, values } = column;
    const rendered: (string | undefined)[] = [];
    return (i) => {
      const code = codes[i] ?? -1;
      return code < 0 ? none : (rendered[code] ??= this.#render(values[code] ?? null));
    };
  }

  #render(text: string | null): string {
    if (text === null) return this.#style.none;
    let cell = this.#remembered.get(text);
    if (cell === undefined) {
      if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
      cell = this.#style.text(text);
      this.#remembered.set(text, cell);
    }
    return cell;
  }
}

/** Digits alone: from 10^21 on, a number's own text has an exponent. */
function integer(value: number): string {
  return Math.abs(value) < 1e21 ? `${value}` : String(BigInt(value));
}
