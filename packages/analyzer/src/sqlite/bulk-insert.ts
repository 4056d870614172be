// Rows into a table, many with each statement: a call for each would cost more than the row.
import type Database from "better-sqlite3";
import type { Value } from "../tables/schema.js";

/** Parameters of one statement; more gain nothing. */
const PARAMETERS = 700;

/** Collects rows and inserts them together. */
export class BulkInsert {
  readonly #db: Database.Database;
  readonly #sql: (rows: number) => string;
  readonly #width: number;
  readonly #rows: number;
  readonly #many: Database.Statement;
  #values: Value[] = [];

  /** @param columns as they stand in SQL */
  constructor(db: Database.Database, table: string, columns: readonly string[]) {
    this.#db = db;
    this.#width = columns.length;
    this.#rows = Math.max(1, Math.floor(PARAMETERS / this.#width));
    const row = `(${columns.map(() => "?").join(",")})`;
    this.#sql = (rows) =>
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${Array.from({ length: rows }, () => row).join(",")}`;
    this.#many = db.prepare(this.#sql(this.#rows));
  }

  /** A row, in the order of the columns. */
  add(row: readonly Value[]): void {
    for (const value of row) this.#values.push(value);
    this.#writeIfFull();
  }

  /** For loops that make no array of each row: `width` values, then `rowDone`. */
  value(value: Value): void {
    this.#values.push(value);
  }

  /** A row is complete. */
  rowDone(): void {
    this.#writeIfFull();
  }

  /** Writes what is held. */
  flush(): void {
    if (this.#values.length === 0) return;
    const rows = this.#values.length / this.#width;
    this.#db.prepare(this.#sql(rows)).run(this.#values);
    this.#values = [];
  }

  #writeIfFull(): void {
    if (this.#values.length < this.#rows * this.#width) return;
    this.#many.run(this.#values);
    this.#values.length = 0;
  }
}
