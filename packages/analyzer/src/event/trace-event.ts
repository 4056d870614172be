// One event as people and programs want it: numbers turned into names, bytes into a packet.
import { type EventBatch, EventFlag, EventKind } from "@skbtracer/format";
import type { Capture } from "../dissect/capture.js";
import { dissect } from "../dissect/packet.js";
import type { Packet } from "../dissect/packet-fields.js";
import type { Names } from "./names.js";
import { familyName, hookName, verdictName } from "./netfilter-names.js";

/** What an event tells. */
export type EventKindName = "sight" | "drop" | "traversal" | "clone" | "free";

/** Of a pass through a table. */
export interface TraversalFacts {
  /** NFPROTO_*: 2 IPv4, 10 IPv6. */
  readonly pf: number;
  readonly family: string;
  readonly table: string;
  readonly hook: string;
  readonly verdict: string;
  readonly durationNs: number;
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
}

/** Of a drop. */
export interface DropFacts {
  /** Function and offset of the caller of kfree_skb. */
  readonly location: string;
  /** Undefined where the kernel gives no reasons. */
  readonly reason: string | undefined;
}

/** One event. */
export interface TraceEvent {
  readonly kind: EventKindName;
  /** ns since the recording's start. */
  readonly timeNs: number;
  readonly cpu: number;
  readonly skb: bigint;
  readonly head: bigint;
  /** The probed function, as the kernel's symbol is called, or tracepoint. */
  readonly function: string;
  readonly pid: number;
  readonly netns: number;
  readonly ifindex: number;
  readonly interface: string | undefined;
  /** skb->len. */
  readonly length: number;
  readonly mark: number;
  /** PACKET_HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3, OUTGOING 4. */
  readonly pktType: number;
  /** A VLAN tag that travels beside the packet's bytes. */
  readonly vlanTci: number | undefined;
  /** The first event since this skb was last seen to end. */
  readonly first: boolean;
  readonly packet: Packet;
  readonly stack: readonly string[] | undefined;
  readonly traversal: TraversalFacts | undefined;
  readonly drop: DropFacts | undefined;
  /** Of a clone: the skb that it was cloned from. */
  readonly parent: bigint | undefined;
}

const KIND_NAMES: Readonly<Record<number, EventKindName>> = {
  [EventKind.SIGHT]: "sight",
  [EventKind.DROP]: "drop",
  [EventKind.TRAVERSAL]: "traversal",
  [EventKind.CLONE]: "clone",
  [EventKind.FREE]: "free",
};

/** The name of a kind; undefined for one that only a newer version knows. */
export function kindName(kind: number): EventKindName | undefined {
  return KIND_NAMES[kind];
}

const OFFSET_UNSET = 0xffff;

/** The captured bytes of event `i`, with the skb's header offsets relative to them. */
export function captureOf(batch: EventBatch, i: number): Capture {
  return captures(batch)(i);
}

/** The same for many events of a batch. */
export function captures(batch: EventBatch): (i: number) => Capture {
  const starts = batch.narrow("capture_offset");
  const macs = batch.narrow("mac_header");
  const networks = batch.narrow("network_header");
  const transports = batch.narrow("transport_header");
  const datas = batch.narrow("data_offset");
  const protocols = batch.narrow("protocol");
  return (i) => {
    const bytes = batch.captured(i);
    const start = starts[i] ?? 0;
    const network = networks[i];
    return {
      bytes,
      mac: placeOf(macs[i], start, bytes.length),
      network: network ? placeOf(network, start, bytes.length) : -1,
      transport: placeOf(transports[i], start, bytes.length),
      data: (datas[i] ?? 0) - start,
      protocol: protocols[i] ?? 0,
    };
  };
}

/** An offset from skb->head as one in the captured bytes; -1 if it is unset or not among them. */
function placeOf(offset: number | undefined, start: number, length: number): number {
  if (offset === undefined || offset === OFFSET_UNSET) return -1;
  const place = offset - start;
  return place >= 0 && place <= length ? place : -1;
}

/** Event `i` of a batch, or undefined if its kind is not known here. */
export function traceEvent(batch: EventBatch, i: number, names: Names): TraceEvent | undefined {
  const kind = kindName(batch.narrow("kind")[i] ?? 0);
  if (kind === undefined) return undefined;
  const netns = batch.narrow("netns")[i] ?? 0;
  const ifindex = batch.narrow("ifindex")[i] ?? 0;
  const flags = batch.narrow("flags")[i] ?? 0;
  return {
    kind,
    timeNs: batch.times[i] ?? 0,
    cpu: batch.cpu(i),
    skb: batch.wide("skb")[i] ?? 0n,
    head: batch.wide("head")[i] ?? 0n,
    function: kind === "clone" ? "skb_clone" : names.function(batch.wide("address")[i] ?? 0n),
    pid: batch.narrow("pid")[i] ?? 0,
    netns,
    ifindex,
    interface: names.device(netns, ifindex),
    length: batch.narrow("len")[i] ?? 0,
    mark: batch.narrow("mark")[i] ?? 0,
    pktType: batch.narrow("pkt_type")[i] ?? 0,
    vlanTci: flags & EventFlag.VLAN ? batch.narrow("vlan_tci")[i] : undefined,
    first: (flags & EventFlag.FIRST) !== 0,
    packet: dissect(captureOf(batch, i)),
    stack: names.stack(batch.narrow("stack_id")[i] ?? -1),
    traversal: kind === "traversal" ? traversalFacts(batch, i, names, netns) : undefined,
    drop: kind === "drop" ? dropFacts(batch, i, names) : undefined,
    parent: kind === "clone" ? batch.tailWide(i, "parent") : undefined,
  };
}

function traversalFacts(batch: EventBatch, i: number, names: Names, netns: number): TraversalFacts {
  const pf = batch.tailNumber(i, "pf");
  return {
    pf,
    family: familyName(pf),
    table: batch.tailText(i, "table"),
    hook: hookName(batch.tailNumber(i, "hook")),
    verdict: verdictName(batch.tailNumber(i, "verdict")),
    durationNs: batch.tailNumber(i, "duration_ns"),
    inInterface: names.device(netns, batch.tailNumber(i, "in_ifindex")),
    outInterface: names.device(netns, batch.tailNumber(i, "out_ifindex")),
  };
}

function dropFacts(batch: EventBatch, i: number, names: Names): DropFacts {
  const hasReason = batch.tailNumber(i, "has_reason") !== 0;
  return {
    location: names.code(batch.tailWide(i, "location")),
    reason: hasReason ? names.dropReason(batch.tailNumber(i, "reason")) : undefined,
  };
}
