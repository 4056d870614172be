// Prints the wanted events of a recording as it is read: the one way from the reader to the terminal, live or not.
import {
  filterIn,
  Names,
  type PacketFilter,
  Selection,
  type TraceEvent,
  traceEvent,
  WallClock,
} from "@skbtracer/analyzer";
import type { EventBatch, RecordingReader } from "@skbtracer/format";
import { LineWriter } from "../io/output.js";
import { type PrintFlags, shownKinds, type TraceFlags } from "../options/trace-options.js";
import { type EventTime, secondsSinceFirst, timeOfDay } from "./event-time.js";
import { jsonLine } from "./json-event.js";
import { TABLE_HEADING, tableLines } from "./table.js";

/** A printer of one recording's events. */
export class EventPrinter {
  /** Events printed so far. */
  printed = 0;
  readonly #reader: RecordingReader;
  readonly #flags: TraceFlags & PrintFlags;
  readonly #filter: PacketFilter;
  #selection: Selection | undefined;
  readonly #out = new LineWriter();
  #names: Names | undefined;
  #clock: WallClock | undefined;
  #time: EventTime | undefined;
  #headed = false;

  constructor(reader: RecordingReader, filter: PacketFilter, flags: TraceFlags & PrintFlags) {
    this.#reader = reader;
    this.#flags = flags;
    this.#filter = filter;
  }

  /** Whether as many events as were asked for have been printed. */
  get full(): boolean {
    return this.#flags.catchCount !== undefined && this.#flags.catchCount > 0
      ? this.printed >= this.#flags.catchCount
      : false;
  }

  /** Prints the heading, once. */
  start(): void {
    if (this.#headed) return;
    this.#headed = true;
    if (!this.#flags.json) this.#out.line(TABLE_HEADING);
    this.#out.flush();
  }

  /** Prints the wanted ones of a batch. */
  print(batch: EventBatch): void {
    this.start();
    // What events refer to is known by the time they are released.
    this.#names ??= new Names(this.#reader.environment, this.#reader.dictionary, this.#reader.rules);
    this.#selection ??= new Selection(
      filterIn(this.#filter, this.#reader.environment?.namespaces ?? []),
      shownKinds(this.#flags),
      this.#flags.keep,
    );
    this.#clock ??= new WallClock(this.#reader.clocks, this.#reader.startNs);
    this.#time ??= this.#flags.timestamp ? secondsSinceFirst() : timeOfDay(this.#clock);
    for (let i = 0; i < batch.length && !this.full; i++) {
      const found = traceEvent(batch, i, this.#names);
      if (!found || !this.#selection.passes(found)) continue;
      const event = this.#showsStack(found) ? found : { ...found, stack: undefined };
      this.#out.line(this.#flags.json ? jsonLine(event, this.#clock) : tableLines(event, this.#time(event)));
      this.printed++;
    }
    this.#out.flush();
  }

  #showsStack({ kind }: TraceEvent): boolean {
    return Boolean(this.#flags.callstack || (this.#flags.dropstack && kind === "drop"));
  }
}
