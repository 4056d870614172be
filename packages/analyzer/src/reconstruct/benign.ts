// Where the kernel frees packets as "dropped" although nothing went wrong: rules, first match first. They tell harmless
// ends apart from losses; nothing is hidden by them.
import type { Outcome } from "../tables/rows.js";

/** One rule. */
export interface BenignRule {
  readonly name: string;
  /** Of the function at the drop's location. */
  readonly functions: readonly string[] | RegExp;
  /**
   * Reasons with which it is harmless; without, any. `null` is a kernel that gives none (5.10).
   */
  readonly reasons?: readonly (string | null)[];
  readonly outcome: Outcome;
  /** Why it is harmless, for people. */
  readonly because: string;
}

const UNSAID = [null, "NOT_SPECIFIED"] as const;

/** All rules. */
export const BENIGN_RULES: readonly BenignRule[] = [
  {
    name: "not-a-packet",
    functions: /^(unix_|netlink_|af_unix|__netlink_|scm_|maybe_init_creds)/,
    outcome: "consumed",
    because: "a message between processes of this host (AF_UNIX, netlink), not a packet of a network",
  },
  {
    name: "icmp-handled",
    functions: ["icmp_rcv", "icmpv6_rcv"],
    // icmp_rcv and, before it, ping_rcv leave with this for every message that they handled and no ping socket wanted.
    reasons: [null, "NOT_SPECIFIED", "NO_SOCKET"],
    outcome: "delivered",
    because: "the kernel frees an ICMP message that it has handled like a dropped one (net/ipv4/icmp.c)",
  },
  {
    name: "ping-not-for-a-ping-socket",
    functions: ["ping_rcv"],
    outcome: "delivered",
    because:
      "an echo reply that no unprivileged ping socket waits for: raw sockets have had their copy (net/ipv4/ping.c)",
  },
  {
    name: "raw-copy",
    functions: ["raw_rcv", "raw_local_deliver", "raw_v4_input", "raw_icmp_error"],
    // 6.1 and later say why (net/ipv4/raw.c: raw_rcv_skb).
    reasons: [...UNSAID, "SOCKET_FILTER"],
    outcome: "consumed",
    because: "a raw socket's copy that its own filter did not want (ping, of another's replies)",
  },
  {
    name: "tcp-handled",
    functions: ["tcp_rcv_state_process", "tcp_rcv_established", "tcp_ack", "tcp_child_process"],
    reasons: UNSAID,
    outcome: "delivered",
    because: "a segment without data that TCP has handled (net/ipv4/tcp_input.c)",
  },
  {
    name: "socket-closed",
    functions: [
      "sk_stream_kill_queues",
      "inet_sock_destruct",
      "skb_queue_purge",
      "skb_queue_purge_reason",
      "__skb_queue_purge",
      "skb_rbtree_purge",
      "tcp_write_queue_purge",
      "tcp_disconnect",
      "packet_release",
      "packet_sock_destruct",
      "udp_destruct_common",
      "udp_destruct_sock",
    ],
    outcome: "consumed",
    because: "what waited in the queue of a socket that was closed",
  },
  {
    name: "part-of-a-whole",
    // Not kfree_skb_list, by which kernels without reasons also free what a full queue did not take.
    functions: ["skb_release_data", "kfree_skb_list_reason"],
    reasons: UNSAID,
    outcome: "consumed",
    because: "a fragment that was put together with others and is freed with the whole (net/core/skbuff.c)",
  },
  {
    name: "not-a-drop",
    functions: /./,
    reasons: ["SKB_CONSUMED", "SKB_NOT_DROPPED_YET"],
    outcome: "consumed",
    because: "the kernel itself says that it was not dropped",
  },
];

/** The rule by which a drop is harmless. @param reason null where the kernel gives none */
export function benignRule(name: string, reason: string | null): BenignRule | undefined {
  return BENIGN_RULES.find(
    ({ functions, reasons }) =>
      (functions instanceof RegExp ? functions.test(name) : functions.includes(name)) &&
      (reasons === undefined || reasons.includes(reason)),
  );
}
