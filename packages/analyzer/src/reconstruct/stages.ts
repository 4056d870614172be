// Where on a packet's way a function stands: how a path begins that is first seen there, and how one ends that is freed
// in order after it was last seen there.
import type { Begin, Outcome } from "../tables/rows.js";

/** What being seen at a function says. */
export interface Stage {
  readonly begin: Begin;
  readonly outcome: Outcome;
}

const ARRIVING: Stage = { begin: "received", outcome: "consumed" };
const RECEIVING: Stage = { begin: "received", outcome: "delivered" };
const LEAVING: Stage = { begin: "sent", outcome: "transmitted" };
const SENDING: Stage = { begin: "sent", outcome: "consumed" };
const BRIDGING: Stage = { begin: "unknown", outcome: "consumed" };
const TAPPED: Stage = { begin: "unknown", outcome: "delivered" };
const ELSEWHERE: Stage = { begin: "unknown", outcome: "consumed" };

const STAGES: Readonly<Record<string, Stage>> = {
  // Freed here, it was merged into another (GRO).
  napi_gro_receive: ARRIVING,
  gro_receive_skb: ARRIVING,
  netif_rx: ARRIVING,
  "net:netif_rx": ARRIVING,
  // Its protocol's handler took it: a socket, ARP, the stack itself.
  __netif_receive_skb: RECEIVING,
  "net:netif_receive_skb": RECEIVING,
  ip_rcv: RECEIVING,
  ipv6_rcv: RECEIVING,
  ip_rcv_finish: RECEIVING,
  ip6_rcv_finish: RECEIVING,
  // A packet socket's: tcpdump and its like.
  tpacket_rcv: TAPPED,
  packet_rcv: TAPPED,
  // Freed here, it was fragmented, kept by a filter, or turned into others.
  ip_output: SENDING,
  ip6_output: SENDING,
  ip_finish_output: SENDING,
  ip6_finish_output: SENDING,
  __dev_queue_xmit: LEAVING,
  "net:net_dev_queue": LEAVING,
};

/** Of a function, by its name without the compiler's suffix. */
export function stageOf(name: string): Stage {
  return STAGES[name] ?? (name.startsWith("br_") || name.startsWith("__br_") ? BRIDGING : ELSEWHERE);
}
