// One skb from its begin to its end.
import type { Translation } from "./connections.js";
import type { DropPlace } from "./drop-places.js";
import type { Born } from "../event/trace-event.js";
import type { PacketFacts } from "./packet-facts.js";

/** How a life ended. */
export type LifeEnd =
  /** The kernel was seen to free it. */
  | "freed"
  /** Its address was used again, and its end was not seen. */
  | "reused"
  /** The recording ended first. */
  | "open";

/** An skb, what was made from it, and from that. */
export interface Family {
  /** Number of the first one's path. */
  readonly root: number;
  /** Members that have not ended. */
  open: number;
}

/** Which nftables rule decided: the last one before a pass ended. */
export interface Decision {
  /** Of the pass: see struct skbt_rule. */
  readonly chain: bigint;
  /** Undefined: the base chain's policy. */
  readonly handle: number | undefined;
  /** The rule itself, or `policy`; undefined if the recording does not have it. */
  readonly text: string | undefined;
}

/** `rule 7: tcp dport 9 drop`, `rule 7`, `policy`; undefined if it is not known what decided. */
export function decisionText(
  handle: number | null | undefined,
  text: string | null | undefined,
): string | undefined {
  if (handle === null || handle === undefined) return text ?? undefined;
  return text ? `rule ${handle}: ${text}` : `rule ${handle}`;
}

/** What is known of an skb so far. Times in ns since the recording's start. */
export class Life {
  /** Number of its path. */
  readonly id: number;
  readonly low: number;
  readonly high: number;
  readonly firstNs: number;
  readonly pid: number;
  /** Whether the recorder saw nothing of this skb before. */
  readonly beginSeen: boolean;
  /** How it was made from another skb; undefined if it was not. `parent` is that one's path, if that was followed. */
  born: Born | undefined = undefined;
  parent: number | undefined = undefined;
  /** Undefined for an skb that nothing was made from. */
  family: Family | undefined = undefined;
  /** The path of the skb that its data went on in, if that was followed. */
  mergedInto: number | undefined = undefined;
  lastNs: number;
  events = 0;
  /** Number of its way: see Ways. */
  way = 0;
  /** Functions of its first and last sight; -1: none. */
  firstFunction = -1;
  lastFunction = -1;
  /** Number of the set of CPUs that it was seen on: see CpuSets. */
  cpus = 0;
  lastCpu = -1;
  /** Times of its sights, if asked for. */
  hopTimes: number[] | undefined = undefined;
  /** `skb->len` when the packet was first seen. */
  len: number;
  /** `len` is its parent's, whose data it has: its own has yet to be seen. */
  hasParentsLen = false;
  firstPacket: PacketFacts | undefined = undefined;
  /** `firstPacket` is its parent's, of which it is a part or a copy: its own has yet to be seen. */
  hasParentsPacket = false;
  lastPacket: PacketFacts | undefined = undefined;
  verdicts = "";
  /** States of its connections in their order, separated by spaces, and the last of them. */
  conntrack = "";
  lastConntrack = "";
  /** What NAT makes of packets of the connections that it was first and last seen to belong to. */
  firstTranslation: Translation | undefined = undefined;
  lastTranslation: Translation | undefined = undefined;
  decision: Decision | undefined = undefined;
  /** A hook that was entered before its skb was seen tells of it alone as the first: so does the next event until here. */
  hookUntilNs = -1;
  /** What that hook decided, until it is over or a table in it is seen to have decided it. */
  openHook: { readonly hook: string; readonly text: string } | undefined = undefined;
  drop: DropPlace | undefined = undefined;
  /** Whether an event of it was wanted. */
  matched = false;
  end: LifeEnd = "open";
  /** Functions that it is in whose returns are recorded. */
  calls = 0;
  /** A part of the file is missing that its events may have been in. */
  damaged = false;

  constructor(
    id: number,
    low: number,
    high: number,
    timeNs: number,
    pid: number,
    len: number,
    beginSeen: boolean,
  ) {
    this.id = id;
    this.low = low;
    this.high = high;
    this.firstNs = timeNs;
    this.lastNs = timeNs;
    this.pid = pid;
    this.len = len;
    this.beginSeen = beginSeen;
  }

  /** Adds what a table or a hook decided. */
  addVerdict(text: string): void {
    this.verdicts = this.verdicts === "" ? text : `${this.verdicts} ${text}`;
  }

  /** The hook that was entered last is over, and no table in it says why the packet did not pass. */
  endHook(): void {
    if (!this.openHook) return;
    this.addVerdict(this.openHook.text);
    this.openHook = undefined;
  }
}
