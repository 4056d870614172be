// The functions that both recorders are given, and how pwru is told.

export const FUNCTIONS = Object.freeze([
  "ip_rcv",
  "ip_rcv_finish",
  "ip_output",
  "ip_finish_output",
  "__dev_queue_xmit",
  "__netif_receive_skb",
  "netif_rx",
  "napi_gro_receive",
  "tpacket_rcv",
  "packet_rcv",
]);

export const FUNCTIONS_PATTERN = `^(${FUNCTIONS.join("|")})$`;
