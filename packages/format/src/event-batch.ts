// Events in time order, as columns that are decoded when first asked for.
import type { EventLayout, Field } from "./event-layout.js";
import { EventFlag } from "./event-layout.generated.js";
import { indexOf, type LayoutIndex, readNumber } from "./layout-index.js";
import type { RawSegment } from "./raw-segment.js";

/** Names of the 64-bit fields of the head. Addresses exceed 2^53, so they are never numbers. */
export type WideField = "time_ns" | "skb" | "head" | "address";

/** Names of the other fields of the head, as in bpf/event.h. */
export type NarrowField =
  | "pid"
  | "tid"
  | "netns"
  | "ifindex"
  | "len"
  | "mark"
  | "stack_id"
  | "protocol"
  | "kind"
  | "pkt_type"
  | "capture_offset"
  | "capture_length"
  | "mac_header"
  | "network_header"
  | "transport_header"
  | "data_offset"
  | "vlan_tci"
  | "flags";

/** Numbers of a column, as wide as the recording has them. */
export type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** Of the reference to an earlier event's bytes: a u32. */
const REFERENCE_SIZE = 4;

/** Bytes of a packet in the recording. */
export interface StoredBytes {
  /** What an event that has the same bytes refers to this one by: the lower half of its time on the recorder's clock. */
  readonly reference: number;
  readonly view: DataView;
  /** Offset in `view`. */
  readonly start: number;
  readonly length: number;
}

/** A run of events, each later than or at the same time as the one before. */
export class EventBatch {
  readonly length: number;
  /** ns since the recording's start. */
  readonly times: Float64Array;
  readonly #layout: EventLayout;
  readonly #segments: readonly RawSegment[];
  readonly #segmentOf: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #index: LayoutIndex;
  readonly #wide = new Map<string, BigUint64Array>();
  readonly #halves = new Map<string, Uint32Array>();
  readonly #narrow = new Map<string, NumberArray>();
  #cpus: Uint16Array | undefined;
  /** Columns that are asked for event by event. */
  #kinds: NumberArray | undefined;
  #flags: NumberArray | undefined;
  #lengths: NumberArray | undefined;
  /** Of events that have none of their own. */
  #repeated: (StoredBytes | undefined)[] | undefined;

  /** All arrays are of one length and are owned by the batch from here on. */
  constructor(
    layout: EventLayout,
    segments: readonly RawSegment[],
    times: Float64Array,
    segmentOf: Uint32Array,
    offsets: Uint32Array,
  ) {
    this.#layout = layout;
    this.#index = indexOf(layout);
    this.#segments = segments;
    this.#segmentOf = segmentOf;
    this.#offsets = offsets;
    this.times = times;
    this.length = times.length;
  }

  /** Events `from` up to, but without, `to`, as a batch of their own. */
  slice(from: number, to: number): EventBatch {
    const part = new EventBatch(
      this.#layout,
      this.#segments,
      this.times.subarray(from, to),
      this.#segmentOf.subarray(from, to),
      this.#offsets.subarray(from, to),
    );
    part.#repeated = this.#repeated?.slice(from, to);
    return part;
  }

  /** CPUs of the events. */
  get cpus(): Uint16Array {
    if (this.#cpus) return this.#cpus;
    const cpus = new Uint16Array(this.length);
    this.#eachStretch(({ cpu }, from, to) => void cpus.fill(cpu, from, to));
    this.#cpus = cpus;
    return cpus;
  }

  /** CPU of event `i`. */
  cpu(i: number): number {
    const cpu = (this.#cpus ?? this.cpus)[i];
    if (cpu === undefined) throw this.#noSuchEvent(i);
    return cpu;
  }

  /** Sequence number of the chunk that event `i` is from. */
  chunkSequence(i: number): number {
    return this.#segment(i).sequence;
  }

  /** Where event `i` begins in its chunk's payload. */
  payloadOffset(i: number): number {
    return this.#offset(i);
  }

  /** A column of the head; zeros if the recording's layout lacks the field. */
  wide(name: WideField): BigUint64Array {
    const known = this.#wide.get(name);
    if (known) return known;
    const column = new BigUint64Array(this.wideHalves(name).buffer);
    this.#wide.set(name, column);
    return column;
  }

  /** The same column as halves of 32 bits: `[2 * i]` the low one, `[2 * i + 1]` the high one. */
  wideHalves(name: WideField): Uint32Array {
    const known = this.#halves.get(name);
    if (known) return known;
    // By halves: a bigint for each would be garbage.
    const halves = new Uint32Array(2 * this.length);
    const field = this.#index.head.get(name);
    if (field) {
      const offsets = this.#offsets;
      this.#eachStretch(({ view }, from, to) => {
        for (let i = from; i < to; i++) {
          const at = (offsets[i] ?? 0) + field.offset;
          halves[2 * i] = view.getUint32(at, true);
          halves[2 * i + 1] = view.getUint32(at + 4, true);
        }
      });
    }
    this.#halves.set(name, halves);
    return halves;
  }

  /** A column of the head; zeros if the recording's layout lacks the field. */
  narrow(name: NarrowField): NumberArray {
    const known = this.#narrow.get(name);
    if (known) return known;
    const column = this.#readNarrow(this.#index.head.get(name));
    this.#narrow.set(name, column);
    return column;
  }

  /** A field of the head of event `i` alone, for fields that few events are asked for. */
  headNumber(i: number, name: NarrowField): number {
    const field = this.#index.head.get(name);
    return field ? readNumber(this.#segment(i).view, this.#offset(i) + field.offset, field) : 0;
  }

  // One loop for each type: what a loop does for one type alone is compiled to little more than the reads.
  #readNarrow(field: Field | undefined): NumberArray {
    const offsets = this.#offsets;
    const at = field?.offset ?? 0;
    switch (field?.type) {
      case "u8": {
        const column = new Uint8Array(this.length);
        this.#eachStretch(({ view }, from, to) => {
          for (let i = from; i < to; i++) column[i] = view.getUint8((offsets[i] ?? 0) + at);
        });
        return column;
      }
      case "u16": {
        const column = new Uint16Array(this.length);
        this.#eachStretch(({ view }, from, to) => {
          for (let i = from; i < to; i++) column[i] = view.getUint16((offsets[i] ?? 0) + at, true);
        });
        return column;
      }
      case "u32": {
        const column = new Uint32Array(this.length);
        this.#eachStretch(({ view }, from, to) => {
          for (let i = from; i < to; i++) column[i] = view.getUint32((offsets[i] ?? 0) + at, true);
        });
        return column;
      }
      default: {
        const column = new Float64Array(this.length);
        if (field)
          this.#eachStretch(({ view }, from, to) => {
            for (let i = from; i < to; i++) column[i] = readNumber(view, (offsets[i] ?? 0) + at, field);
          });
        return column;
      }
    }
  }

  /** Calls for events that follow each other and are of one segment, so that loops need not look for it. */
  #eachStretch(read: (segment: RawSegment, from: number, to: number) => void): void {
    const { length } = this;
    const segmentOf = this.#segmentOf;
    for (let from = 0; from < length;) {
      const index = segmentOf[from];
      let to = from + 1;
      while (to < length && segmentOf[to] === index) to++;
      read(this.#segment(from), from, to);
      from = to;
    }
  }

  /**
   * The captured packet bytes of event `i`: a view into what was pushed. Copy what is to outlive the batch. None where it
   * refers to an earlier event that was lost.
   */
  captured(i: number): Uint8Array {
    const { buffer, byteOffset } = this.viewOf(i);
    return new Uint8Array(buffer, byteOffset + this.captureStart(i), this.captureLength(i));
  }

  /** The memory that the captured bytes of event `i` stand in, for who reads them in place. */
  viewOf(i: number): DataView {
    return this.#repeated?.[i]?.view ?? this.#segment(i).view;
  }

  /** Offset in `viewOf(i)` of the first captured byte. */
  captureStart(i: number): number {
    return this.#repeated?.[i]?.start ?? this.#bytesAt(i);
  }

  /** How many bytes of the packet are known. */
  captureLength(i: number): number {
    return this.#repeated?.[i]?.length ?? this.#ownLength(i);
  }

  /** Event `i` as it stands in the recording, from its head to its last captured byte or reference; a view. */
  ownBytes(i: number): Uint8Array {
    const { payload } = this.#segment(i);
    const bytes = this.reference(i) === undefined ? this.#ownLength(i) : REFERENCE_SIZE;
    return payload.subarray(this.#offset(i), this.#bytesAt(i) + bytes);
  }

  /** The bytes that event `i` has itself. */
  storedBytes(i: number): StoredBytes {
    const { view } = this.#segment(i);
    return {
      reference: view.getUint32(this.#offset(i) + (this.#index.head.get("time_ns")?.offset ?? 0), true),
      view,
      start: this.#bytesAt(i),
      length: this.#ownLength(i),
    };
  }

  /** The reference by which event `i` names the event that has its bytes; undefined if it has its own, or none. */
  reference(i: number): number | undefined {
    if ((((this.#flags ??= this.narrow("flags"))[i] ?? 0) & EventFlag.SAME_BYTES) === 0) return undefined;
    const at = this.#bytesAt(i);
    const { view } = this.#segment(i);
    return at + 4 <= view.byteLength ? view.getUint32(at, true) : undefined;
  }

  /** Says that event `i` has the bytes of an earlier one. */
  repeatBytes(i: number, bytes: StoredBytes): void {
    this.#repeated ??= Array.from({ length: this.length });
    this.#repeated[i] = bytes;
  }

  /** A number from the tail of event `i`; 0 if its kind has no such field. */
  tailNumber(i: number, name: string): number {
    const field = this.#tailField(i, name);
    return field ? readNumber(this.#segment(i).view, this.#offset(i) + field.offset, field) : 0;
  }

  /** A 64-bit value from the tail of event `i`; 0 if its kind has no such field. */
  tailWide(i: number, name: string): bigint {
    const field = this.#tailField(i, name);
    return field?.type === "u64"
      ? this.#segment(i).view.getBigUint64(this.#offset(i) + field.offset, true)
      : 0n;
  }

  /** The same as halves of 32 bits. */
  tailHalves(i: number, name: string): { low: number; high: number } {
    const field = this.#tailField(i, name);
    if (field?.type !== "u64") return { low: 0, high: 0 };
    const { view } = this.#segment(i);
    const at = this.#offset(i) + field.offset;
    return { low: view.getUint32(at, true), high: view.getUint32(at + 4, true) };
  }

  /** The bytes of a text from the tail of event `i`, all of them; none if its kind has no such field. */
  tailBytes(i: number, name: string): Uint8Array {
    const field = this.#tailField(i, name);
    if (field?.type !== "text") return new Uint8Array();
    const { view } = this.#segment(i);
    return new Uint8Array(view.buffer, view.byteOffset + this.#offset(i) + field.offset, field.size);
  }

  /** A text from the tail of event `i`, up to its first zero; "" if its kind has no such field. */
  tailText(i: number, name: string): string {
    const field = this.#tailField(i, name);
    if (field?.type !== "text") return "";
    const { view } = this.#segment(i);
    const at = this.#offset(i) + field.offset;
    let text = "";
    // They are short: a buffer for each would take longer.
    for (let end = at; end < at + field.size; end++) {
      const byte = view.getUint8(end);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #segment(i: number): RawSegment {
    const segment = this.#segments[this.#segmentOf[i] ?? -1];
    if (!segment) throw this.#noSuchEvent(i);
    return segment;
  }

  #noSuchEvent(i: number): RangeError {
    return new RangeError(`event ${i} of a batch of ${this.length}`);
  }

  /** Where the bytes that event `i` has itself stand in its segment. */
  #bytesAt(i: number): number {
    return this.#offset(i) + (this.#index.captures[this.#kind(i)] ?? this.#layout.head.size);
  }

  #offset(i: number): number {
    return this.#offsets[i] ?? 0;
  }

  #tailField(i: number, name: string): Field | undefined {
    return this.#index.tails[this.#kind(i)]?.get(name);
  }

  #ownLength(i: number): number {
    return (this.#lengths ??= this.narrow("capture_length"))[i] ?? 0;
  }

  #kind(i: number): number {
    return (this.#kinds ??= this.narrow("kind"))[i] ?? 0;
  }
}
