// What the thread that reads a recording tells the one that writes the database, and what it hears from it.
import type { Value } from "../tables/schema.js";

/** Into which table, and which columns, as they stand in SQL. */
export interface InsertInto {
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns in which all rows have the same. */
  readonly same: Readonly<Record<string, number>>;
  /**
   * Rows have no key: it counts on from the last row's. Then the columns are all others of the table, in its order, with
   * `same` in front and the key behind that.
   */
  readonly isNumbered: boolean;
  /** By column, whether its values are texts; none is, if undefined. */
  readonly areTexts?: readonly boolean[];
}

/** To the writer. Each is answered by `Done`, in order. */
export type WriterRequest =
  /** Rows of numbers one after another; NaN: none. In the place of a text stands its number in `texts`. */
  | {
      readonly kind: "numbers";
      readonly into: InsertInto;
      readonly values: Float64Array;
      readonly texts: readonly string[];
    }
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
