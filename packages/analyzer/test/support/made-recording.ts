// Recordings with events of our choice, framed as the kernel and the recorder do, and what is reconstructed from them.
import {
  ChunkType,
  CloneHow,
  dictionaryJson,
  encodeClock,
  encodeRound,
  type Environment,
  environmentJson,
  EVENT_LAYOUT,
  EventFlag,
  EventKind,
  type Interface,
  layoutId,
  LogEncoder,
  type Probe,
  type ReadMode,
  RecordingReader,
} from "@skbtracer/format";
import {
  type AnyRow,
  type Demand,
  type DropRow,
  type PathRow,
  Reconstruction,
  rowAt,
  TABLE_NAMES,
  type TraversalRow,
} from "@skbtracer/analyzer";

import { frame, type FrameName } from "../dissect/frames.js";

const START_NS = 1_000_000_000_000n;
const START_UNIX_NS = 1_700_000_000_000_000_000n;

/** Where functions are: `FUNCTIONS[i]` at FUNCTION_BASE + i * 0x100. */
const FUNCTIONS = [
  "ip_rcv",
  "ip_rcv_finish",
  "ip_local_deliver",
  "ip_output",
  "__dev_queue_xmit",
  "__netif_receive_skb",
  "napi_gro_receive",
  "br_handle_frame_finish",
  "ipt_do_table",
  "tpacket_rcv",
] as const;
const FUNCTION_BASE = 0xffff_ffff_8100_0000n;
const LOCATION_BASE = 0xffff_ffff_8200_0000n;
const END_PROBE: Probe = {
  name: "kfree_skbmem",
  type: "kprobe",
  event: "free",
  status: "attached",
  symbol: "kfree_skbmem",
  address: FUNCTION_BASE + 0x10_0000n,
};

/** Functions that events can be at. */
export type FunctionName = (typeof FUNCTIONS)[number];

/** Reasons of drops, by number. */
export const REASONS = [
  "SKB_NOT_DROPPED_YET",
  "SKB_CONSUMED",
  "NOT_SPECIFIED",
  "NO_SOCKET",
  "NETFILTER_DROP",
];

/** An event; what is left out is as in an event of no packet and no device. */
export interface MadeEvent {
  readonly ns: number;
  readonly skb: bigint;
  readonly kind?: keyof typeof EventKind;
  /** `sight` and `traversal`: where. */
  readonly at?: FunctionName;
  readonly first?: true;
  readonly netns?: number;
  readonly ifindex?: number;
  readonly pid?: number;
  readonly packet?: FrameName | Uint8Array;
  /** The packet's bytes are not repeated: those of the event of this time. */
  readonly sameBytesAs?: number;
  /** CLONE */
  readonly parent?: bigint;
  readonly how?: keyof typeof CloneHow;
  /** MERGE */
  readonly into?: bigint;
  /** DROP: the function, and the number of the reason; without, a kernel that has none. */
  readonly location?: string;
  readonly reason?: number;
  /** TRAVERSAL and RULE; a base chain makes it one of nftables' table inet. */
  readonly table?: string;
  readonly chain?: string;
  readonly hook?: number;
  readonly verdict?: number;
  readonly durationNs?: number;
  /** TRAVERSAL: enum ip_conntrack_info + 1, and which CONNTRACK. */
  readonly ctState?: number;
  readonly conntrack?: bigint;
  /** HOOK: what nf_hook_slow returned. */
  readonly result?: number;
  /** RULE */
  readonly handle?: number;
  readonly traceType?: number;
  /** Fields of the head that are others than those of the above. */
  readonly fields?: Values;
  /** Fields of the tail: of CONNTRACK, those of struct skbt_conntrack. */
  readonly tail?: Values;
}

type Values = Readonly<Record<string, number | bigint | string | Uint8Array>>;

/** A log that is written chunk by chunk. */
export class MadeRecording {
  readonly #encoder: LogEncoder;
  readonly #spans: Uint8Array[];
  readonly #locations: string[] = [];
  readonly #chains: string[] = [];
  #events = 0;

  /** @param environment what differs from a host with a probe for each function, ends included */
  constructor(environment: Partial<Environment> = {}, uuid: Uint8Array = new Uint8Array(16).fill(7)) {
    this.#encoder = new LogEncoder(uuid, layoutId(EVENT_LAYOUT), START_NS);
    this.#spans = [this.#encoder.fileHeader()];
    this.json(ChunkType.ENVIRONMENT, environmentJson({ ...madeEnvironment(), ...environment }));
    const clock = { monotonicNs: START_NS, realtimeNs: START_UNIX_NS, boottimeNs: START_NS, taiNs: 0n };
    this.#add(this.#encoder.chunk(ChunkType.CLOCK, [encodeClock(clock)]));
  }

  /** A CPU's next events; a number stands for that many events that the ring refused there. */
  on(cpu: number, ...events: readonly (MadeEvent | number)[]): this {
    const records = events.map((event) =>
      typeof event === "number" ? lostRecord(event) : this.#record(event),
    );
    return this.#add(this.#encoder.chunk(ChunkType.RAW, records, { cpu }));
  }

  /** No event from before `ns` comes any more. */
  round(ns: number): this {
    const safeNs = START_NS + BigInt(ns);
    return this.#add(this.#encoder.chunk(ChunkType.ROUND, [encodeRound({ startedNs: safeNs, safeNs })]));
  }

  json(type: number, value: unknown): this {
    return this.#add(this.#encoder.json(type, value));
  }

  /** A chunk of which a byte is wrong. */
  damagedChunk(): this {
    const spans = this.#encoder.chunk(ChunkType.RAW, [new Uint8Array(64)], { cpu: 0 });
    const bytes = Buffer.concat(spans);
    bytes[bytes.length - 30] = 1 ^ (bytes[bytes.length - 30] ?? 0);
    return this.#add([bytes]);
  }

  bytes({ closed = true }: { closed?: boolean } = {}): Uint8Array {
    if (closed) this.json(ChunkType.END, { reason: "test", atNs: 1e12, attempts: this.#events, failed: 0 });
    return Buffer.concat(this.#spans);
  }

  #add(spans: readonly Uint8Array[]): this {
    this.#spans.push(...spans);
    return this;
  }

  /** Of a place of drops; its name stands in a DICTIONARY before the events. */
  #location(name: string): bigint {
    let number = this.#locations.indexOf(name);
    if (number < 0) {
      number = this.#locations.push(name) - 1;
      const symbol = { address: LOCATION_BASE + BigInt(number), name, offset: 0x9f };
      this.json(ChunkType.DICTIONARY, dictionaryJson({ symbols: [symbol], stacks: [], devices: [] }));
    }
    return LOCATION_BASE + BigInt(number);
  }

  /** The id of a table and chain; what it means stands in a DICTIONARY before the events. */
  #chain(table: string, chain = ""): bigint {
    const key = `${table}/${chain}`;
    let number = this.#chains.indexOf(key);
    if (number < 0) {
      number = this.#chains.push(key) - 1;
      const entry = { id: BigInt(number) + 1n, engine: chain ? 1 : 0, family: chain ? 1 : 2, table, chain };
      this.json(
        ChunkType.DICTIONARY,
        dictionaryJson({ symbols: [], stacks: [], devices: [], chains: [entry] }),
      );
    }
    return BigInt(number) + 1n;
  }

  #record(event: MadeEvent): Uint8Array {
    this.#events++;
    const kind = EventKind[event.kind ?? "SIGHT"];
    const packet = typeof event.packet === "string" ? frame(event.packet) : event.packet;
    const tail = EVENT_LAYOUT.kinds.find((candidate) => candidate.kind === kind)?.tail;
    const { sameBytesAs } = event;
    const own = sameBytesAs === undefined ? packet : reference(sameBytesAs);
    const size = EVENT_LAYOUT.head.size + (tail?.size ?? 0) + (own?.length ?? 0);
    const bytes = new Uint8Array((12 + size + 7) & ~7);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 9, true);
    view.setUint16(6, bytes.length, true);
    view.setUint32(8, bytes.length - 12, true);
    const put = (fields: typeof EVENT_LAYOUT.head.fields, from: number, values: Values): void => {
      for (const { name, offset, type, size: width } of fields) {
        const value = values[name] ?? 0;
        if (value instanceof Uint8Array) bytes.set(value.subarray(0, width), from + offset);
        else if (type === "text") bytes.set(Buffer.from(String(value).slice(0, width)), from + offset);
        else
          for (let i = 0; i < width; i++)
            bytes[from + offset + i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
      }
    };
    const at = event.at === undefined ? -1 : FUNCTIONS.indexOf(event.at);
    put(EVENT_LAYOUT.head.fields, 12, {
      time_ns: START_NS + BigInt(event.ns),
      skb: event.skb,
      address:
        kind === EventKind.FREE ? (END_PROBE.address ?? 0n) : at < 0 ? 0n : FUNCTION_BASE + BigInt(at * 256),
      pid: event.pid ?? 0,
      netns: event.netns ?? 0,
      ifindex: event.ifindex ?? 0,
      len: packet ? packet.length - 14 : 0,
      stack_id: -1,
      protocol: packet ? ((packet[12] ?? 0) << 8) | (packet[13] ?? 0) : 0,
      kind,
      capture_length: sameBytesAs === undefined ? (packet?.length ?? 0) : 0,
      mac_header: packet ? 0 : 0xffff,
      network_header: packet ? 14 : 0,
      transport_header: 0xffff,
      data_offset: packet ? 14 : 0,
      flags: (event.first ? EventFlag.FIRST : 0) | (sameBytesAs === undefined ? 0 : EventFlag.SAME_BYTES),
      ...event.fields,
    });
    put(tail?.fields ?? [], 12 + EVENT_LAYOUT.head.size, {
      parent: event.parent ?? 0n,
      how: CloneHow[event.how ?? "CLONE"],
      into: event.into ?? 0n,
      location: event.location === undefined ? 0n : this.#location(event.location),
      reason: event.reason ?? 0,
      has_reason: event.reason === undefined ? 0 : 1,
      chain:
        kind === EventKind.TRAVERSAL || kind === EventKind.RULE
          ? this.#chain(event.table ?? "filter", event.chain)
          : 0n,
      engine: event.chain === undefined ? 0 : 1,
      ct_state: event.ctState ?? 0,
      conntrack: event.conntrack ?? 0n,
      result: event.result ?? 0,
      handle: event.handle ?? 0,
      type: event.traceType ?? 3,
      hook: event.hook ?? 1,
      verdict: event.verdict ?? 1,
      duration_ns: event.durationNs ?? 0,
      pf: 2,
      ...event.tail,
    });
    if (own) bytes.set(own, 12 + EVENT_LAYOUT.head.size + (tail?.size ?? 0));
    return bytes;
  }
}

/** What stands in the place of bytes: SKBT_F_SAME_BYTES of bpf/event.h. */
function reference(ns: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Number((START_NS + BigInt(ns)) & 0xffff_ffffn));
  return bytes;
}

/** Probes of a kernel where nothing but tracepoints can be attached to. */
export const TRACEPOINTS: readonly Probe[] = functionProbes();

function functionProbes(): Probe[] {
  return FUNCTIONS.map((name, i) => ({
    name,
    type: "kprobe" as const,
    event: "sight" as const,
    status: "attached" as const,
    symbol: name,
    address: FUNCTION_BASE + BigInt(i * 256),
  }));
}

const device = (ifindex: number, name: string): Interface => ({ ifindex, name });

function madeEnvironment(): Environment {
  return {
    version: "0",
    host: {
      hostname: "made",
      kernel: "k",
      kernelVersion: "",
      machine: "",
      bootId: "",
      cpus: 4,
      pageSize: 4096,
      distribution: "",
    },
    commandLine: [],
    options: {},
    layout: EVENT_LAYOUT,
    probes: [...functionProbes(), END_PROBE],
    dropReasons: { core: REASONS.map((name, value) => ({ value, name })), subsystems: [] },
    namespaces: [
      { inode: 100, name: "a", interfaces: [device(1, "eth0"), device(2, "br0")] },
      { inode: 200, name: "b", interfaces: [device(1, "vb")] },
    ],
    problems: [],
  };
}

function lostRecord(count: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 2, true);
  view.setUint16(6, 24, true);
  view.setBigUint64(16, BigInt(count), true);
  return bytes;
}

/** What the reconstruction gives. */
export interface Reconstructed {
  /** In the order of their numbers. */
  readonly paths: readonly PathRow[];
  readonly drops: readonly DropRow[];
  readonly traversals: readonly TraversalRow[];
  readonly events: readonly AnyRow[];
  /** Rows of the other tables by table. */
  readonly others: Readonly<Record<string, readonly AnyRow[]>>;
  /** The most skbs in flight. */
  readonly mostInFlight: number;
}

/** Reads a recording to its end. @param pieces bytes that come at a time */
export function reconstruct(
  bytes: Uint8Array,
  demand: Partial<Demand> = {},
  pieces: number = bytes.length,
  mode: ReadMode = "tolerate-tail",
): Reconstructed {
  const reader = new RecordingReader({ mode });
  const reconstruction = new Reconstruction(reader, { tables: new Set(TABLE_NAMES), ...demand });
  const [paths, drops, traversals]: [PathRow[], DropRow[], TraversalRow[]] = [[], [], []];
  const events: AnyRow[] = [];
  const others: Record<string, AnyRow[]> = {};
  let mostInFlight = 0;
  const take = (batches: ReturnType<RecordingReader["push"]>): void => {
    for (const batch of batches) {
      const found = reconstruction.take(batch);
      paths.push(...found.paths.map(({ path }) => path));
      drops.push(...found.drops);
      traversals.push(...found.traversals);
      for (let i = 0; found.events && i < found.events.length; i++) events.push(rowAt(found.events, i));
      mostInFlight = Math.max(mostInFlight, reconstruction.inFlight);
    }
  };
  for (let at = 0; at < bytes.length; at += pieces) take(reader.push(bytes.slice(at, at + pieces)));
  take(reader.end());
  paths.push(...reconstruction.finish().map(({ path }) => path));
  for (const block of reconstruction.hostBlocks()) {
    const rows = (others[block.table] ??= []);
    for (let i = 0; i < block.length; i++) rows.push(rowAt(block, i));
  }
  return {
    paths: paths.toSorted((a, b) => a.path - b.path),
    drops,
    traversals,
    events,
    others,
    mostInFlight,
  };
}
