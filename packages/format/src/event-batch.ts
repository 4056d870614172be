// Events in time order, as columns that are decoded when first asked for.
import type { EventLayout, Field } from "./event-layout.js";
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
  readonly #narrow = new Map<string, NumberArray>();

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
    return new EventBatch(
      this.#layout,
      this.#segments,
      this.times.subarray(from, to),
      this.#segmentOf.subarray(from, to),
      this.#offsets.subarray(from, to),
    );
  }

  /** CPU of event `i`. */
  cpu(i: number): number {
    return this.#segment(i).cpu;
  }

  /** A column of the head; zeros if the recording's layout lacks the field. */
  wide(name: WideField): BigUint64Array {
    const known = this.#wide.get(name);
    if (known) return known;
    const column = new BigUint64Array(this.length);
    // By halves: a bigint for each would be garbage.
    const halves = new Uint32Array(column.buffer);
    const field = this.#index.head.get(name);
    if (field) {
      const segments = this.#segments;
      const segmentOf = this.#segmentOf;
      const offsets = this.#offsets;
      for (let i = 0; i < this.length; i++) {
        const view = segments[segmentOf[i] ?? 0]?.view;
        const at = (offsets[i] ?? 0) + field.offset;
        if (!view) continue;
        halves[2 * i] = view.getUint32(at, true);
        halves[2 * i + 1] = view.getUint32(at + 4, true);
      }
    }
    this.#wide.set(name, column);
    return column;
  }

  /** The same column as halves of 32 bits: `[2 * i]` the low one, `[2 * i + 1]` the high one. */
  wideHalves(name: WideField): Uint32Array {
    return new Uint32Array(this.wide(name).buffer);
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
    return field ? readNarrow(this.#segment(i).view, this.#offset(i) + field.offset, field) : 0;
  }

  // One loop for each type: what a loop does for one type alone is compiled to little more than the reads.
  #readNarrow(field: Field | undefined): NumberArray {
    const { length } = this;
    const segments = this.#segments;
    const segmentOf = this.#segmentOf;
    const offsets = this.#offsets;
    const at = field?.offset ?? 0;
    switch (field?.type) {
      case "u8": {
        const column = new Uint8Array(length);
        for (let i = 0; i < length; i++)
          column[i] = segments[segmentOf[i] ?? 0]?.view.getUint8((offsets[i] ?? 0) + at) ?? 0;
        return column;
      }
      case "u16": {
        const column = new Uint16Array(length);
        for (let i = 0; i < length; i++)
          column[i] = segments[segmentOf[i] ?? 0]?.view.getUint16((offsets[i] ?? 0) + at, true) ?? 0;
        return column;
      }
      case "u32": {
        const column = new Uint32Array(length);
        for (let i = 0; i < length; i++)
          column[i] = segments[segmentOf[i] ?? 0]?.view.getUint32((offsets[i] ?? 0) + at, true) ?? 0;
        return column;
      }
      default: {
        const column = new Float64Array(length);
        if (field)
          for (let i = 0; i < length; i++)
            column[i] = readNarrow(this.#segment(i).view, (offsets[i] ?? 0) + at, field);
        return column;
      }
    }
  }

  /** The captured packet bytes of event `i`, a view into the recording. */
  captured(i: number): Uint8Array {
    const { payload } = this.#segment(i);
    const tail = this.#index.tailSizes[this.narrow("kind")[i] ?? 0] ?? 0;
    const start = this.#offset(i) + this.#layout.head.size + tail;
    return payload.subarray(start, start + (this.narrow("capture_length")[i] ?? 0));
  }

  /** A number from the tail of event `i`; 0 if its kind has no such field. */
  tailNumber(i: number, name: string): number {
    const at = this.#tailField(i, name);
    return at ? readNarrow(at.view, at.offset, at.field) : 0;
  }

  /** A 64-bit value from the tail of event `i`; 0 if its kind has no such field. */
  tailWide(i: number, name: string): bigint {
    const at = this.#tailField(i, name);
    return at?.field.type === "u64" ? at.view.getBigUint64(at.offset, true) : 0n;
  }

  /** The same as halves of 32 bits. */
  tailHalves(i: number, name: string): { low: number; high: number } {
    const at = this.#tailField(i, name);
    if (at?.field.type !== "u64") return { low: 0, high: 0 };
    return { low: at.view.getUint32(at.offset, true), high: at.view.getUint32(at.offset + 4, true) };
  }

  /** A text from the tail of event `i`, up to its first zero; "" if its kind has no such field. */
  tailText(i: number, name: string): string {
    const at = this.#tailField(i, name);
    if (at?.field.type !== "text") return "";
    const bytes = new Uint8Array(at.view.buffer, at.view.byteOffset + at.offset, at.field.size);
    const end = bytes.indexOf(0);
    return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString("latin1");
  }

  #segment(i: number): RawSegment {
    const segment = this.#segments[this.#segmentOf[i] ?? -1];
    if (!segment) throw new RangeError(`event ${i} of a batch of ${this.length}`);
    return segment;
  }

  #offset(i: number): number {
    return this.#offsets[i] ?? 0;
  }

  #tailField(i: number, name: string): { view: DataView; offset: number; field: Field } | undefined {
    const field = this.#index.tails[this.narrow("kind")[i] ?? 0]?.get(name);
    if (!field) return undefined;
    const offset = this.#offset(i) + this.#layout.head.size + field.offset;
    return { view: this.#segment(i).view, offset, field };
  }
}

/** A layout's fields by name, of the tails by the number of their kind. */
interface LayoutIndex {
  readonly head: ReadonlyMap<string, Field>;
  readonly tails: readonly (ReadonlyMap<string, Field> | undefined)[];
  readonly tailSizes: readonly (number | undefined)[];
}

const indexes = new WeakMap<EventLayout, LayoutIndex>();

function indexOf(layout: EventLayout): LayoutIndex {
  let index = indexes.get(layout);
  if (!index) {
    const tails: (ReadonlyMap<string, Field> | undefined)[] = Array.from({ length: 256 });
    const tailSizes: (number | undefined)[] = Array.from({ length: 256 });
    for (const { kind, tail } of layout.kinds) {
      tails[kind] = byName(tail.fields);
      tailSizes[kind] = tail.size;
    }
    index = { head: byName(layout.head.fields), tails, tailSizes };
    indexes.set(layout, index);
  }
  return index;
}

function byName(fields: readonly Field[]): ReadonlyMap<string, Field> {
  return new Map(fields.map((field) => [field.name, field]));
}

function readNarrow(view: DataView, at: number, field: Field): number {
  switch (field.type) {
    case "u8":
      return view.getUint8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "s32":
      return view.getInt32(at, true);
    case "u64":
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
    default:
      return 0; // a text is not a number
  }
}
