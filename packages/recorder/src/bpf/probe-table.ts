// The probes: one row each. What a kernel lacks is refused and recorded as such, never fatal.

/** A BPF program of the object; `sight` is one for each place of the skb among the arguments. */
export type ProgramRole = "sight" | "free" | "clone" | "table";

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
   * is not used.
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

/** The original's functions in the order that packets meet them, each followed by its IPv6 twin; then ends and clones. */
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
  { name: "skb_clone", role: "clone" },
  // No one function sees every end: each of these does for some packets, and the first one to run reports it.
  { name: "kfree_skbmem", role: "free" },
  { name: "napi_skb_cache_put", role: "free" },
  { name: "kfree_skb_partial", role: "free" },
  { name: "napi_skb_free_stolen_head", role: "free" },
];

/** skb:kfree_skb tells of drops everywhere; the others stand in where a kernel has no kprobes. */
export const TRACEPOINT_PROBES: readonly TracepointProbe[] = [
  { name: "skb:kfree_skb", program: "tp_kfree_skb", number: 1, event: "drop" },
  { name: "skb:consume_skb", program: "tp_consume_skb", number: 2, event: "free", instead: true },
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
