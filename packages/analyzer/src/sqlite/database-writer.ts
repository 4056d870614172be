// Writes a database as it is told to: in a thread of its own, or where that does not work, in that which reads.
import type Database from "better-sqlite3";
import type { Value } from "../tables/schema.js";
import { connect } from "./keep-alive.js";
import { TablePages } from "./table-pages.js";
import type { InsertInto, WriterFacts, WriterRequest } from "./writer-messages.js";

/** Parameters of one statement; more gain nothing. */
const PARAMETERS = 1800;

/** Rows are appended, and sorted into indexes at the end: neither gains from more memory than this. */
const PRAGMAS_OF_NEW = [
  // Nothing has to be undone in a file that has no name yet. OFF is refused: better-sqlite3 opens databases defensively.
  "journal_mode = MEMORY",
  "synchronous = OFF",
  "locking_mode = EXCLUSIVE",
  "cache_size = -32768",
  "temp_store = FILE",
];

/** One database, in one transaction. */
export class DatabaseWriter {
  readonly #facts: WriterFacts;
  #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  /** Numbered rows of a database that is new, by table. */
  readonly #pages = new Map<string, TablePages>();
  #error: string | undefined;

  constructor(facts: WriterFacts) {
    this.#facts = facts;
    this.#db = this.#open();
  }

  /** Does what is asked; after an error nothing is written any more. Returns the first error, in SQLite's words. */
  handle(request: WriterRequest): string | undefined {
    if (this.#error !== undefined && request.kind !== "rollback") return this.#error;
    try {
      this.#handle(request);
    } catch (error) {
      this.#error ??= error instanceof Error ? error.message : String(error);
    }
    return this.#error;
  }

  #open(): Database.Database {
    const { path, isNew } = this.#facts;
    const db = connect(path);
    if (isNew) for (const pragma of PRAGMAS_OF_NEW) db.exec(`PRAGMA ${pragma}`);
    // Events are written before the paths that they refer to: a test checks the result instead.
    db.exec("PRAGMA foreign_keys = OFF");
    db.exec("BEGIN");
    return db;
  }

  #handle(request: WriterRequest): void {
    switch (request.kind) {
      case "numbers":
        if (request.into.isNumbered && this.#facts.isNew)
          this.#pagesOf(request.into).add([...Object.values(request.into.same), Number.NaN], request.values);
        else this.#insert(request.into, valuesOf(request));
        break;
      case "values":
        this.#insert(request.into, request.values);
        break;
      case "commit":
        if (this.#pages.size > 0) this.#putPages();
        for (const sql of this.#facts.atEnd) this.#db.exec(sql);
        this.#db.exec("COMMIT");
        this.#close();
        break;
      default:
        if (!this.#facts.isNew && this.#db.inTransaction) this.#db.exec("ROLLBACK");
        this.#close();
    }
  }

  #close(): void {
    for (const pages of this.#pages.values()) pages.close();
    this.#pages.clear();
    this.#db.close();
  }

  #pagesOf({ table, columns, same }: InsertInto): TablePages {
    let pages = this.#pages.get(table);
    if (!pages) {
      const stored = this.#db.prepare(`SELECT name, pk FROM pragma_table_info('${table}')`).all() as {
        name: string;
        pk: number;
      }[];
      const given = [...Object.keys(same), undefined, ...columns];
      const isAsStored =
        stored.length === given.length &&
        stored.every(({ name, pk }, i) => (pk ? undefined : name) === given[i]);
      if (!isAsStored) throw new Error(`${table} has other columns than its rows`);
      const pageSize = Number(this.#db.prepare("PRAGMA page_size").pluck().get());
      pages = new TablePages(`${this.#facts.path}.rows`, stored.length, pageSize);
      this.#pages.set(table, pages);
    }
    return pages;
  }

  /** SQLite has to have let go of the database meanwhile. */
  #putPages(): void {
    const root = this.#db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").pluck();
    const roots = [...this.#pages].map(([table, pages]) => [pages, Number(root.get(table))] as const);
    this.#statements.clear();
    this.#db.exec("COMMIT");
    this.#db.close();
    for (const [pages, page] of roots) pages.putInto(this.#facts.path, page);
    this.#db = this.#open();
  }

  /** Many rows with each statement: a call for each would cost more than the row. */
  #insert(into: InsertInto, values: readonly Value[]): void {
    const most = insertValues(into.columns.length);
    for (let at = 0; at < values.length; at += most) {
      const some = values.slice(at, at + most);
      this.#statement(into, some.length / into.columns.length).run(some);
    }
  }

  #statement({ table, columns, same }: InsertInto, rows: number): Database.Statement {
    const names = [...Object.keys(same), ...columns].join(",");
    const key = `${rows} ${table} ${Object.values(same).join(",")}`;
    let prepared = this.#statements.get(key);
    if (!prepared) {
      const row = `(${[...Object.values(same), ...columns.map(() => "?")].join(",")})`;
      const all = Array.from({ length: rows }, () => row).join(",");
      prepared = this.#db.prepare(`INSERT INTO ${table} (${names}) VALUES ${all}`);
      // Of other numbers of rows there are as many as there are ends of batches.
      if (rows * columns.length === insertValues(columns.length)) this.#statements.set(key, prepared);
    }
    return prepared;
  }
}

/** NaN stands for none. */
function valuesOf({
  into: { columns, areTexts },
  values: numbers,
  texts,
}: Extract<WriterRequest, { kind: "numbers" }>): Value[] {
  const values: Value[] = [];
  // Not Array.from, which asks an iterator for each.
  for (let at = 0; at < numbers.length; at += columns.length)
    for (let i = 0; i < columns.length; i++) {
      const number = numbers[at + i] ?? Number.NaN;
      values.push(Number.isNaN(number) ? null : areTexts?.[i] ? (texts[number] ?? null) : number);
    }
  return values;
}

/** How many values are inserted at a time into so many columns. */
export function insertValues(columns: number): number {
  return Math.max(1, Math.floor(PARAMETERS / columns)) * columns;
}
