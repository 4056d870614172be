// The events of a recording, as `replay --json` prints them.
import { readFileSync } from "node:fs";

import { ChunkScanner } from "@skbtracer/format";

import { skbtracer } from "./cli.js";

/** Members of an event that the tests use. */
export interface Event {
  /** CLOCK_MONOTONIC, as process.hrtime has it. */
  readonly monotonicNs: number;
  readonly kind: "sight" | "drop" | "free" | "clone" | "traversal";
  readonly function: string;
  readonly since_start_ns: number;
  readonly cpu: number;
  readonly skb: string;
  readonly first?: boolean;
  readonly pid: number;
  readonly netns: number;
  readonly interface?: string;
  readonly packet?: string;
  readonly ether_type?: number;
  readonly protocol?: number;
  readonly vlan_tci?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly source_port?: number;
  readonly destination_port?: number;
  readonly tcp_flags?: unknown;
  readonly icmp_type?: number;
  readonly icmp_id?: number;
  readonly drop_reason?: string;
  readonly drop_location?: string;
  readonly stack?: readonly string[];
}

/** Of a recording, in the order of replay, ends of skbs included. */
export async function eventsOf(file: string, ...flags: string[]): Promise<Event[]> {
  const { code, stdout, stderr } = await skbtracer("replay", "--json", "--lifecycle", ...flags, file);
  if (code !== 0) throw new Error(stderr);
  const startNs = Number(startOf(file));
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event)
    .map((event) => ({ ...event, monotonicNs: startNs + event.since_start_ns }));
}

/** Now, by the clock that events are stamped with. */
export const nowNs = (): number => Number(process.hrtime.bigint());

function startOf(file: string): bigint {
  const scanner = new ChunkScanner();
  scanner.push(readFileSync(file)).next();
  return scanner.fileHeader?.startNs ?? 0n;
}
