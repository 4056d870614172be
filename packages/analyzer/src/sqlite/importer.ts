// Writes recordings into a database: many rows an insert, one transaction, indexes at the end.
import type Database from "better-sqlite3";
import type { FinishedPath } from "../reconstruct/reconstruction.js";
import { type Block, rowAt } from "../tables/block.js";
import type { DropRow, TraversalRow } from "../tables/rows.js";
import { TABLES, type Value } from "../tables/schema.js";
import { BulkInsert } from "./bulk-insert.js";
import { EventInsert } from "./event-insert.js";
import {
  CAUSE_COLUMNS,
  COUNTED,
  type Counted,
  COURSE_COLUMNS,
  CREATE_INDEXES,
  DEVICE_COLUMNS,
  PASS_COLUMNS,
  quoted,
} from "./schema-sql.js";
import { SharedRows } from "./shared-rows.js";

/** Numbers of a recording's rows begin behind those of the recordings before it. */
export type Offsets = Readonly<Record<Counted, number>>;

/** What rows of all recordings refer to. */
export class SharedTables {
  readonly texts: SharedRows;
  readonly devices: SharedRows;
  readonly courses: SharedRows;
  readonly causes: SharedRows;
  readonly passes: SharedRows;

  constructor(db: Database.Database) {
    this.texts = new SharedRows(db, "texts", ["text"]);
    this.devices = new SharedRows(db, "devices", DEVICE_COLUMNS);
    this.courses = new SharedRows(db, "courses", COURSE_COLUMNS);
    this.causes = new SharedRows(db, "drop_causes", CAUSE_COLUMNS);
    this.passes = new SharedRows(db, "passes", PASS_COLUMNS);
  }

  flush(): void {
    for (const rows of [this.texts, this.devices, this.courses, this.causes, this.passes]) rows.flush();
  }
}

const KEYS: Readonly<Record<Counted, readonly [table: string, key: string]>> = {
  event: ["events_data", "event"],
  path: ["paths_data", "path"],
  drop: ["drops_data", '"drop"'],
  traversal: ["traversals_data", "traversal"],
  packet: ["packets", "id"],
};

/** Writes the rows of one recording. */
export class RecordingImport {
  readonly #db: Database.Database;
  readonly #recording: number;
  readonly #offsets: Offsets;
  readonly #shared: SharedTables;
  readonly #events: EventInsert;
  readonly #paths: BulkInsert;
  readonly #drops: BulkInsert;
  readonly #traversals: BulkInsert;

  constructor(db: Database.Database, shared: SharedTables) {
    this.#db = db;
    this.#shared = shared;
    const last = (table: string, key: string): number =>
      Number(db.prepare(`SELECT coalesce(max(${key}), 0) FROM ${table}`).pluck().get());
    this.#recording = last("recordings", "id") + 1;
    const offsets = COUNTED.map((counted) => [counted, last(...KEYS[counted])] as const);
    this.#offsets = Object.fromEntries(offsets) as Record<Counted, number>;
    this.#events = new EventInsert(db, { recording: this.#recording, offsets: this.#offsets, shared });
    const path = [
      "recording",
      "path",
      "parent",
      "course",
      "skb",
      "time_ns",
      "last_ns",
      "events",
      "pid",
      "len",
    ];
    this.#paths = new BulkInsert(db, "paths_data", [...path, "packet", "last_packet"]);
    this.#drops = new BulkInsert(db, "drops_data", ["recording", '"drop"', "event", "cause"]);
    const traversal = ["recording", "traversal", "event", "pass", "duration_ns"];
    this.#traversals = new BulkInsert(db, "traversals_data", traversal);
  }

  /** Rows of `events`. */
  events(block: Block): void {
    this.#events.add(block);
  }

  /** Rows of `paths`. */
  paths(paths: readonly FinishedPath[]): void {
    const rows = this.#paths;
    const { path: pathOffset, packet: packetOffset } = this.#offsets;
    for (const { path, packetId, lastPacketId } of paths) {
      rows.value(this.#recording);
      rows.value(path.path + pathOffset);
      rows.value(path.parent === null ? null : path.parent + pathOffset);
      rows.value(this.#shared.courses.id(valuesOf(path, COURSE_COLUMNS)));
      rows.value(signed(path.skb));
      rows.value(path.time_ns);
      rows.value(path.last_ns);
      rows.value(path.events);
      rows.value(path.pid);
      rows.value(path.len);
      rows.value(packetId === undefined ? null : packetId + packetOffset);
      rows.value(lastPacketId === undefined ? null : lastPacketId + packetOffset);
      rows.rowDone();
    }
  }

  /** Rows of `drops`. */
  drops(drops: readonly DropRow[]): void {
    const { drop, event } = this.#offsets;
    for (const row of drops) {
      const cause = this.#shared.causes.id(valuesOf(row, CAUSE_COLUMNS));
      this.#drops.add([this.#recording, row.drop + drop, row.event + event, cause]);
    }
  }

  /** Rows of `traversals`. */
  traversals(traversals: readonly TraversalRow[]): void {
    const { traversal, event } = this.#offsets;
    for (const row of traversals) {
      const pass = this.#shared.passes.id(valuesOf(row, PASS_COLUMNS));
      const numbers = [this.#recording, row.traversal + traversal, row.event + event, pass];
      this.#traversals.add([...numbers, row.duration_ns]);
    }
  }

  /** Rows of one of the other tables. */
  block(block: Block): void {
    if (block.length === 0) return;
    const { table } = block;
    const columns = TABLES[table].columns.map(({ name }) => name);
    const own: Record<string, Value> =
      table === "meta"
        ? {
            id: this.#recording,
            ...Object.fromEntries(COUNTED.map((one) => [`${one}_offset`, this.#offsets[one]])),
          }
        : { recording: this.#recording };
    const stored = columns.filter((name) => table === "meta" || name !== "recording");
    const name = table === "meta" ? "recordings" : `${table}_data`;
    const bulk = new BulkInsert(this.#db, name, [...Object.keys(own), ...stored].map(quoted));
    for (let i = 0; i < block.length; i++)
      bulk.add([...Object.values(own), ...valuesOf(rowAt(block, i), stored)]);
    bulk.flush();
  }

  /** Writes what is held. */
  flush(): void {
    this.#events.flush();
    for (const bulk of [this.#paths, this.#drops, this.#traversals]) bulk.flush();
    this.#shared.flush();
  }
}

function valuesOf(row: object, columns: readonly string[]): Value[] {
  const values: Value[] = [];
  for (const name of columns) values.push((row as Readonly<Record<string, Value | undefined>>)[name] ?? null);
  return values;
}

/** An address in hexadecimal as SQLite stores 64 bits. Most kernels' addresses are less than 2^53 below 2^64. */
function signed(address: string): number | bigint {
  const high = Number.parseInt(address.slice(2, -8), 16);
  if (high < 0xffe0_0000) return BigInt.asIntN(64, BigInt(address));
  return (high - 0x1_0000_0000) * 0x1_0000_0000 + Number.parseInt(address.slice(-8), 16);
}

/** After the last recording. */
export function createIndexes(db: Database.Database): void {
  for (const statement of CREATE_INDEXES) db.exec(statement);
  db.exec("PRAGMA analysis_limit = 1000; ANALYZE");
}
