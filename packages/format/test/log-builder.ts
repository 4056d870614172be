// Builds small logs for tests, framed as the kernel and the recorder do.
import {
  ChunkType,
  encodeLost,
  encodeRound,
  type Environment,
  environmentJson,
  EVENT_LAYOUT,
  EventKind,
  type EventLayout,
  layoutId,
  LogEncoder,
} from "../src/index.js";

export const START_NS = 1_000_000_000_000n;

/** An environment that says nothing but how events are laid out. */
export function environment(layout: EventLayout = EVENT_LAYOUT): Environment {
  return {
    version: "0",
    host: {
      hostname: "h",
      kernel: "k",
      kernelVersion: "",
      machine: "",
      bootId: "",
      cpus: 2,
      pageSize: 4096,
      distribution: "",
    },
    commandLine: [],
    options: {},
    layout,
    probes: [],
    dropReasons: { core: [], subsystems: [] },
    namespaces: [],
    problems: [],
  };
}

/** Where a field of the head stands in a record. */
export const at = (name: string): number =>
  12 + (EVENT_LAYOUT.head.fields.find((field) => field.name === name)?.offset ?? 0);

/** A PERF_RECORD_SAMPLE with an event. @param ns since START_NS */
export function sample(ns: number, skb: bigint, packet: Uint8Array = new Uint8Array(0)): Uint8Array {
  const size = (EVENT_LAYOUT.head.size + packet.length + 7) & ~7;
  const bytes = new Uint8Array((8 + 4 + size + 7) & ~7);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 9, true);
  view.setUint16(6, bytes.length, true);
  view.setUint32(8, bytes.length - 12, true);
  view.setBigUint64(at("time_ns"), START_NS + BigInt(ns), true);
  view.setBigUint64(at("skb"), skb, true);
  view.setUint8(at("kind"), EventKind.SIGHT);
  view.setUint16(at("capture_length"), packet.length, true);
  bytes.set(packet, 12 + EVENT_LAYOUT.head.size);
  return bytes;
}

/** A PERF_RECORD_LOST. */
export function lostRecord(count: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2, true);
  view.setUint16(6, 24, true);
  view.setBigUint64(16, BigInt(count), true);
  return bytes;
}

/** A log that is written chunk by chunk. */
export class LogBuilder {
  readonly encoder: LogEncoder;
  readonly #spans: Uint8Array[];

  constructor(layout: EventLayout = EVENT_LAYOUT) {
    this.encoder = new LogEncoder(
      Uint8Array.from({ length: 16 }, (_, i) => i * 7),
      layoutId(layout),
      START_NS,
    );
    this.#spans = [this.encoder.fileHeader()];
  }

  add(spans: Uint8Array[]): this {
    this.#spans.push(...spans);
    return this;
  }

  environment(layout?: EventLayout): this {
    return this.json(ChunkType.ENVIRONMENT, environmentJson(environment(layout)));
  }

  json(type: number, value: unknown): this {
    return this.add(this.encoder.json(type, value));
  }

  raw(cpu: number, records: Uint8Array[], lost = 0): this {
    return this.add(this.encoder.chunk(ChunkType.RAW, records, { cpu, lost: BigInt(lost) }));
  }

  round(safe: number): this {
    const safeNs = START_NS + BigInt(safe);
    return this.add(this.encoder.chunk(ChunkType.ROUND, [encodeRound({ startedNs: safeNs, safeNs })]));
  }

  lost(cpu: number, total: number): this {
    const lost = { fromNs: START_NS, toNs: START_NS, count: 1n, total: BigInt(total) };
    return this.add(this.encoder.chunk(ChunkType.LOST, [encodeLost(lost)], { cpu }));
  }

  end(attempts = 0, failed = 0, atNs = 1e9): this {
    return this.json(ChunkType.END, { reason: "test", atNs, attempts, failed });
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#spans);
  }
}
