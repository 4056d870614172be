// The sets that --probes takes by name: one row each.
import { FUNCTION_PROBES } from "./probe-table.js";

/** A set of functions that take an skb. */
export interface ProbeSet {
  readonly name: string;
  readonly meaning: string;
  /** Functions that belong to it on any kernel: those that this one lacks are recorded as refused. */
  readonly names: readonly string[];
  /** Whether one of this kernel's functions belongs to it too. */
  includes(name: string, module: string | undefined): boolean;
}

const SIGHTS = FUNCTION_PROBES.filter(({ role }) => role === "sight");
const BRIDGE_MODULES: ReadonlySet<string> = new Set(["bridge", "br_netfilter"]);

/** Functions that came after the original: its own ones' twins for IPv6. */
const TWINS: ReadonlySet<string> = new Set([
  "br_nf_pre_routing_ipv6",
  "br_nf_pre_routing_finish_ipv6",
  "ipv6_rcv",
  "ip6_rcv_finish",
  "ip6_output",
  "ip6_finish_output",
]);

const none = (): boolean => false;

/** All of them. */
export const PROBE_SETS: readonly ProbeSet[] = [
  {
    name: "default",
    meaning: "what is recorded without --probes",
    names: SIGHTS.map(({ name }) => name),
    includes: none,
  },
  {
    name: "original",
    meaning: "the functions of the original tracer",
    names: SIGHTS.filter(({ name }) => !TWINS.has(name)).map(({ name }) => name),
    includes: none,
  },
  {
    name: "drops",
    meaning: "where packets are freed as dropped, and what is sent to say so",
    names: [],
    includes: (name) =>
      /^_*(kfree_skb|sk_skb_reason_drop|skb_tx_error|icmp_send|icmp6_send|icmpv6_send|nf_send_reset6?$|nf_send_unreach6?$|tcp_v[46]_send_reset)/.test(
        name,
      ),
  },
  {
    name: "netfilter",
    meaning: "hooks, connection tracking, NAT, queues, rejects",
    names: ["nf_hook_slow"],
    includes: (name) =>
      /^_*(nf|nft|nfnl|nfqnl|ipt|ip6t|xt|ipv4_conntrack|ipv6_conntrack|ip_defrag)_/.test(`${name}_`),
  },
  {
    name: "bridge",
    meaning: "bridges, and netfilter on bridges",
    names: SIGHTS.filter(({ module }) => BRIDGE_MODULES.has(module ?? "")).map(({ name }) => name),
    includes: (name, module) => (module === undefined ? /^_*br_/.test(name) : BRIDGE_MODULES.has(module)),
  },
  {
    name: "all",
    meaning: "every function of the kernel and its modules that takes an skb",
    names: [],
    includes: () => true,
  },
];
