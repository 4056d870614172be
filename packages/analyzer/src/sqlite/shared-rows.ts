// Rows that others refer to, such as texts and devices: each is written once, and found again.
import type Database from "better-sqlite3";
import type { Value } from "../tables/schema.js";
import { quoted } from "./schema-sql.js";
import { ValueRows, type Writer } from "./writer.js";

/** The rows of one table, by their values. */
export class SharedRows {
  readonly #ids = new Map<string, number>();
  readonly #table: string;
  readonly #columns: readonly string[];
  #rows: ValueRows | undefined;
  #last = 0;

  /** @param columns beside `id` */
  constructor(db: Database.Database, table: string, columns: readonly string[]) {
    const list = columns.map(quoted);
    const rows = db
      .prepare(`SELECT id, ${list.join(", ")} FROM ${table}`)
      .raw()
      .iterate();
    for (const [id, ...values] of rows as Iterable<[number, ...Value[]]>) {
      this.#ids.set(keyOf(values), id);
      this.#last = Math.max(this.#last, id);
    }
    this.#table = table;
    this.#columns = ["id", ...list];
  }

  /** From here on new rows are written. */
  writeTo(writer: Writer): void {
    this.#rows = new ValueRows(writer, this.#table, this.#columns);
  }

  /** The number of the row with these values. */
  id(values: readonly Value[]): number {
    const key = keyOf(values);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = ++this.#last;
      this.#ids.set(key, id);
      this.#rows?.add([id, ...values]);
    }
    return id;
  }

  flush(): void {
    this.#rows?.flush();
  }
}

function keyOf(values: readonly Value[]): string {
  if (values.length === 1) return String(values[0]);
  let key = "";
  for (const value of values) key += value === null ? "-" : `${String(value).length}:${value}`;
  return key;
}
