// The probes: one row each. What a kernel lacks is refused and recorded as such, never fatal.
import { LIFE_PROBES } from "./life-probes.js";

/** What a function is to us, which says the BPF programs that are attached to it: attach.ts. */
export type ProgramRole =
  /** A packet passes through it. */
  | "sight"
  /** A packet passes through a table of iptables, or of nftables. */
  | "table"
  | "nft"
  /** An nftables rule decided, where its tracing is on. */
  | "rule"
  /** A packet passes through a netfilter hook. */
  | "hook"
  /** An skb ends; `free_partial` and `free_stolen` where another may have its data and head. */
  | "free"
  | "free_partial"
  | "free_stolen"
  /** Appends the data of an skb, its second argument, to another, its first. */
  | "merge"
  /** Returns a new skb. */
  | "alloc"
  /** Returns what it made from the skb: another, or a list of them (`segment`). */
  | "clone"
  | "copy"
  | "segment"
  | "fragment"
  /** Gives the skb a new head. */
  | "head";

/** A kernel function to probe. */
export interface FunctionProbe {
  readonly name: string;
  readonly role: ProgramRole;
  /** Names that the function has in other kernels. */
  readonly also?: readonly string[];
  /** The module that it is in, where it is not built in. */
  readonly module?: string;
  /**
   * Which argument is the skb, from 1, for kernels whose modules have no BTF (5.10): the prototypes there. With BTF it
   * is not used. Of nftables' functions, which argument leads to the skb.
   */
  readonly argument?: number;
}

/** A raw tracepoint; `number` takes the place of an address in its events (bpf/skbtracer.bpf.c, enum tracepoint). */
export interface TracepointProbe {
  readonly name: string;
  readonly program: string;
  readonly number: number;
  readonly event: "sight" | "drop" | "free";
  /** Only where there are no kprobes, as the functions around it say more. */
  readonly instead?: true;
}

const sight = (name: string, row: Partial<FunctionProbe> = {}): FunctionProbe => ({
  name,
  role: "sight",
  ...row,
});
const bridge = (name: string, argument: number): FunctionProbe => sight(name, { module: "bridge", argument });
const bridgeFilter = (name: string, argument: number): FunctionProbe =>
  sight(name, { module: "br_netfilter", argument });

/** The original's functions in the order that packets meet them, each followed by its IPv6 twin; then the lives of skbs. */
export const FUNCTION_PROBES: readonly FunctionProbe[] = [
  sight("netif_rx"),
  sight("__netif_receive_skb"),
  sight("tpacket_rcv", { module: "af_packet", argument: 1 }),
  sight("packet_rcv", { module: "af_packet", argument: 1 }),
  sight("napi_gro_receive", { also: ["gro_receive_skb"] }),
  sight("__dev_queue_xmit"),
  bridge("br_handle_frame_finish", 3),
  bridgeFilter("br_nf_pre_routing", 2),
  bridgeFilter("br_nf_pre_routing_ipv6", 2),
  bridgeFilter("br_nf_pre_routing_finish", 3),
  bridgeFilter("br_nf_pre_routing_finish_ipv6", 3),
  bridge("br_pass_frame_up", 1),
  bridge("br_netif_receive_skb", 3),
  bridge("br_forward", 2),
  bridge("__br_forward", 2),
  bridge("br_forward_finish", 3),
  bridgeFilter("br_nf_forward_ip", 2),
  bridgeFilter("br_nf_forward_finish", 3),
  bridgeFilter("br_nf_post_routing", 2),
  bridgeFilter("br_nf_dev_queue_xmit", 3),
  sight("ip_rcv"),
  sight("ipv6_rcv"),
  sight("ip_rcv_finish"),
  sight("ip6_rcv_finish"),
  sight("ip_output"),
  sight("ip6_output"),
  sight("ip_finish_output"),
  sight("ip6_finish_output"),
  { name: "ipt_do_table", role: "table", module: "ip_tables" },
  { name: "ip6t_do_table", role: "table", module: "ip6_tables" },
  { name: "nft_do_chain", role: "nft", module: "nf_tables", argument: 1 },
  { name: "__nft_trace_packet", role: "rule", module: "nf_tables", argument: 1 },
  { name: "nf_hook_slow", role: "hook" },
  ...LIFE_PROBES,
];

/**
 * skb:kfree_skb tells of drops everywhere, and skb:consume_skb of ends that no function that can be probed sees; the
 * others stand in where a kernel has no kprobes.
 */
export const TRACEPOINT_PROBES: readonly TracepointProbe[] = [
  { name: "skb:kfree_skb", program: "tp_kfree_skb", number: 1, event: "drop" },
  { name: "skb:consume_skb", program: "tp_consume_skb", number: 2, event: "free" },
  {
    name: "net:netif_receive_skb",
    program: "tp_netif_receive_skb",
    number: 3,
    event: "sight",
    instead: true,
  },
  { name: "net:net_dev_queue", program: "tp_net_dev_queue", number: 4, event: "sight", instead: true },
  { name: "net:netif_rx", program: "tp_netif_rx", number: 5, event: "sight", instead: true },
];

/** Programs of the object that take an skb as argument 1, 2... of a function. */
export const SIGHT_ARGUMENTS_MAX = 5;
