// Rows of `events`, the one table that is large: a few numbers each, as where an event was and its packet are rows of
// their own.
import { type Block, type Column, valueAt } from "../tables/block.js";
import { TABLES } from "../tables/schema.js";
import type { Offsets, SharedTables } from "./importer.js";
import { PACKET_COLUMNS, SITE_COLUMNS } from "./schema-sql.js";
import { NumberRows, ValueRows, type Writer } from "./writer.js";

const NAMES = TABLES.events.columns.map(({ name }) => name);

const PACKET_TEXTS: ReadonlySet<string> = new Set(
  TABLES.events.columns.filter(({ type }) => type === "text").map(({ name }) => name),
);

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
  readonly #packets: NumberRows;
  readonly #returns: ValueRows;
  /** Numbers of the recording's sites in the database: see `siteKey`. */
  readonly #sites = new Map<number, number>();
  #lastPacket = 0;
  #lastEvent = 0;

  constructor(writer: Writer, facts: EventInsertFacts) {
    this.#facts = facts;
    // Their numbers need not be said: each is one more than the last.
    const columns = ["path", "time_ns", "cpu", "site", "pid", "len", "mark", "packet"];
    this.#events = new NumberRows(writer, "events_data", columns, {
      same: { recording: facts.recording },
      isNumbered: true,
    });
    this.#packets = new NumberRows(writer, "packets", ["id", ...PACKET_COLUMNS], { texts: PACKET_TEXTS });
    this.#returns = new ValueRows(writer, "returns_data", ["event", "return_value"]);
  }

  /** Numbers in the database of the last that were written. */
  get lastEvent(): number {
    return this.#lastEvent + this.#facts.offsets.event;
  }

  get lastPacket(): number {
    return this.#lastPacket + this.#facts.offsets.packet;
  }

  /** @param block all of the recording's events that follow those before */
  add(block: Block): void {
    const { offsets } = this.#facts;
    const column = (name: string): Column => {
      const found = block.columns[NAMES.indexOf(name)];
      if (!found) throw new Error(`a block of events has no column ${name}`);
      return found;
    };
    const numbers = (name: string): ArrayLike<number> => column(name).values as ArrayLike<number>;
    const [path, time, cpu] = [numbers("path"), numbers("time_ns"), numbers("cpu")];
    const [pid, len, mark] = [numbers("pid"), numbers("len"), numbers("mark")];
    const [kinds, functions] = [codesOf(column("kind")), codesOf(column("function"))];
    this.#addReturns(column("return_value"));
    const devices = codesOf(column("interface"));
    const siteColumns = SITE_COLUMNS.map(column);
    const packets = codesOf(column("protocol"));
    const packetIds = block.packetIds ?? [];
    this.#addPackets(packetIds, packets, PACKET_COLUMNS.map(column));
    const rows = this.#events;
    this.#lastEvent += block.length;
    for (let i = 0; i < block.length; i++) {
      const packet = packets[i] ?? -1;
      const key = siteKey(kinds[i] ?? 0, functions[i] ?? 0, devices[i] ?? 0);
      rows.value((path[i] ?? Number.NaN) + offsets.path);
      rows.value(time[i] ?? 0);
      rows.value(cpu[i] ?? 0);
      rows.value(this.#sites.get(key) ?? this.#addSite(key, siteColumns, i));
      rows.value(pid[i] ?? 0);
      rows.value(len[i] ?? 0);
      rows.value(mark[i] ?? 0);
      rows.value(packet < 0 ? Number.NaN : (packetIds[packet] ?? 0) + offsets.packet);
      rows.rowDone();
    }
  }

  flush(): void {
    this.#packets.flush();
    this.#events.flush();
    this.#returns.flush();
  }

  #addSite(key: number, columns: readonly Column[], i: number): number {
    const id = this.#facts.shared.sites.id(columns.map((column) => valueAt(column, i)));
    this.#sites.set(key, id);
    return id;
  }

  /** Those of the block that follows: few events have one. */
  #addReturns(column: Column): void {
    const codes = codesOf(column);
    for (let i = 0; i < codes.length; i++)
      if ((codes[i] ?? -1) >= 0) this.#returns.add([this.lastEvent + i + 1, valueAt(column, i)]);
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
      const rows = this.#packets;
      rows.value(id + this.#facts.offsets.packet);
      for (const { kind, values } of columns)
        if (kind === "text") rows.text(values[code] ?? null);
        else rows.value(Number(values[code] ?? Number.NaN));
      rows.rowDone();
    }
  }
}

function codesOf(column: Column): ArrayLike<number> {
  if (column.kind === "wide" || !column.codes) throw new Error("a column of events without codes");
  return column.codes;
}

const KINDS = 2 ** 8;
const FUNCTIONS = 2 ** 20;

/** The codes of a recording's columns as one number, exact as long as there are fewer than 2^25 devices. */
function siteKey(kind: number, name: number, device: number): number {
  return (device * FUNCTIONS + name) * KINDS + kind;
}
