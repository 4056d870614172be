// Writes recordings into a database: many rows an insert, one transaction, indexes at the end.
import type Database from "better-sqlite3";
import type { Block } from "../tables/block.js";
import { rowAt } from "../tables/block.js";
import type { TableName, Value } from "../tables/schema.js";
import { baseColumns, baseTable, type Counted, CREATE_INDEXES, quoted } from "./schema-sql.js";
import { BulkInsert } from "./bulk-insert.js";
import { EventInsert } from "./event-insert.js";

/** Numbers of a recording's rows begin behind those of the recordings before it. */
export type Offsets = Readonly<Record<Counted, number>>;

/** Numbers of texts that rows share; those of earlier recordings are found again. */
export class SharedTexts {
  readonly #ids = new Map<string, number>();
  readonly #insert: BulkInsert;
  #last: number;

  constructor(db: Database.Database) {
    const rows = db.prepare("SELECT id, text FROM texts").all() as { id: number; text: string }[];
    for (const { id, text } of rows) this.#ids.set(text, id);
    this.#last = rows.reduce((last, { id }) => Math.max(last, id), 0);
    this.#insert = new BulkInsert(db, "texts", ["id", "text"]);
  }

  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = ++this.#last;
      this.#ids.set(text, id);
      this.#insert.add([id, text]);
    }
    return id;
  }

  flush(): void {
    this.#insert.flush();
  }
}

/** Writes the rows of one recording. `events` come as blocks, others as rows or blocks. */
export class RecordingImport {
  readonly #db: Database.Database;
  readonly #recording: number;
  readonly #offsets: Offsets;
  readonly #texts: SharedTexts;
  readonly #events: EventInsert;
  readonly #inserts = new Map<TableName, (row: Readonly<Record<string, Value>>) => void>();
  readonly #bulk: BulkInsert[] = [];

  constructor(db: Database.Database, texts: SharedTexts) {
    this.#db = db;
    this.#texts = texts;
    const next = (table: string, key: string): number =>
      Number(db.prepare(`SELECT coalesce(max(${key}), 0) AS last FROM ${table}`).pluck().get());
    this.#recording = next("recordings", "id") + 1;
    this.#offsets = {
      event: next("events_data", "event"),
      path: next("paths_data", "path"),
      drop: next("drops_data", '"drop"'),
      traversal: next("traversals_data", "traversal"),
    };
    this.#events = new EventInsert(db, {
      recording: this.#recording,
      offsets: this.#offsets,
      texts,
      lastDevice: next("devices", "id"),
      lastPacket: next("packets", "id"),
    });
  }

  /** Rows of `events`. */
  events(block: Block): void {
    this.#events.add(block);
  }

  /** Rows of another table. */
  rows(table: TableName, rows: readonly object[]): void {
    const insert = this.#insertOf(table);
    for (const row of rows) insert(row as Readonly<Record<string, Value>>);
  }

  /** The same as a block. */
  block(block: Block): void {
    for (let i = 0; i < block.length; i++) this.rows(block.table, [rowAt(block, i)]);
  }

  /** Writes what is held. */
  flush(): void {
    this.#events.flush();
    for (const bulk of this.#bulk) bulk.flush();
    this.#texts.flush();
  }

  #insertOf(table: TableName): (row: Readonly<Record<string, Value>>) => void {
    const known = this.#inserts.get(table);
    if (known) return known;
    const columns = baseColumns(table).filter(({ storage }) => storage !== "derived");
    const own =
      table === "meta"
        ? ["id", "event_offset", "path_offset", "drop_offset", "traversal_offset"]
        : ["recording"];
    const { event, path, drop, traversal } = this.#offsets;
    const ownValues = table === "meta" ? [this.#recording, event, path, drop, traversal] : [this.#recording];
    const bulk = new BulkInsert(this.#db, baseTable(table), [
      ...own,
      ...columns.map(({ column }) => quoted(column.name)),
    ]);
    this.#bulk.push(bulk);
    const insert = (row: Readonly<Record<string, Value>>): void => {
      const values: Value[] = [...ownValues];
      for (const { column, storage, counted } of columns) {
        const value = row[column.name] ?? null;
        if (value === null) values.push(null);
        else if (storage === "text") values.push(this.#texts.id(String(value)));
        else values.push(counted && typeof value === "number" ? value + this.#offsets[counted] : value);
      }
      bulk.add(values);
    };
    this.#inserts.set(table, insert);
    return insert;
  }
}

/** After the last recording. */
export function createIndexes(db: Database.Database): void {
  for (const statement of CREATE_INDEXES) db.exec(statement);
  db.exec("ANALYZE");
}
