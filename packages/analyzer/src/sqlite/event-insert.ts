// Rows of `events`, the one table that is large: numbers only, as devices and packets are rows of their own.
import { type Block, type Column, valueAt } from "../tables/block.js";
import { TABLES, type Value } from "../tables/schema.js";
import type { Offsets, SharedTables } from "./importer.js";
import { DEVICE_COLUMNS, PACKET_COLUMNS } from "./schema-sql.js";
import type { SharedRows } from "./shared-rows.js";
import { NumberRows, ValueRows, type Writer } from "./writer.js";

const NAMES = TABLES.events.columns.map(({ name }) => name);

/** What the rows of one recording begin from. */
export interface EventInsertFacts {
  readonly recording: number;
  readonly offsets: Offsets;
  readonly shared: SharedTables;
}

/** Inserts blocks of `events`. */
export class EventInsert {
  readonly #facts: EventInsertFacts;
  readonly #events: NumberRows;
  readonly #packets: ValueRows;
  readonly #deviceIds: number[] = [];
  #lastPacket = 0;
  #lastEvent = 0;

  constructor(writer: Writer, facts: EventInsertFacts) {
    this.#facts = facts;
    const own = ["recording", "event", "path", "time_ns", "cpu", "kind", "function", "pid", "len", "mark"];
    this.#events = new NumberRows(writer, "events_data", [...own, "device", "packet"]);
    this.#packets = new ValueRows(writer, "packets", ["id", ...PACKET_COLUMNS]);
  }

  /** Numbers in the database of the last that were written. */
  get lastEvent(): number {
    return this.#lastEvent + this.#facts.offsets.event;
  }

  get lastPacket(): number {
    return this.#lastPacket + this.#facts.offsets.packet;
  }

  add(block: Block): void {
    const { recording, offsets, shared } = this.#facts;
    const column = (name: string): Column => {
      const found = block.columns[NAMES.indexOf(name)];
      if (!found) throw new Error(`a block of events has no column ${name}`);
      return found;
    };
    const numbers = (name: string): ArrayLike<number> => column(name).values as ArrayLike<number>;
    const [event, path, time, cpu] = [numbers("event"), numbers("path"), numbers("time_ns"), numbers("cpu")];
    const [pid, len, mark] = [numbers("pid"), numbers("len"), numbers("mark")];
    const kind = textIds(column("kind"), shared.texts);
    const name = textIds(column("function"), shared.texts);
    const devices = codesOf(column("interface"));
    const packets = codesOf(column("protocol"));
    this.#addDevices(block.length, devices, DEVICE_COLUMNS.map(column));
    const packetIds = block.packetIds ?? [];
    this.#addPackets(packetIds, packets, PACKET_COLUMNS.map(column));
    const rows = this.#events;
    this.#lastEvent = event[block.length - 1] ?? this.#lastEvent;
    for (let i = 0; i < block.length; i++) {
      const pathNumber = path[i] ?? Number.NaN;
      const packet = packets[i] ?? -1;
      rows.value(recording);
      rows.value((event[i] ?? 0) + offsets.event);
      rows.value(pathNumber + offsets.path);
      rows.value(time[i] ?? 0);
      rows.value(cpu[i] ?? 0);
      rows.value(kind(i));
      rows.value(name(i));
      rows.value(pid[i] ?? 0);
      rows.value(len[i] ?? 0);
      rows.value(mark[i] ?? 0);
      rows.value(this.#deviceIds[devices[i] ?? -1] ?? Number.NaN);
      rows.value(packet < 0 ? Number.NaN : (packetIds[packet] ?? 0) + offsets.packet);
      rows.rowDone();
    }
  }

  flush(): void {
    this.#packets.flush();
    this.#events.flush();
  }

  /** Numbers of devices are the recording's own: each is written once. */
  #addDevices(length: number, codes: ArrayLike<number>, columns: readonly Column[]): void {
    for (let i = 0; i < length; i++) {
      const code = codes[i] ?? -1;
      if (code < 0 || this.#deviceIds[code] !== undefined) continue;
      this.#deviceIds[code] = this.#facts.shared.devices.id(columns.map((column) => valueAt(column, i)));
    }
  }

  /** Those that are new: the numbers of those that an earlier block had are lower. */
  #addPackets(ids: readonly number[], codes: ArrayLike<number>, columns: readonly Column[]): void {
    let next = 0;
    for (let i = 0; i < codes.length && next < ids.length; i++) {
      const code = codes[i] ?? -1;
      if (code < next) continue;
      next = code + 1;
      const id = ids[code] ?? 0;
      if (id <= this.#lastPacket) continue;
      this.#lastPacket = id;
      const values: Value[] = [id + this.#facts.offsets.packet];
      for (const column of columns) values.push(valueAt(column, i));
      this.#packets.add(values);
    }
  }
}

function codesOf(column: Column): ArrayLike<number> {
  if (column.kind === "wide" || !column.codes) throw new Error("a column of events without codes");
  return column.codes;
}

/** The number of a row's shared text. */
function textIds(column: Column, texts: SharedRows): (i: number) => number {
  if (column.kind !== "text") throw new Error("not a column of texts");
  const ids: number[] = [];
  const { codes, values } = column;
  return (i) => {
    const code = codes[i] ?? -1;
    let id = ids[code];
    if (id === undefined) {
      const text = values[code];
      id = text === null || text === undefined ? Number.NaN : texts.id([text]);
      ids[code] = id;
    }
    return id;
  };
}
