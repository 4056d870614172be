// Writes recordings into a database: many rows an insert, one transaction, indexes at the end.
import type Database from "better-sqlite3";
import type { FinishedPath } from "../reconstruct/reconstruction.js";
import { type Block, rowAt } from "../tables/block.js";
import type { DropRow, TraversalRow } from "../tables/rows.js";
import { TABLES, type Value } from "../tables/schema.js";
import { EventInsert } from "./event-insert.js";
import {
  CAUSE_COLUMNS,
  COUNTED,
  type Counted,
  COURSE_COLUMNS,
  DEVICE_COLUMNS,
  PASS_COLUMNS,
  quoted,
} from "./schema-sql.js";
import { SharedRows } from "./shared-rows.js";
import { NumberRows, ValueRows, type Writer } from "./writer.js";

/** Numbers of a recording's rows begin behind those of the recordings before it. */
export type Offsets = Readonly<Record<Counted, number>>;

const KEYS: Readonly<Record<Counted, readonly [table: string, key: string]>> = {
  event: ["events_data", "event"],
  path: ["paths_data", "path"],
  drop: ["drops_data", '"drop"'],
  traversal: ["traversals_data", "traversal"],
  packet: ["packets", "id"],
};

/** What is known of a database that is added to: what rows of all recordings refer to, and the last numbers used. */
export class SharedTables {
  readonly texts: SharedRows;
  readonly devices: SharedRows;
  readonly courses: SharedRows;
  readonly causes: SharedRows;
  readonly passes: SharedRows;
  /** UUIDs of the recordings in it. */
  readonly recordings: Set<string>;
  /** Last numbers. */
  readonly last: Record<Counted, number>;

  constructor(db: Database.Database) {
    this.texts = new SharedRows(db, "texts", ["text"]);
    this.devices = new SharedRows(db, "devices", DEVICE_COLUMNS);
    this.courses = new SharedRows(db, "courses", COURSE_COLUMNS);
    this.causes = new SharedRows(db, "drop_causes", CAUSE_COLUMNS);
    this.passes = new SharedRows(db, "passes", PASS_COLUMNS);
    this.recordings = new Set(db.prepare("SELECT recording FROM recordings").pluck().all() as string[]);
    const last = COUNTED.map((counted) => {
      const [table, key] = KEYS[counted];
      return [counted, Number(db.prepare(`SELECT coalesce(max(${key}), 0) FROM ${table}`).pluck().get())];
    });
    this.last = Object.fromEntries(last) as Record<Counted, number>;
  }

  writeTo(writer: Writer): void {
    for (const rows of this.#all()) rows.writeTo(writer);
  }

  flush(): void {
    for (const rows of this.#all()) rows.flush();
  }

  #all(): SharedRows[] {
    return [this.texts, this.devices, this.courses, this.causes, this.passes];
  }
}

/** Writes the rows of one recording. */
export class RecordingImport {
  readonly #writer: Writer;
  readonly #recording: number;
  readonly #offsets: Offsets;
  readonly #shared: SharedTables;
  readonly #events: EventInsert;
  readonly #paths: NumberRows;
  readonly #drops: NumberRows;
  readonly #traversals: NumberRows;

  constructor(writer: Writer, shared: SharedTables, recording: number) {
    this.#writer = writer;
    this.#shared = shared;
    this.#recording = recording;
    this.#offsets = { ...shared.last };
    this.#events = new EventInsert(writer, { recording, offsets: this.#offsets, shared });
    const path = [
      "recording",
      "path",
      "parent",
      "course",
      "skb_high",
      "skb_low",
      "time_ns",
      "last_ns",
      "events",
      "pid",
      "len",
    ];
    this.#paths = new NumberRows(writer, "paths_data", [...path, "packet", "last_packet"]);
    this.#drops = new NumberRows(writer, "drops_data", ["recording", '"drop"', "event", "cause"]);
    const traversal = ["recording", "traversal", "event", "pass", "duration_ns"];
    this.#traversals = new NumberRows(writer, "traversals_data", traversal);
  }

  /** Waits until the database is not far behind. To be called now and then. */
  async caughtUp(): Promise<void> {
    await this.#writer.caughtUp();
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
      rows.value(this.#used("path", path.path));
      rows.value(path.parent === null ? Number.NaN : path.parent + pathOffset);
      rows.value(this.#shared.courses.id(valuesOf(path, COURSE_COLUMNS)));
      rows.value(Number.parseInt(path.skb.slice(2, -8), 16));
      rows.value(Number.parseInt(path.skb.slice(-8), 16));
      rows.value(path.time_ns);
      rows.value(path.last_ns);
      rows.value(path.events);
      rows.value(path.pid);
      rows.value(path.len);
      rows.value(packetId === undefined ? Number.NaN : packetId + packetOffset);
      rows.value(lastPacketId === undefined ? Number.NaN : lastPacketId + packetOffset);
      rows.rowDone();
    }
  }

  /** The number in the database of what has this one in the recording. */
  #used(counted: Counted, number: number): number {
    const used = number + this.#offsets[counted];
    const { last } = this.#shared;
    if (used > last[counted]) last[counted] = used;
    return used;
  }

  /** Rows of `drops`. */
  drops(drops: readonly DropRow[]): void {
    const rows = this.#drops;
    for (const row of drops) {
      rows.value(this.#recording);
      rows.value(this.#used("drop", row.drop));
      rows.value(row.event + this.#offsets.event);
      rows.value(this.#shared.causes.id(valuesOf(row, CAUSE_COLUMNS)));
      rows.rowDone();
    }
  }

  /** Rows of `traversals`. */
  traversals(traversals: readonly TraversalRow[]): void {
    const rows = this.#traversals;
    for (const row of traversals) {
      rows.value(this.#recording);
      rows.value(this.#used("traversal", row.traversal));
      rows.value(row.event + this.#offsets.event);
      rows.value(this.#shared.passes.id(valuesOf(row, PASS_COLUMNS)));
      rows.value(row.duration_ns);
      rows.rowDone();
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
    const rows = new ValueRows(this.#writer, name, [...Object.keys(own), ...stored].map(quoted));
    for (let i = 0; i < block.length; i++)
      rows.add([...Object.values(own), ...valuesOf(rowAt(block, i), stored)]);
    rows.flush();
  }

  /** The recording is complete. */
  end(): void {
    this.#events.flush();
    for (const rows of [this.#paths, this.#drops, this.#traversals]) rows.flush();
    this.#shared.flush();
    this.#shared.last.event = Math.max(this.#shared.last.event, this.#events.lastEvent);
    this.#shared.last.packet = Math.max(this.#shared.last.packet, this.#events.lastPacket);
  }
}

function valuesOf(row: object, columns: readonly string[]): Value[] {
  const values: Value[] = [];
  for (const name of columns) values.push((row as Readonly<Record<string, Value | undefined>>)[name] ?? null);
  return values;
}
