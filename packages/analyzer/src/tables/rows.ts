// Rows of the tables as objects: what the reconstruction gives, a database gives back, and printers take.

import type { Born } from "../event/trace-event.js";

/** The packet's columns, in every table that has them. */
export interface PacketColumns {
  readonly protocol: string | null;
  readonly info: string | null;
  readonly source: string | null;
  readonly source_port: number | null;
  readonly destination: string | null;
  readonly destination_port: number | null;
  readonly icmp_id: number | null;
  readonly icmp_seq: number | null;
}

/** A row of `events`. */
export interface EventRow extends PacketColumns {
  readonly recording: string;
  readonly event: number;
  readonly path: number | null;
  readonly time_ns: number;
  readonly unix_ns: bigint | null;
  readonly cpu: number;
  readonly kind: string;
  readonly function: string;
  readonly netns: number;
  readonly ifindex: number;
  readonly interface: string | null;
  readonly pid: number;
  readonly len: number;
  readonly mark: number;
  readonly ip_len: number | null;
  readonly return_value: string | null;
}

/** How a path began. */
export type Begin = "received" | "sent" | "unknown" | Born;

/** How a path ended. */
export type Outcome = "delivered" | "transmitted" | "dropped" | "consumed" | "open" | "unknown";

/** A row of `paths`. */
export interface PathRow extends PacketColumns {
  readonly recording: string;
  readonly path: number;
  readonly parent: number | null;
  readonly family: number;
  readonly merged_into: number | null;
  readonly skb: string;
  readonly time_ns: number;
  readonly unix_ns: bigint | null;
  readonly last_ns: number;
  readonly duration_ns: number;
  readonly begin: Begin;
  readonly outcome: Outcome;
  readonly complete: 0 | 1;
  readonly incomplete_because: string | null;
  readonly events: number;
  readonly hops: number;
  readonly functions: string;
  readonly hop_ns: string;
  readonly interfaces: string;
  readonly namespaces: string;
  readonly cpus: string;
  readonly pid: number;
  readonly len: number;
  readonly last_source: string | null;
  readonly last_source_port: number | null;
  readonly last_destination: string | null;
  readonly last_destination_port: number | null;
  readonly nat_before: string | null;
  readonly nat_after: string | null;
  readonly conntrack: string | null;
  readonly verdicts: string | null;
  readonly drop_reason: string | null;
  readonly drop_location: string | null;
}

/** A row of `drops`. */
export interface DropRow extends PacketColumns {
  readonly recording: string;
  readonly drop: number;
  readonly event: number;
  readonly path: number;
  readonly time_ns: number;
  readonly unix_ns: bigint | null;
  readonly cpu: number;
  readonly reason: string | null;
  readonly location: string;
  readonly function: string;
  readonly benign: 0 | 1;
  readonly benign_rule: string | null;
  readonly netns: number;
  readonly interface: string | null;
  readonly pid: number;
  readonly len: number;
  readonly stack: string | null;
}

/** A row of `traversals`. */
export interface TraversalRow extends PacketColumns {
  readonly recording: string;
  readonly traversal: number;
  readonly event: number;
  readonly path: number;
  readonly time_ns: number;
  readonly unix_ns: bigint | null;
  readonly cpu: number;
  readonly engine: string;
  readonly family: string;
  readonly table_family: string;
  readonly table_name: string;
  readonly chain: string | null;
  readonly hook: string;
  readonly verdict: string;
  readonly rule_handle: number | null;
  readonly rule: string | null;
  readonly conntrack: string | null;
  readonly duration_ns: number;
  readonly netns: number;
  readonly in_interface: string | null;
  readonly out_interface: string | null;
  readonly pid: number;
  readonly len: number;
}

/** A row of `losses`. */
export interface LossRow {
  readonly recording: string;
  readonly cpu: number | null;
  readonly after_ns: number;
  readonly before_ns: number;
  readonly count: number | null;
  readonly probe: string | null;
  readonly cause: "ring full" | "missed" | "damage";
}

/** A row of a table that has no interface of its own. */
export type AnyRow = Readonly<Record<string, string | number | bigint | null>>;
