// The file of a database: made beside its name and renamed when whole, or added to in one transaction.
import { existsSync, openSync, closeSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { fileProblem } from "@skbtracer/format";
import type Database from "better-sqlite3";
import { RecordingImport, SharedTables } from "./importer.js";
import { APPLICATION_ID, CREATE_INDEXES, createStatements, SCHEMA_VERSION } from "./schema-sql.js";
import { connect } from "./keep-alive.js";
import { startWriter, type Writer } from "./writer.js";

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
    return connect(path, options);
  } catch (error) {
    throw new DatabaseError(`cannot open ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes an empty file, as readable as a recording: for its owner alone. @param name what it is called when it is whole */
function makeEmpty(path: string, name: string): void {
  try {
    rmSync(path, { force: true });
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    throw new DatabaseError(`cannot create ${name}: ${fileProblem(error)}`, { cause: error });
  }
}

function checkVersion(db: Database.Database, path: string): void {
  let id: unknown;
  let version: unknown;
  try {
    id = db.prepare("PRAGMA application_id").pluck().get();
    version = db.prepare("PRAGMA user_version").pluck().get();
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

/** A database that recordings are imported into. Rows are written by a thread of its own, where threads work. */
export class ImportTarget {
  /** Where it is written until it is whole; undefined: an existing one is added to. */
  readonly temporary: string | undefined;
  readonly #path: string;
  readonly #shared: SharedTables;
  readonly #writer: Writer;
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
    this.temporary = exists && !force ? undefined : `${path}.importing-${process.pid}`;
    const written = this.temporary ?? path;
    if (this.temporary !== undefined) makeEmpty(this.temporary, path);
    try {
      this.#shared = this.temporary === undefined ? inspect(path) : create(this.temporary, path);
      const atEnd = [...CREATE_INDEXES, "PRAGMA analysis_limit = 1000; ANALYZE"];
      this.#writer = startWriter({ path: written, isNew: this.temporary !== undefined, atEnd });
      this.#shared.writeTo(this.#writer);
    } catch (error) {
      if (this.temporary) rmSync(this.temporary, { force: true });
      throw error;
    }
  }

  /** Whether a recording is in it. */
  has(recording: string): boolean {
    return this.#shared.recordings.has(recording);
  }

  /** Begins to add a recording. */
  add(recording: string): RecordingImport {
    this.#isChanged = true;
    const { recordings } = this.#shared;
    recordings.add(recording);
    return new RecordingImport(this.#writer, this.#shared, recordings.size);
  }

  /**
   * Makes it whole and gives it its name. One that nothing was added to stays as it is.
   * @throws DatabaseError if something could not be written: then `abort`
   */
  async commit(): Promise<void> {
    this.#check();
    await this.#writer.end(this.temporary !== undefined || this.#isChanged ? "commit" : "rollback");
    this.#check();
    if (this.temporary) renameSync(this.temporary, this.#path);
  }

  /** Leaves everything as it was. */
  async abort(): Promise<void> {
    await this.#writer.end("rollback");
    if (this.temporary) rmSync(this.temporary, { force: true });
  }

  #check(): void {
    const { error } = this.#writer;
    if (error !== undefined) throw new DatabaseError(`cannot write ${this.#path}: ${error}`);
  }
}

function inspect(path: string): SharedTables {
  const db = open(path, { fileMustExist: true });
  try {
    checkVersion(db, path);
    return new SharedTables(db);
  } finally {
    db.close();
  }
}

/** Makes the tables in an empty file. @param name what it is called when it is whole */
function create(path: string, name: string): SharedTables {
  const db = open(path, {});
  try {
    db.exec("PRAGMA page_size = 16384");
    db.exec("PRAGMA journal_mode = MEMORY");
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    for (const statement of createStatements()) db.exec(statement);
    return new SharedTables(db);
  } catch (error) {
    throw new DatabaseError(`cannot write ${name}: ${(error as Error).message}`, { cause: error });
  } finally {
    db.close();
  }
}
