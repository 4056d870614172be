// What a kept event needs of events that a slice leaves out: bytes that it refers to, and the connection that it is of.
import {
  AddressMap,
  encodeSample,
  type EventBatch,
  EventFlag,
  EventKind,
  type EventLayout,
} from "@skbtracer/format";

/** Connections that are remembered for passes still to come: as many as a reader remembers. */
const CONNECTIONS_MAX = 131_072;

/** Which event has the bytes of an skb, by the lower half of its time: in the source, and in the slice. */
interface BytesEvent {
  readonly source: number;
  readonly slice: number;
}

/** Watches all events in the order of time, and says what is to stand in the slice for each that is kept. */
export class KeptEvents {
  /** By the skb: of the event with bytes that stands last in the slice. */
  readonly #bytes = new AddressMap<BytesEvent>();
  /** The events that tell of connections, by their ids. */
  readonly #connections = new Map<bigint, Uint8Array>();
  /** Ids that were told of, by CPU: the CPU's events stand in their order. */
  readonly #told = new Map<number, Set<bigint>>();
  #fields: Readonly<Record<"skb" | "time" | "flags" | "length" | "size", number>> | undefined;

  /** Event `i`, kept or not. Connections are told of once: it may be the only one that does. */
  note(batch: EventBatch, i: number): void {
    if (batch.headNumber(i, "kind") !== EventKind.CONNTRACK) return;
    const id = batch.tailWide(i, "id");
    this.#connections.delete(id);
    this.#connections.set(id, batch.ownBytes(i).slice());
    const [oldest] = this.#connections.keys();
    if (this.#connections.size > CONNECTIONS_MAX && oldest !== undefined) this.#connections.delete(oldest);
  }

  /**
   * Event `i` is kept: the perf records in its place.
   * @returns undefined if it can stand as it is
   */
  replace(batch: EventBatch, i: number, layout: EventLayout): Uint8Array[] | undefined {
    const event = this.#withBytes(batch, i, layout);
    const connection = this.#connectionOf(batch, i, layout);
    if (!event && !connection) return undefined;
    return [...(connection ? [connection] : []), event ?? encodeSample(batch.ownBytes(i))];
  }

  /** The event with the bytes that it refers to, if who has them is not in the slice; with a reference to it, if another is. */
  #withBytes(batch: EventBatch, i: number, layout: EventLayout): Uint8Array | undefined {
    const kind = batch.headNumber(i, "kind");
    const [low = 0, high = 0] = batch.wideHalves("skb").subarray(2 * i, 2 * i + 2);
    if (kind === EventKind.FREE) this.#bytes.delete(low, high);
    const reference = batch.reference(i);
    if (reference === undefined) {
      if (batch.headNumber(i, "capture_length") > 0) {
        const own = batch.storedBytes(i).reference;
        this.#bytes.set(low, high, { source: own, slice: own });
      }
      return undefined;
    }
    const kept = this.#bytes.get(low, high);
    const { size, flags, length, time } = this.#fieldsOf(layout);
    const fixed = size + tailSize(layout, kind);
    if (kept?.source === reference) {
      if (kept.slice === reference) return undefined;
      const event = Buffer.from(batch.ownBytes(i));
      event.writeUInt32LE(kept.slice, fixed);
      return encodeSample(event);
    }
    const bytes = batch.captured(i);
    // Lost in the source too: the reference says so.
    if (bytes.length === 0) return undefined;
    const event = Buffer.concat([batch.ownBytes(i).subarray(0, fixed), bytes]);
    event.writeUInt16LE(event.readUInt16LE(flags) & ~EventFlag.SAME_BYTES, flags);
    event.writeUInt16LE(bytes.length, length);
    this.#bytes.set(low, high, { source: reference, slice: event.readUInt32LE(time) });
    return encodeSample(event);
  }

  /** The event that tells of the connection of a pass, if its CPU has not told of it in the slice. */
  #connectionOf(batch: EventBatch, i: number, layout: EventLayout): Uint8Array | undefined {
    const kind = batch.headNumber(i, "kind");
    const isPass = kind === EventKind.TRAVERSAL;
    const id = isPass
      ? batch.tailWide(i, "conntrack")
      : kind === EventKind.CONNTRACK
        ? batch.tailWide(i, "id")
        : 0n;
    if (id === 0n) return undefined;
    const cpu = batch.cpu(i);
    const told = this.#told.get(cpu) ?? new Set<bigint>();
    this.#told.set(cpu, told);
    if (!isPass) {
      told.add(id);
      return undefined;
    }
    const known = told.has(id) ? undefined : this.#connections.get(id);
    if (!known) return undefined;
    told.add(id);
    const { skb, time, flags, length, size } = this.#fieldsOf(layout);
    // Of the packet that it was first seen with nothing is kept: that one need not be in the slice.
    const event = Buffer.from(known.subarray(0, size + tailSize(layout, EventKind.CONNTRACK)));
    event.writeBigUInt64LE(0n, skb);
    event.writeBigUInt64LE(batch.wide("time_ns")[i] ?? 0n, time);
    event.writeUInt16LE(event.readUInt16LE(flags) & ~(EventFlag.FIRST | EventFlag.SAME_BYTES), flags);
    event.writeUInt16LE(0, length);
    return encodeSample(event);
  }

  #fieldsOf(layout: EventLayout): Readonly<Record<"skb" | "time" | "flags" | "length" | "size", number>> {
    const at = (name: string): number => layout.head.fields.find((field) => field.name === name)?.offset ?? 0;
    return (this.#fields ??= {
      skb: at("skb"),
      time: at("time_ns"),
      flags: at("flags"),
      length: at("capture_length"),
      size: layout.head.size,
    });
  }
}

function tailSize(layout: EventLayout, kind: number): number {
  return layout.kinds.find((one) => one.kind === kind)?.tail.size ?? 0;
}
