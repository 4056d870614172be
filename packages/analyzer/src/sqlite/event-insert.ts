// Rows of `events`, the one table that is large: numbers only, as devices and packets are rows of their own.
import type Database from "better-sqlite3";
import { type Block, type Column, valueAt } from "../tables/block.js";
import { TABLES, type Value } from "../tables/schema.js";
import { BulkInsert } from "./bulk-insert.js";
import type { Offsets, SharedTexts } from "./importer.js";
import { DEVICE_COLUMNS, PACKET_COLUMNS } from "./schema-sql.js";

const NAMES = TABLES.events.columns.map(({ name }) => name);

/** What the rows of one recording begin from. */
export interface EventInsertFacts {
  readonly recording: number;
  readonly offsets: Offsets;
  readonly texts: SharedTexts;
  readonly lastDevice: number;
  readonly lastPacket: number;
}

/** Inserts blocks of `events`. */
export class EventInsert {
  readonly #facts: EventInsertFacts;
  readonly #events: BulkInsert;
  readonly #devices: BulkInsert;
  readonly #packets: BulkInsert;
  readonly #deviceIds: number[] = [];
  #lastDevice: number;
  #lastPacket: number;

  constructor(db: Database.Database, facts: EventInsertFacts) {
    this.#facts = facts;
    this.#lastDevice = facts.lastDevice;
    this.#lastPacket = facts.lastPacket;
    const own = ["recording", "event", "path", "time_ns", "cpu", "kind", "function", "pid", "len", "mark"];
    this.#events = new BulkInsert(db, "events_data", [...own, "device", "packet"]);
    this.#devices = new BulkInsert(db, "devices", ["id", ...DEVICE_COLUMNS]);
    this.#packets = new BulkInsert(db, "packets", ["id", ...PACKET_COLUMNS]);
  }

  add(block: Block): void {
    const { recording, offsets, texts } = this.#facts;
    const column = (name: string): Column => {
      const found = block.columns[NAMES.indexOf(name)];
      if (!found) throw new Error(`a block of events has no column ${name}`);
      return found;
    };
    const numbers = (name: string): ArrayLike<number> => column(name).values as ArrayLike<number>;
    const [event, path, time, cpu] = [numbers("event"), numbers("path"), numbers("time_ns"), numbers("cpu")];
    const [pid, len, mark] = [numbers("pid"), numbers("len"), numbers("mark")];
    const kind = textIds(column("kind"), texts);
    const name = textIds(column("function"), texts);
    const devices = codesOf(column("interface"));
    const packets = codesOf(column("protocol"));
    this.#addDevices(block.length, devices, DEVICE_COLUMNS.map(column));
    const packetBase = this.#addPackets(block.length, packets, PACKET_COLUMNS.map(column));
    const rows = this.#events;
    for (let i = 0; i < block.length; i++) {
      const pathNumber = path[i] ?? Number.NaN;
      const packet = packets[i] ?? -1;
      rows.value(recording);
      rows.value((event[i] ?? 0) + offsets.event);
      rows.value(Number.isNaN(pathNumber) ? null : pathNumber + offsets.path);
      rows.value(time[i] ?? 0);
      rows.value(cpu[i] ?? 0);
      rows.value(kind(i));
      rows.value(name(i));
      rows.value(pid[i] ?? 0);
      rows.value(len[i] ?? 0);
      rows.value(mark[i] ?? 0);
      rows.value(this.#deviceIds[devices[i] ?? -1] ?? null);
      rows.value(packet < 0 ? null : packetBase + packet);
      rows.rowDone();
    }
  }

  flush(): void {
    this.#devices.flush();
    this.#packets.flush();
    this.#events.flush();
  }

  /** Numbers of devices are the recording's own: each is written once. */
  #addDevices(length: number, codes: ArrayLike<number>, columns: readonly Column[]): void {
    for (let i = 0; i < length; i++) {
      const code = codes[i] ?? -1;
      if (code < 0 || this.#deviceIds[code] !== undefined) continue;
      this.#deviceIds[code] = ++this.#lastDevice;
      this.#devices.add([this.#lastDevice, ...columns.map((column) => valueAt(column, i))]);
    }
  }

  /** Numbers of packets are the block's own. Returns what to add to them. */
  #addPackets(length: number, codes: ArrayLike<number>, columns: readonly Column[]): number {
    const base = this.#lastPacket + 1;
    let next = 0;
    for (let i = 0; i < length; i++) {
      const code = codes[i] ?? -1;
      // They are numbered in the order in which they come.
      if (code < next) continue;
      next = code + 1;
      const values: Value[] = [base + code];
      for (const column of columns) values.push(valueAt(column, i));
      this.#packets.add(values);
      this.#lastPacket = base + code;
    }
    return base;
  }
}

function codesOf(column: Column): ArrayLike<number> {
  if (column.kind === "wide" || !column.codes) throw new Error("a column of events without codes");
  return column.codes;
}

/** The number of a row's shared text. */
function textIds(column: Column, texts: SharedTexts): (i: number) => number | null {
  if (column.kind !== "text") throw new Error("not a column of texts");
  const ids: (number | null)[] = [];
  const { codes, values } = column;
  return (i) => {
    const code = codes[i] ?? -1;
    let id = ids[code];
    if (id === undefined) {
      const text = values[code];
      id = text === null || text === undefined ? null : texts.id(text);
      ids[code] = id;
    }
    return id;
  };
}
