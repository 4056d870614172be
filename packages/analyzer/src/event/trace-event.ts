// One event as people and programs want it: numbers turned into names, bytes into a packet.
import { CloneHow, type EventBatch, EventFlag, type EventKindName, kindName } from "@skbtracer/format";
import type { Capture } from "../dissect/capture.js";
import { dissect } from "../dissect/packet.js";
import type { Packet } from "../dissect/packet-fields.js";
import { Captures } from "./captures.js";
import type { Names } from "./names.js";
import { type Connection, readConnection } from "./connection.js";
import { returnText } from "./return-text.js";
import { type RuleStep, ruleStep, type TablePass, tablePass } from "./table-pass.js";

/** Of a pass through a table, or of a hook that did not let the packet pass. */
export interface TraversalFacts extends TablePass {
  /** NFPROTO_*: 2 IPv4, 10 IPv6. */
  readonly pf: number;
  readonly durationNs: number;
  readonly inInterface: string | undefined;
  readonly outInterface: string | undefined;
}

/** Of a rule that matched. */
export interface RuleFacts extends RuleStep {
  /** The rule itself, if the recording has it. */
  readonly text: string | undefined;
}

/** Of a drop. */
export interface DropFacts {
  /** Function and offset of the caller of kfree_skb. */
  readonly location: string;
  /** Undefined where the kernel gives no reasons. */
  readonly reason: string | undefined;
}

/** Of a return from a function. */
export interface ReturnFacts {
  /** As the function's type has it: see returnText. */
  readonly value: string;
  /** When the function was entered; ns since the recording's start. */
  readonly entryNs: number;
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
  /** What the packet was dissected from. */
  readonly capture: Capture;
  readonly stack: readonly string[] | undefined;
  readonly traversal: TraversalFacts | undefined;
  readonly drop: DropFacts | undefined;
  readonly rule: RuleFacts | undefined;
  /** Of an event that tells of one. */
  readonly connection: Connection | undefined;
  /** Of a clone: the skb that it was made from, and how. */
  readonly parent: bigint | undefined;
  readonly how: Born | undefined;
  /** Of a new head: the old one. */
  readonly oldHead: bigint | undefined;
  /** Of a merge: the skb that has the data now. */
  readonly into: bigint | undefined;
  /** Of an end: another skb has its head now. */
  readonly headStolen: boolean;
  /** Of a return. */
  readonly returned: ReturnFacts | undefined;
}

/** How an skb is made from another. */
export type Born = "cloned" | "copied" | "segmented" | "fragmented";

const BORN: Readonly<Record<number, Born>> = {
  [CloneHow.CLONE]: "cloned",
  [CloneHow.COPY]: "copied",
  [CloneHow.SEGMENT]: "segmented",
  [CloneHow.FRAGMENT]: "fragmented",
};

/** How the skb of the clone that is event `i` was made. */
export function bornOf(batch: EventBatch, i: number): Born {
  return BORN[batch.tailNumber(i, "how")] ?? "cloned";
}

/** The captured bytes of event `i`, with the skb's header offsets relative to them. */
export function captureOf(batch: EventBatch, i: number): Capture {
  return new Captures(batch).of(i);
}

/** Event `i` of a batch, or undefined if its kind is not known here. */
export function traceEvent(batch: EventBatch, i: number, names: Names): TraceEvent | undefined {
  const kind = kindName(batch.narrow("kind")[i] ?? 0);
  if (kind === undefined) return undefined;
  const address = batch.wide("address")[i] ?? 0n;
  const netns = batch.narrow("netns")[i] ?? 0;
  const ifindex = batch.narrow("ifindex")[i] ?? 0;
  const flags = batch.narrow("flags")[i] ?? 0;
  const capture = captureOf(batch, i);
  return {
    kind,
    timeNs: batch.times[i] ?? 0,
    cpu: batch.cpu(i),
    skb: batch.wide("skb")[i] ?? 0n,
    head: batch.wide("head")[i] ?? 0n,
    function: functionName(kind, address, names),
    pid: batch.narrow("pid")[i] ?? 0,
    netns,
    ifindex,
    interface: names.device(netns, ifindex),
    length: batch.narrow("len")[i] ?? 0,
    mark: batch.narrow("mark")[i] ?? 0,
    pktType: batch.narrow("pkt_type")[i] ?? 0,
    vlanTci: flags & EventFlag.VLAN ? batch.narrow("vlan_tci")[i] : undefined,
    first: (flags & EventFlag.FIRST) !== 0,
    packet: dissect(capture),
    capture,
    stack: names.stack(batch.narrow("stack_id")[i] ?? -1),
    traversal: kind === "traversal" || kind === "hook" ? traversalFacts(batch, i, names, netns) : undefined,
    drop: kind === "drop" ? dropFacts(batch, i, names) : undefined,
    rule: kind === "rule" ? ruleFacts(batch, i, names, netns) : undefined,
    connection: kind === "conntrack" ? readConnection(batch, i) : undefined,
    parent: kind === "clone" ? batch.tailWide(i, "parent") : undefined,
    how: kind === "clone" ? bornOf(batch, i) : undefined,
    oldHead: kind === "head" ? batch.tailWide(i, "old_head") : undefined,
    into: kind === "merge" ? batch.tailWide(i, "into") : undefined,
    headStolen: (flags & EventFlag.HEAD_STOLEN) !== 0,
    returned: kind === "return" ? returnFacts(batch, i, names) : undefined,
  };
}

function functionName(kind: EventKindName, address: bigint, names: Names): string {
  // The first recordings knew clones by skb_clone only, and did not say so.
  if (kind === "clone" && address === 0n) return "skb_clone";
  return kind === "return" ? names.return(address) : names.function(address);
}

function returnFacts(batch: EventBatch, i: number, names: Names): ReturnFacts {
  return { value: returnValue(batch, i, names), entryNs: entryNs(batch, i) };
}

/** What the function of a return returned. */
export function returnValue(batch: EventBatch, i: number, names: Names): string {
  return returnText(batch.tailWide(i, "value"), names.returnType(batch.wide("address")[i] ?? 0n));
}

/** When the function of a return was entered, in ns since the recording's start: its own time less what it took. */
export function entryNs(batch: EventBatch, i: number): number {
  const took = (batch.wide("time_ns")[i] ?? 0n) - batch.tailWide(i, "entry_ns");
  return (batch.times[i] ?? 0) - Number(took);
}

function traversalFacts(batch: EventBatch, i: number, names: Names, netns: number): TraversalFacts {
  return {
    ...tablePass(batch, i, names),
    pf: batch.tailNumber(i, "pf"),
    durationNs: batch.tailNumber(i, "duration_ns"),
    inInterface: names.device(netns, batch.tailNumber(i, "in_ifindex")),
    outInterface: names.device(netns, batch.tailNumber(i, "out_ifindex")),
  };
}

function ruleFacts(batch: EventBatch, i: number, names: Names, netns: number): RuleFacts {
  const step = ruleStep(batch, i, names);
  const { tableFamily, table, handle } = step;
  const text = handle === undefined ? undefined : names.rule(netns, tableFamily, table, handle)?.text;
  return { ...step, text };
}

function dropFacts(batch: EventBatch, i: number, names: Names): DropFacts {
  const hasReason = batch.tailNumber(i, "has_reason") !== 0;
  return {
    location: names.code(batch.tailWide(i, "location")),
    reason: hasReason ? names.dropReason(batch.tailNumber(i, "reason")) : undefined,
  };
}
