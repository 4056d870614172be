// The thread that writes a database, while another reads the recording: the two take about the same time.
import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import type { Value } from "../tables/schema.js";
import type { Done, InsertInto, WriterFacts, WriterRequest } from "./writer-messages.js";

/** Parameters of one statement; more gain nothing. */
const PARAMETERS = 1800;

const PRAGMAS_OF_NEW = [
  "journal_mode = OFF",
  "synchronous = OFF",
  "locking_mode = EXCLUSIVE",
  "cache_size = -131072",
  "temp_store = MEMORY",
];

const { path, isNew, atEnd } = workerData as WriterFacts;
const db = new Database(path);
if (isNew) for (const pragma of PRAGMAS_OF_NEW) db.pragma(pragma);
// Events are written before the paths that they refer to: a test checks the result instead.
db.pragma("foreign_keys = OFF");
db.exec("BEGIN");

const statements = new Map<string, Database.Statement>();

function statement({ table, columns }: InsertInto, rows: number): Database.Statement {
  const key = `${rows} ${table}`;
  let prepared = statements.get(key);
  if (!prepared) {
    const row = `(${columns.map(() => "?").join(",")})`;
    const all = Array.from({ length: rows }, () => row).join(",");
    prepared = db.prepare(`INSERT INTO ${table} (${columns.join(",")}) VALUES ${all}`);
    // Of other numbers of rows there are as many as there are ends of batches.
    if (rows === rowsTogether(columns)) statements.set(key, prepared);
  }
  return prepared;
}

function rowsTogether(columns: readonly string[]): number {
  return Math.max(1, Math.floor(PARAMETERS / columns.length));
}

/** Many rows with each statement: a call for each would cost more than the row. */
function insert(into: InsertInto, length: number, valueAt: (i: number) => Value): void {
  const width = into.columns.length;
  const most = rowsTogether(into.columns) * width;
  const parameters: Value[] = [];
  for (let i = 0; i < length; i++) {
    parameters.push(valueAt(i));
    if (parameters.length < most && i < length - 1) continue;
    statement(into, parameters.length / width).run(parameters);
    parameters.length = 0;
  }
}

function handle(request: WriterRequest): void {
  switch (request.kind) {
    case "numbers": {
      const { values } = request;
      insert(request.into, values.length, (i) => {
        const value = values[i] ?? Number.NaN;
        return Number.isNaN(value) ? null : value;
      });
      break;
    }
    case "values": {
      const { values } = request;
      insert(request.into, values.length, (i) => values[i] ?? null);
      break;
    }
    case "commit":
      for (const sql of atEnd) db.exec(sql);
      db.exec("COMMIT");
      db.close();
      break;
    default:
      if (db.inTransaction && !isNew) db.exec("ROLLBACK");
      db.close();
  }
}

let failed = false;

parentPort?.on("message", (request: WriterRequest) => {
  const done: { error?: string } = {};
  try {
    // After an error nothing is written any more.
    if (!failed || request.kind === "rollback") handle(request);
  } catch (error) {
    failed = true;
    done.error = error instanceof Error ? error.message : String(error);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has none
  parentPort?.postMessage(done satisfies Done);
  // A commit that failed is followed by a rollback.
  if (request.kind === "rollback" || (request.kind === "commit" && !failed)) parentPort?.close();
});
