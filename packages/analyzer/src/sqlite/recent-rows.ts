// Most rows have what they share in common with one of the last few before them: comparing takes less time than making
// a key of all their values.
import type { Value } from "../tables/schema.js";
import type { SharedRows } from "./shared-rows.js";

type Row = Readonly<Record<string, Value | undefined>>;

/** So many are compared. */
const RECENT_MAX = 16;

/** Finds the rows of a shared table that rows of a recording refer to. */
export class RecentRows {
  readonly #shared: SharedRows;
  readonly #columns: readonly string[];
  /** In a ring: the one that is overwritten next is the oldest. */
  readonly #recent: { readonly values: readonly Value[]; readonly id: number }[] = [];
  #next = 0;

  /** @param columns of rows, that are the shared table's */
  constructor(shared: SharedRows, columns: readonly string[]) {
    this.#shared = shared;
    this.#columns = columns;
  }

  /** The number of the shared row that says what this one does. */
  id(row: object): number {
    for (const { values, id } of this.#recent) if (this.#saysSame(row as Row, values)) return id;
    const values = this.#columns.map((name) => (row as Row)[name] ?? null);
    const id = this.#shared.id(values);
    this.#recent[this.#next] = { values, id };
    this.#next = (this.#next + 1) % RECENT_MAX;
    return id;
  }

  #saysSame(row: Row, values: readonly Value[]): boolean {
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) if ((row[columns[i] ?? ""] ?? null) !== values[i]) return false;
    return true;
  }
}
