// One skb from its begin to its end.
import type { DropPlace } from "./drop-places.js";
import type { PacketFacts } from "./packet-facts.js";

/** How a life ended. */
export type LifeEnd =
  /** The kernel was seen to free it. */
  | "freed"
  /** Its address was used again, and its end was not seen. */
  | "reused"
  /** The recording ended first. */
  | "open";

/** An skb, its clones and theirs. */
export interface Family {
  /** Members that have not ended. */
  open: number;
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
  /** It began as a clone; `parent` is its parent's path, if that was followed. */
  cloned = false;
  parent: number | undefined = undefined;
  /** Undefined for an skb without clones. */
  family: Family | undefined = undefined;
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
  firstPacket: PacketFacts | undefined = undefined;
  lastPacket: PacketFacts | undefined = undefined;
  verdicts = "";
  drop: DropPlace | undefined = undefined;
  /** Whether an event of it was wanted. */
  matched = false;
  end: LifeEnd = "open";
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
}
