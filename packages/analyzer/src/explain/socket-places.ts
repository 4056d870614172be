// Places in TCP, UDP and sockets of all kinds.
import type { Place } from "./explanation.js";

/** Each function is in one row only. */
export const SOCKET_PLACES: readonly Place[] = [
  {
    functions: ["__udp4_lib_rcv", "__udp6_lib_rcv", "udp_rcv", "udpv6_rcv"],
    means: "No UDP socket is bound to the port at this address, or the checksum or length is wrong.",
    causes:
      "A service that is not running, or listens on another address, port or namespace; else damage on the way.",
    check: "ss -lnu; nstat -az UdpNoPorts UdpInCsumErrors UdpInErrors Udp6NoPorts",
    source: "net/ipv4/udp.c: __udp4_lib_rcv",
  },
  {
    functions: [
      "udp_queue_rcv_one_skb",
      "udp_queue_rcv_skb",
      "udpv6_queue_rcv_one_skb",
      "udpv6_queue_rcv_skb",
      "__udp_enqueue_schedule_skb",
      "__udp_queue_rcv_skb",
    ],
    means:
      "The UDP socket did not take it: its receive buffer is full, its filter refused, or the checksum is wrong.",
    causes: "The program does not read fast enough, or a burst is larger than the buffer.",
    check:
      "ss -anmup (skmem: rb, d); nstat -az UdpRcvbufErrors UdpInCsumErrors UdpMemErrors; sysctl net.core.rmem_max",
    source: "net/ipv4/udp.c: udp_queue_rcv_one_skb",
  },
  {
    functions: [
      "udp_recvmsg",
      "udpv6_recvmsg",
      "__first_packet_length",
      "first_packet_length",
      "__skb_recv_udp",
    ],
    means: "The datagram's checksum turned out to be wrong when the program read it.",
    causes:
      "Damage on the way, or offloading that leaves checksums to a card or virtual device that does not fill them in.",
    check: "nstat -az UdpInCsumErrors; ethtool -k DEVICE (rx, tx checksumming)",
    source: "net/ipv4/udp.c: udp_recvmsg",
  },
  {
    functions: ["tcp_v4_rcv", "tcp_v6_rcv"],
    means:
      "No TCP socket wants the segment, its checksum is wrong, or IPsec, a filter or the TTL limit refused it.",
    causes: "Nothing listens on the port (a reset answers), the connection is over, or a scan.",
    check: "ss -lnt; ss -tan; nstat -az TcpOutRsts TcpInCsumErrors TcpInErrs TcpExtTCPMinTTLDrop",
    source: "net/ipv4/tcp_ipv4.c: tcp_v4_rcv",
  },
  {
    functions: ["tcp_v4_do_rcv", "tcp_v6_do_rcv", "tcp_child_process"],
    means:
      "TCP freed a segment that it did not keep: a wrong checksum, or one that the socket's state refuses.",
    causes: "Damage on the way, or segments of connections that end; many are handled, and harmless.",
    check: "nstat -az TcpInCsumErrors TcpInErrs; ss -tan",
    source: "net/ipv4/tcp_ipv4.c: tcp_v4_do_rcv",
  },
  {
    functions: ["tcp_rcv_established", "tcp_rcv_state_process", "tcp_validate_incoming", "tcp_ack"],
    means: "TCP freed a segment that it had handled, or that did not fit the connection.",
    causes: "Acknowledgements without data end here in order; else duplicates, old timestamps, or resets.",
    check: "nstat -az | grep -E 'PAWS|Challenge|InErrs|EstabResets'; ss -tin",
    source: "net/ipv4/tcp_input.c",
  },
  {
    functions: [
      "tcp_data_queue",
      "tcp_data_queue_ofo",
      "tcp_ofo_queue",
      "tcp_prune_ofo_queue",
      "tcp_try_rmem_schedule",
    ],
    means: "TCP did not keep a segment's data: it had it already, the window was closed, or memory is short.",
    causes: "Retransmissions that were not needed, a program that does not read, or a small receive buffer.",
    check: "nstat -az TcpExtTCPZeroWindowDrop TcpExtTCPRcvQDrop TcpExtTCPOFODrop TcpExtOfoPruned; ss -tmin",
    source: "net/ipv4/tcp_input.c",
  },
  {
    functions: ["tcp_add_backlog"],
    means: "The socket was in use by its program, and the queue for that time is full.",
    causes: "A flood to one socket, or a small receive buffer.",
    check: "nstat -az TcpExtTCPBacklogDrop; ss -tmn; sysctl net.ipv4.tcp_rmem",
    source: "net/ipv4/tcp_ipv4.c: tcp_add_backlog",
  },
  {
    functions: ["tcp_conn_request", "tcp_v4_conn_request", "tcp_v6_conn_request", "tcp_check_req"],
    means: "A new connection was not taken.",
    causes: "The queue of new connections is full, a SYN flood, or a program that accepts too slowly.",
    check:
      "ss -ltn (Recv-Q, Send-Q); nstat -az TcpExtListenOverflows TcpExtListenDrops TcpExtTCPReqQFullDrop; sysctl net.ipv4.tcp_max_syn_backlog net.core.somaxconn",
    source: "net/ipv4/tcp_input.c: tcp_conn_request",
  },
  {
    functions: ["raw_rcv", "raw_rcv_skb", "raw_v4_input", "raw_local_deliver", "rawv6_rcv"],
    means: "A raw socket did not take its copy: its filter refused it, or its buffer is full.",
    causes: "A second ping, whose socket does not want other pings' replies; the packet itself goes on.",
    check: "ss -anwp; ss -anwm",
    source: "net/ipv4/raw.c",
  },
  {
    functions: ["packet_rcv", "tpacket_rcv", "packet_rcv_fanout"],
    means: "A packet socket (tcpdump, DHCP) could not take its copy.",
    causes: "Its buffer is full: a capture that is too slow. Others got the packet all the same.",
    check: "cat /proc/net/packet; tcpdump's count of packets dropped by kernel; a larger tcpdump -B",
    source: "net/packet/af_packet.c: packet_rcv, tpacket_rcv",
  },
  {
    functions: [
      "sk_filter_trim_cap",
      "sock_queue_rcv_skb",
      "sock_queue_rcv_skb_reason",
      "__sock_queue_rcv_skb",
    ],
    means: "The socket's filter refused it, or its receive buffer is full.",
    causes: "A BPF filter on the socket or its cgroup, or a program that does not read fast enough.",
    check: "ss -anmp --bpf; bpftool cgroup tree",
    source: "net/core/sock.c, net/core/filter.c",
  },
  {
    functions: ["skb_queue_purge", "skb_queue_purge_reason", "__skb_queue_purge", "skb_rbtree_purge"],
    means: "A queue was emptied as a whole.",
    causes: "A socket or device that went away while packets waited.",
    check: "The stack, if recorded with --dropstack; ip monitor link",
    source: "net/core/skbuff.c: skb_queue_purge",
  },
];
