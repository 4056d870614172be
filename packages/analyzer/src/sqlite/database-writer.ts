// Writes a database as it is told to: in a thread of its own, or where that does not work, in that which reads.
import Database from "better-sqlite3";
import type { Value } from "../tables/schema.js";
import { keepAlive } from "./keep-alive.js";
import type { InsertInto, WriterFacts, WriterRequest } from "./writer-messages.js";

/** Parameters of one statement; more gain nothing. */
const PARAMETERS = 1800;

const PRAGMAS_OF_NEW = [
  "journal_mode = OFF",
  "synchronous = OFF",
  "locking_mode = EXCLUSIVE",
  "cache_size = -131072",
  "temp_store = MEMORY",
];

/** One database, in one transaction. */
export class DatabaseWriter {
  readonly #facts: WriterFacts;
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #error: string | undefined;

  constructor(facts: WriterFacts) {
    this.#facts = facts;
    this.#db = keepAlive(new Database(facts.path));
    if (facts.isNew) for (const pragma of PRAGMAS_OF_NEW) this.#db.exec(`PRAGMA ${pragma}`);
    // Events are written before the paths that they refer to: a test checks the result instead.
    this.#db.exec("PRAGMA foreign_keys = OFF");
    this.#db.exec("BEGIN");
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

  #handle(request: WriterRequest): void {
    const db = this.#db;
    switch (request.kind) {
      case "numbers": {
        const { values } = request;
        this.#insert(request.into, values.length, (i) => {
          const value = values[i] ?? Number.NaN;
          return Number.isNaN(value) ? null : value;
        });
        break;
      }
      case "values": {
        const { values } = request;
        this.#insert(request.into, values.length, (i) => values[i] ?? null);
        break;
      }
      case "commit":
        for (const sql of this.#facts.atEnd) db.exec(sql);
        db.exec("COMMIT");
        db.close();
        break;
      default:
        if (db.inTransaction && !this.#facts.isNew) db.exec("ROLLBACK");
        db.close();
    }
  }

  /** Many rows with each statement: a call for each would cost more than the row. */
  #insert(into: InsertInto, length: number, valueAt: (i: number) => Value): void {
    const width = into.columns.length;
    const most = rowsTogether(into.columns) * width;
    const parameters: Value[] = [];
    for (let i = 0; i < length; i++) {
      parameters.push(valueAt(i));
      if (parameters.length < most && i < length - 1) continue;
      this.#statement(into, parameters.length / width).run(parameters);
      parameters.length = 0;
    }
  }

  #statement({ table, columns }: InsertInto, rows: number): Database.Statement {
    const key = `${rows} ${table}`;
    let prepared = this.#statements.get(key);
    if (!prepared) {
      const row = `(${columns.map(() => "?").join(",")})`;
      const all = Array.from({ length: rows }, () => row).join(",");
      prepared = this.#db.prepare(`INSERT INTO ${table} (${columns.join(",")}) VALUES ${all}`);
      // Of other numbers of rows there are as many as there are ends of batches.
      if (rows === rowsTogether(columns)) this.#statements.set(key, prepared);
    }
    return prepared;
  }
}

function rowsTogether(columns: readonly string[]): number {
  return Math.max(1, Math.floor(PARAMETERS / columns.length));
}
