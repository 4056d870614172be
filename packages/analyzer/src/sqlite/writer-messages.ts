// What the thread that reads a recording tells the one that writes the database, and what it hears from it.
import type { Value } from "../tables/schema.js";

/** Into which table, and which columns, as they stand in SQL. */
export interface InsertInto {
  readonly table: string;
  readonly columns: readonly string[];
}

/** To the writer. Each is answered by `Done`, in order. */
export type WriterRequest =
  /** Rows of numbers one after another; NaN: none. */
  | { readonly kind: "numbers"; readonly into: InsertInto; readonly values: Float64Array }
  /** Rows of any values one after another. */
  | { readonly kind: "values"; readonly into: InsertInto; readonly values: readonly Value[] }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback" };

/** From the writer. */
export interface Done {
  /** What went wrong, in SQLite's words. */
  readonly error?: string;
}

/** What the writer is started with. */
export interface WriterFacts {
  readonly path: string;
  /** Nobody reads it before it is whole: no journal is needed to undo a part of it. */
  readonly isNew: boolean;
  /** Run before the rows are committed. */
  readonly atEnd: readonly string[];
}
