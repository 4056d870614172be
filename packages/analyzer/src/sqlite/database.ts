// The file of a database: made beside its name and renamed when whole, or added to in one transaction.
import { existsSync, openSync, closeSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { createIndexes, RecordingImport, SharedTables } from "./importer.js";
import { APPLICATION_ID, createStatements, SCHEMA_VERSION } from "./schema-sql.js";

/** A database that cannot be used, with what to do. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}

const MAGIC = "SQLite format 3\0";

/** Whether a file is a SQLite database, by its first bytes. */
export function isDatabaseFile(path: string): boolean {
  if (!statSync(path).isFile()) return false;
  const bytes = Buffer.alloc(MAGIC.length);
  const fd = openSync(path, "r");
  try {
    return readSync(fd, bytes, 0, bytes.length, 0) === bytes.length && bytes.toString("latin1") === MAGIC;
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a database made by `import`, for reading.
 * @throws DatabaseError if it is not one, or of another version
 */
export function openDatabase(path: string): Database.Database {
  const db = open(path, { readonly: true, fileMustExist: true });
  try {
    checkVersion(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

function open(path: string, options: Database.Options): Database.Database {
  try {
    return new Database(path, options);
  } catch (error) {
    throw new DatabaseError(`cannot open ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    throw new DatabaseError(`cannot create ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function checkVersion(db: Database.Database, path: string): void {
  let id: unknown;
  let version: unknown;
  try {
    id = db.pragma("application_id", { simple: true });
    version = db.pragma("user_version", { simple: true });
  } catch (error) {
    throw new DatabaseError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  if (id !== APPLICATION_ID)
    throw new DatabaseError(
      `${path} is a database, but not one of skbtracer: make one with skbtracer import`,
    );
  if (version !== SCHEMA_VERSION)
    throw new DatabaseError(
      `${path} has tables of version ${String(version)}, this skbtracer knows version ${SCHEMA_VERSION}: import the recordings again`,
    );
}

/** What became of a recording. */
export type Added = "added" | "already there";

/** A database that recordings are imported into. */
export class ImportTarget {
  readonly #db: Database.Database;
  readonly #path: string;
  /** Where it is written until it is whole; undefined: an existing one is added to. */
  readonly #temporary: string | undefined;
  readonly #shared: SharedTables;
  #isChanged = false;

  /**
   * Makes a new database, or opens an existing one to add to it.
   * @param force an existing file, whatever it is, is replaced when the new one is whole
   * @throws DatabaseError
   */
  constructor(path: string, force: boolean) {
    const exists = existsSync(path);
    if (exists && statSync(path).isDirectory())
      throw new DatabaseError(`${path} is a folder: give a file name`);
    if (exists && !force && !isDatabaseFile(path))
      throw new DatabaseError(
        `${path} exists and is not a database: use another name, or --force to replace it`,
      );
    this.#path = path;
    this.#temporary = exists && !force ? undefined : `${path}.importing-${process.pid}`;
    if (this.#temporary) {
      rmSync(this.#temporary, { force: true });
      // As readable as a recording: for its owner alone.
      closeSync(openNew(this.#temporary));
    }
    this.#db = open(this.#temporary ?? path, {});
    try {
      if (this.#temporary) this.#create();
      else checkVersion(this.#db, path);
      // Events are written before the paths that they refer to: a test checks the result instead.
      this.#db.pragma("foreign_keys = OFF");
      this.#db.exec("BEGIN");
      this.#shared = new SharedTables(this.#db);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Whether a recording is in it. */
  has(recording: string): boolean {
    return this.#db.prepare("SELECT 1 FROM recordings WHERE recording = ?").get(recording) !== undefined;
  }

  /** Begins to add a recording. */
  add(): RecordingImport {
    this.#isChanged = true;
    return new RecordingImport(this.#db, this.#shared);
  }

  /** Makes it whole and gives it its name. One that nothing was added to stays as it is. */
  commit(): void {
    if (this.#temporary || this.#isChanged) createIndexes(this.#db);
    this.#db.exec("COMMIT");
    this.#db.close();
    if (this.#temporary) renameSync(this.#temporary, this.#path);
  }

  /** Leaves everything as it was. */
  abort(): void {
    if (this.#db.inTransaction && !this.#temporary) this.#db.exec("ROLLBACK");
    this.#db.close();
    if (this.#temporary) rmSync(this.#temporary, { force: true });
  }

  /** Nobody reads it before it has its name: no journal is needed to undo a part of it. */
  #create(): void {
    const db = this.#db;
    db.pragma("page_size = 16384");
    db.pragma("journal_mode = OFF");
    db.pragma("synchronous = OFF");
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("cache_size = -131072");
    db.pragma("temp_store = MEMORY");
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
    for (const statement of createStatements()) db.exec(statement);
  }
}
