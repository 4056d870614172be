// An event without what identifies, field by field. A field that has no row becomes zero.
import {
  encodeSample,
  EventFlag,
  EventKind,
  type EventLayout,
  type Field,
  type HeadReader,
} from "@skbtracer/format";
import type { Capture } from "../dissect/capture.js";
import { redactPacket } from "./packet-redactor.js";
import type { Pseudonyms } from "./pseudonyms.js";
import { redactReturnValue } from "./return-value.js";

/** What becomes of a field. */
export type FieldRule =
  | "keep"
  | "kernel address"
  | "hash"
  | "pid"
  | "return value"
  | "stack"
  | "table name"
  /** Of conntrack's tail, of the family that the tail says. */
  | "tuple address"
  | "zero";

/** By name, of the head and of tails. */
export const FIELD_RULES: Readonly<Record<string, FieldRule>> = {
  time_ns: "keep",
  skb: "kernel address",
  head: "kernel address",
  address: "kernel address",
  pid: "pid",
  tid: "pid",
  netns: "keep",
  ifindex: "keep",
  len: "keep",
  mark: "keep",
  stack_id: "stack",
  protocol: "keep",
  kind: "keep",
  pkt_type: "keep",
  capture_offset: "keep",
  capture_length: "keep",
  mac_header: "keep",
  network_header: "keep",
  transport_header: "keep",
  data_offset: "keep",
  vlan_tci: "keep",
  flags: "keep",
  location: "kernel address",
  reason: "keep",
  has_reason: "keep",
  duration_ns: "keep",
  verdict: "keep",
  in_ifindex: "keep",
  out_ifindex: "keep",
  pf: "keep",
  hook: "keep",
  reserved: "zero",
  reserved2: "zero",
  table: "table name",
  parent: "kernel address",
  how: "keep",
  old_head: "kernel address",
  into: "kernel address",
  value: "return value",
  entry_ns: "keep",
  chain: "hash",
  conntrack: "hash",
  id: "hash",
  engine: "keep",
  ct_state: "keep",
  result: "keep",
  handle: "keep",
  type: "keep",
  original_source_port: "keep",
  original_destination_port: "keep",
  reply_source_port: "keep",
  reply_destination_port: "keep",
  family: "keep",
  original_source: "tuple address",
  original_destination: "tuple address",
  reply_source: "tuple address",
  reply_destination: "tuple address",
};

const AF_INET = 2;
const AF_INET6 = 10;

const OFFSET_UNSET = 0xffff;

/** Of the reference that stands in the place of bytes which an earlier event has: see SKBT_F_SAME_BYTES, bpf/event.h. */
const REFERENCE_SIZE = 4;

/** Redacts the events of one layout. */
export class EventRedactor {
  readonly #head: HeadReader;
  readonly #pseudonyms: Pseudonyms;
  readonly #fields: ReadonlyMap<string, Field>;
  readonly #tails: ReadonlyMap<number, readonly Field[]>;
  readonly #returnType: (address: bigint) => string | undefined;

  /** @param returnType of the function whose probe an event bears the address of, before it is redacted */
  constructor(head: HeadReader, pseudonyms: Pseudonyms, returnType: (address: bigint) => string | undefined) {
    this.#head = head;
    this.#pseudonyms = pseudonyms;
    this.#returnType = returnType;
    const { layout }: { layout: EventLayout } = head;
    this.#fields = new Map(layout.head.fields.map((field) => [field.name, field]));
    this.#tails = new Map(layout.kinds.map(({ kind, tail }) => [kind, tail.fields]));
  }

  /** A perf record with the redacted event. @param at where the event begins, which is known to be sound */
  redact(payload: Uint8Array, at: number): Uint8Array {
    const { headSize, kindAt, captureLengthAt, tailSizes, layout } = this.#head;
    const event = Buffer.from(payload.buffer, payload.byteOffset + at, payload.length - at);
    const kind = event.readUInt8(kindAt);
    const packetAt = headSize + (tailSizes[kind] ?? 0);
    const length = event.readUInt16LE(captureLengthAt);
    const packet = redactPacket(
      this.#capture(event, event.subarray(packetAt, packetAt + length)),
      this.#pseudonyms,
    );
    const redacted = Buffer.alloc(packetAt + packet.length);
    this.#copy(event, redacted, layout.head.fields, 0);
    this.#copy(event, redacted, this.#tails.get(kind) ?? [], headSize);
    if (kind === EventKind.CONNTRACK) this.#copyTuples(event, redacted, headSize);
    redacted.writeUInt16LE(packet.length, captureLengthAt);
    redacted.set(packet, packetAt);
    const flags = this.#number(event, "flags");
    if (!(flags & EventFlag.SAME_BYTES)) return encodeSample(redacted);
    // The time of another event, and times are kept. Beside bytes of its own it would be the first of these.
    if (length === 0)
      return encodeSample(Buffer.concat([redacted, event.subarray(packetAt, packetAt + REFERENCE_SIZE)]));
    const flagsAt = this.#fields.get("flags")?.offset ?? 0;
    redacted.writeUInt16LE(flags & ~EventFlag.SAME_BYTES, flagsAt);
    return encodeSample(redacted);
  }

  #copy(from: Buffer, to: Buffer, fields: readonly Field[], start: number): void {
    for (const { name, offset, size, type } of fields) {
      const at = start + offset;
      switch (FIELD_RULES[name] ?? "zero") {
        case "keep":
          // What was a number need not be one in another's layout.
          if (type !== "text") for (let i = at; i < at + size; i++) to[i] = from[i] ?? 0;
          break;
        case "kernel address":
          if (type === "u64")
            to.writeBigUInt64LE(this.#pseudonyms.kernelAddress(from.readBigUInt64LE(at)), at);
          break;
        case "pid":
          if (type === "u32") to.writeUInt32LE(this.#pseudonyms.pid(from.readUInt32LE(at)), at);
          break;
        case "stack":
          if (type === "s32") to.writeInt32LE(this.#pseudonyms.stackId(from.readInt32LE(at)), at);
          break;
        case "hash":
          if (type === "u64") to.writeBigUInt64LE(this.#pseudonyms.hash(from.readBigUInt64LE(at)), at);
          break;
        case "return value":
          if (type === "u64") {
            const returnType = this.#returnType(this.#address(from));
            const value = redactReturnValue(from.readBigUInt64LE(at), returnType, this.#pseudonyms);
            to.writeBigUInt64LE(value, at);
          }
          break;
        case "table name":
          if (type === "text") this.#copyName(from.subarray(at, at + size), to.subarray(at, at + size));
          break;
        case "tuple address": // by their family: see #copyTuples
        case "zero":
          break;
      }
    }
  }

  #address(event: Buffer): bigint {
    const field = this.#fields.get("address");
    return field?.type === "u64" ? event.readBigUInt64LE(field.offset) : 0n;
  }

  #copyTuples(from: Buffer, to: Buffer, start: number): void {
    const fields = this.#tails.get(EventKind.CONNTRACK) ?? [];
    const family = fields.find(({ name }) => name === "family");
    const size = { [AF_INET]: 4, [AF_INET6]: 16 }[family ? from.readUInt8(start + family.offset) : 0];
    if (size === undefined) return;
    for (const field of fields) {
      if (FIELD_RULES[field.name] !== "tuple address" || field.size < size) continue;
      const at = start + field.offset;
      to.set(this.#pseudonyms.ip(Uint8Array.from(from.subarray(at, at + size))), at);
    }
  }

  /** The last byte of the text stays zero. */
  #copyName(from: Buffer, to: Buffer): void {
    const end = from.indexOf(0);
    const name = from.subarray(0, end < 0 ? from.length : end).toString("latin1");
    to.write(this.#pseudonyms.name("table", name), 0, Math.max(0, to.length - 1), "latin1");
  }

  #capture(event: Buffer, bytes: Uint8Array): Capture {
    const start = this.#number(event, "capture_offset");
    const place = (name: string): number => {
      const offset = this.#number(event, name);
      const at = offset - start;
      return offset !== OFFSET_UNSET && at >= 0 && at <= bytes.length ? at : -1;
    };
    return {
      bytes,
      mac: place("mac_header"),
      network: this.#number(event, "network_header") === 0 ? -1 : place("network_header"),
      transport: place("transport_header"),
      data: this.#number(event, "data_offset") - start,
      protocol: this.#number(event, "protocol"),
    };
  }

  #number(event: Buffer, name: string): number {
    const field = this.#fields.get(name);
    return field?.type === "u16" ? event.readUInt16LE(field.offset) : 0;
  }
}
