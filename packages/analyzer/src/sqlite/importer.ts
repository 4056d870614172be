// Writes recordings into a database: many rows an insert, one transaction, indexes at the end.
import type Database from "better-sqlite3";
import { COURSE_COLUMNS, type FollowedPath } from "../reconstruct/followed-path.js";
import type { Life } from "../reconstruct/life.js";
import { natOf } from "../reconstruct/nat.js";
import { type Block, rowAt } from "../tables/block.js";
import type { DropRow, TraversalRow } from "../tables/rows.js";
import { TABLES, type Value } from "../tables/schema.js";
import { EventInsert } from "./event-insert.js";
import {
  CAUSE_COLUMNS,
  COUNTED,
  type Counted,
  PASS_COLUMNS,
  quoted,
  SITE_COLUMNS,
  TRANSLATION_COLUMNS,
} from "./schema-sql.js";
import { RecentRows } from "./recent-rows.js";
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
  readonly sites: SharedRows;
  readonly courses: SharedRows;
  readonly translations: SharedRows;
  readonly causes: SharedRows;
  readonly passes: SharedRows;
  /** UUIDs of the recordings in it. */
  readonly recordings: Set<string>;
  /** Last numbers. */
  readonly last: Record<Counted, number>;

  constructor(db: Database.Database) {
    this.sites = new SharedRows(db, "sites", SITE_COLUMNS);
    this.courses = new SharedRows(db, "courses", COURSE_COLUMNS);
    this.translations = new SharedRows(db, "translations", TRANSLATION_COLUMNS);
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
    return [this.sites, this.courses, this.translations, this.causes, this.passes];
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
  readonly #causes: RecentRows;
  readonly #passes: RecentRows;
  /** Numbers of this recording's courses in the database. */
  readonly #courses = new Map<string, number>();
  /** The last path of each way, and the number of its course: the next one's is likely the same. */
  readonly #lastOfWay = new Map<number, { readonly path: FollowedPath; readonly course: number }>();

  constructor(writer: Writer, shared: SharedTables, recording: number) {
    this.#writer = writer;
    this.#shared = shared;
    this.#recording = recording;
    this.#causes = new RecentRows(shared.causes, CAUSE_COLUMNS);
    this.#passes = new RecentRows(shared.passes, PASS_COLUMNS);
    this.#offsets = { ...shared.last };
    const same = { recording };
    this.#events = new EventInsert(writer, { recording, offsets: this.#offsets, shared });
    const path = [
      "path",
      "parent",
      "family",
      "merged_into",
      "course",
      "translation",
      "skb_high",
      "skb_low",
      "time_ns",
      "last_ns",
      "events",
      "pid",
      "len",
    ];
    this.#paths = new NumberRows(writer, "paths_data", [...path, "packet", "last_packet"], { same });
    this.#drops = new NumberRows(writer, "drops_data", ['"drop"', "event", "cause"], { same });
    const traversal = ["traversal", "event", "pass", "duration_ns"];
    this.#traversals = new NumberRows(writer, "traversals_data", traversal, { same });
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
  paths(paths: readonly FollowedPath[]): void {
    const rows = this.#paths;
    const { path: pathOffset, packet: packetOffset } = this.#offsets;
    for (const path of paths) {
      const { life } = path;
      rows.value(this.#used("path", life.id));
      rows.value(life.parent === undefined ? Number.NaN : life.parent + pathOffset);
      rows.value(life.family && life.family.root !== life.id ? life.family.root + pathOffset : Number.NaN);
      rows.value(life.mergedInto === undefined ? Number.NaN : life.mergedInto + pathOffset);
      rows.value(this.#course(path));
      rows.value(this.#translation(life));
      rows.value(life.high >>> 0);
      rows.value(life.low >>> 0);
      rows.value(life.firstNs);
      rows.value(life.lastNs);
      rows.value(life.events);
      rows.value(life.pid);
      rows.value(life.len);
      rows.value(life.firstPacket ? life.firstPacket.id + packetOffset : Number.NaN);
      rows.value(life.lastPacket ? life.lastPacket.id + packetOffset : Number.NaN);
      rows.rowDone();
    }
  }

  #course(path: FollowedPath): number {
    const last = this.#lastOfWay.get(path.life.way);
    if (last?.path.hasCourseOf(path)) return last.course;
    const { course } = path;
    let id = this.#courses.get(course);
    if (id === undefined) {
      id = this.#shared.courses.id(valuesOf(path.path, COURSE_COLUMNS));
      this.#courses.set(course, id);
    }
    this.#lastOfWay.set(path.life.way, { path, course: id });
    return id;
  }

  #translation(life: Life): number {
    const nat = natOf(life);
    if (!nat && life.conntrack === "") return Number.NaN;
    return this.#shared.translations.id([nat?.before ?? null, nat?.after ?? null, life.conntrack || null]);
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
      rows.value(this.#used("drop", row.drop));
      rows.value(row.event + this.#offsets.event);
      rows.value(this.#causes.id(row));
      rows.rowDone();
    }
  }

  /** Rows of `traversals`. */
  traversals(traversals: readonly TraversalRow[]): void {
    const rows = this.#traversals;
    for (const row of traversals) {
      rows.value(this.#used("traversal", row.traversal));
      rows.value(row.event + this.#offsets.event);
      rows.value(this.#passes.id(row));
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
