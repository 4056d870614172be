// Reasons of TCP. include/net/dropreason-core.h has the names; counters of nstat are those that the kernel names there.
import type { Reasons } from "./explanation.js";

/** By name. */
export const TCP_REASONS: Reasons = {
  TCP_CSUM: {
    means: "The checksum of the TCP segment is wrong.",
    causes:
      "Damage on the way, or offloading that leaves checksums to a card or virtual device that does not fill them in.",
    check: "nstat -az TcpInCsumErrors; ethtool -k DEVICE (rx, tx checksumming)",
    source: "net/ipv4/tcp_ipv4.c: tcp_v4_rcv",
  },
  TCP_AUTH_HDR: {
    means: "The segment carries TCP-MD5 and TCP-AO together, or one of them twice or malformed.",
    causes: "A peer that is set up wrongly, or a forged segment.",
    check: "tcpdump -vv -n -i DEVICE tcp port PORT; ss -tin",
    source: "include/net/tcp.h: tcp_parse_auth_options",
  },
  TCP_MD5NOTFOUND: {
    means: "The socket wants an MD5 signature (RFC 2385), and the segment has none.",
    causes: "BGP peers of which one has no password, or a forged segment.",
    check: "nstat -az TcpExtTCPMD5NotFound; ss -tin (md5keys); the peer's configuration",
    source: "net/ipv4/tcp.c: tcp_inbound_md5_hash",
  },
  TCP_MD5UNEXPECTED: {
    means: "The segment has an MD5 signature (RFC 2385), and the socket knows no key for the peer.",
    causes: "BGP peers of which one has no password.",
    check: "nstat -az TcpExtTCPMD5Unexpected; the peer's configuration",
    source: "net/ipv4/tcp.c: tcp_inbound_md5_hash",
  },
  TCP_MD5FAILURE: {
    means: "The segment's MD5 signature (RFC 2385) is wrong.",
    causes: "Passwords that differ, or NAT between the peers: the signature covers the addresses.",
    check: "nstat -az TcpExtTCPMD5Failure; dmesg | grep MD5",
    source: "net/ipv4/tcp.c: tcp_inbound_md5_hash",
  },
  TCP_AONOTFOUND: {
    means: "The socket wants TCP-AO (RFC 5925), and the segment is not signed.",
    causes: "Peers of which one has no keys, or a forged segment.",
    check: "nstat -az TcpExtTCPAORequired; ss -tin",
    source: "net/ipv4/tcp.c: tcp_inbound_hash",
  },
  TCP_AOUNEXPECTED: {
    means: "The segment is signed by TCP-AO (RFC 5925), and the socket does not use it.",
    causes: "Peers of which one has no keys.",
    check: "nstat -az TcpExtTCPAOKeyNotFound; ss -tin",
    source: "net/ipv4/tcp_ao.c: tcp_inbound_ao_hash",
  },
  TCP_AOKEYNOTFOUND: {
    means: "The segment names a TCP-AO key (RFC 5925) that the socket does not have.",
    causes: "Keys that were rolled over at one end only, or key ids that differ.",
    check: "nstat -az TcpExtTCPAOKeyNotFound; ss -tin",
    source: "net/ipv4/tcp_ao.c: tcp_inbound_ao_hash",
  },
  TCP_AOFAILURE: {
    means: "The segment's TCP-AO signature (RFC 5925) is wrong.",
    causes: "Keys that differ, or NAT between the peers.",
    check: "nstat -az TcpExtTCPAOBad; ss -tin",
    source: "net/ipv4/tcp_ao.c: tcp_ao_verify_hash",
  },
  TCP_FLAGS: {
    means: "The flags do not go together, or not with the connection's state.",
    causes: "A scan (SYN and FIN, or none), a segment without ACK, or a forged one.",
    check: "tcpdump -n -i DEVICE tcp port PORT; ss -tan",
    source: "net/ipv4/tcp_input.c: tcp_rcv_established, tcp_rcv_state_process",
  },
  TCP_ABORT_ON_DATA: {
    means: "Data came for a connection that its program has closed; it was answered with a reset.",
    causes: "A program that closes before it has read everything, or does not wait for the peer's end.",
    check: "nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose; the program's log",
    source: "net/ipv4/tcp_input.c: tcp_rcv_state_process",
  },
  TCP_ZEROWINDOW: {
    means: "Data came while the receive window was closed.",
    causes: "The receiving program does not read; the sender probes the window.",
    check: "ss -tmn (Recv-Q); nstat -az TcpExtTCPZeroWindowDrop TcpExtTCPToZeroWindowAdv",
    source: "net/ipv4/tcp_input.c: tcp_data_queue",
  },
  TCP_OLD_DATA: {
    means: "All of the segment's data had been received before.",
    causes: "A retransmission that was not needed: a lost or late acknowledgement, or duplicates on the way.",
    check: "nstat -az TcpExtDelayedACKLost TcpRetransSegs; ss -tin (retrans, rtt)",
    source: "net/ipv4/tcp_input.c: tcp_data_queue",
  },
  TCP_OVERWINDOW: {
    means: "The segment's data begins beyond the receive window.",
    causes: "A sender or middlebox that does not heed the window, or a window that was withdrawn.",
    check: "ss -tmin; nstat -az TcpExtTCPRcvQDrop",
    source: "net/ipv4/tcp_input.c: tcp_data_queue",
  },
  TCP_OFOMERGE: {
    means: "The segment's data was already there among what came out of order.",
    causes: "Retransmissions after loss or reordering; nothing is missing.",
    check: "nstat -az TcpExtTCPOFOMerge TcpExtTCPOFOQueue; ss -tin (reordering)",
    source: "net/ipv4/tcp_input.c: tcp_data_queue_ofo",
  },
  TCP_RFC7323_PAWS: {
    means:
      "The timestamp is older than one seen before (PAWS, RFC 7323): the segment counts as an old duplicate.",
    causes: "A delayed duplicate, or several hosts behind one NAT address or balancer with different clocks.",
    check: "nstat -az TcpExtPAWSEstab TcpExtPAWSActive; sysctl net.ipv4.tcp_timestamps net.ipv4.tcp_tw_reuse",
    source: "net/ipv4/tcp_input.c: tcp_validate_incoming",
  },
  TCP_RFC7323_PAWS_ACK: {
    means: "An acknowledgement without data has an old timestamp (PAWS, RFC 7323).",
    causes: "Reordering on the way: a later acknowledgement came first. Nothing is missing.",
    check: "nstat -az TcpExtPAWSOldAck; ss -tin (reordering)",
    source: "net/ipv4/tcp_input.c: tcp_validate_incoming",
  },
  TCP_RFC7323_TW_PAWS: {
    means: "A segment for a connection in TIME-WAIT has an old timestamp (PAWS, RFC 7323).",
    causes: "A port that a client behind NAT uses again too soon, with another clock.",
    check: "nstat -az TcpExtPAWSTimewait; ss -tan state time-wait",
    source: "net/ipv4/tcp_minisocks.c: tcp_timewait_state_process",
  },
  TCP_RFC7323_TSECR: {
    means: "The segment echoes a timestamp that this host has not sent (RFC 7323).",
    causes: "A middlebox that rewrites timestamps, or a forged segment.",
    check: "nstat -az TcpExtTSEcrRejected; tcpdump -n -i DEVICE tcp port PORT",
    source: "net/ipv4/tcp_minisocks.c: tcp_check_req",
  },
  TCP_LISTEN_OVERFLOW: {
    means: "The queue of connections that wait for accept() is full.",
    causes: "A program that accepts too slowly, or a short backlog.",
    check:
      "ss -ltn (Recv-Q, Send-Q); nstat -az TcpExtListenOverflows TcpExtListenDrops; sysctl net.core.somaxconn",
    source: "net/ipv4/tcp_minisocks.c: tcp_check_req",
  },
  TCP_OLD_SEQUENCE: {
    means: "The segment lies before the receive window: a duplicate.",
    causes: "A retransmission that was not needed, keep-alives, or duplicates on the way.",
    check: "nstat -az TcpExtTCPDSACKOldSent TcpRetransSegs; ss -tin",
    source: "net/ipv4/tcp_input.c: tcp_sequence",
  },
  TCP_INVALID_SEQUENCE: {
    means: "The segment lies outside of the receive window.",
    causes:
      "A duplicate from before (RST or SYN of an older connection too), a middlebox that rewrites numbers, or a forged one.",
    check: "nstat -az TcpExtTCPACKSkippedSeq TcpExtTCPChallengeACK; tcpdump -S -n -i DEVICE tcp port PORT",
    source: "net/ipv4/tcp_input.c: tcp_sequence",
  },
  TCP_INVALID_END_SEQUENCE: {
    means: "The segment ends beyond the receive window.",
    causes: "A sender or middlebox that does not heed the window.",
    check: "nstat -az TcpExtBeyondWindow; ss -tmin",
    source: "net/ipv4/tcp_input.c: tcp_sequence",
  },
  TCP_INVALID_ACK_SEQUENCE: {
    means: "The acknowledged number is outside of what this host has sent and is waiting for.",
    causes: "A segment of an older connection, a middlebox that rewrites numbers, or a forged one.",
    check: "nstat -az TcpExtTCPACKSkippedSynRecv; tcpdump -S -n -i DEVICE tcp port PORT",
    source: "net/ipv4/tcp_input.c: tcp_rcv_synsent_state_process",
  },
  TCP_RESET: {
    means: "A reset came: it ended its connection, or it did not fit and was ignored.",
    causes: "The peer aborted (no such port, a crash, a close with unread data), or a middlebox did.",
    check:
      "nstat -az TcpEstabResets TcpExtTCPChallengeACK; tcpdump -n -i DEVICE 'tcp[tcpflags] & tcp-rst != 0'",
    source: "net/ipv4/tcp_input.c: tcp_validate_incoming",
  },
  TCP_INVALID_SYN: {
    means: "A SYN came within a connection that exists; it is answered with a challenge (RFC 5961).",
    causes: "A client that restarted and uses its port again, or a forged segment.",
    check: "nstat -az TcpExtTCPSYNChallenge; ss -tan",
    source: "net/ipv4/tcp_input.c: tcp_validate_incoming",
  },
  TCP_CLOSE: {
    means: "The socket is closed already.",
    causes: "A segment that arrives while the connection ends.",
    check: "ss -tan; nstat -az TcpExtTCPAbortOnClose",
    source: "net/ipv4/tcp_input.c: tcp_rcv_state_process",
  },
  TCP_FASTOPEN: {
    means: "A connection that began by TCP Fast Open does not accept this segment.",
    causes: "A segment without ACK, or one that belongs to another attempt.",
    check: "sysctl net.ipv4.tcp_fastopen; nstat -az TcpExtTCPFastOpenPassiveFail",
    source: "net/ipv4/tcp_input.c: tcp_rcv_state_process",
  },
  TCP_OLD_ACK: {
    means: "It acknowledges what was acknowledged before, and brings nothing else.",
    causes: "Reordering on the way. Nothing is missing.",
    check: "ss -tin (reordering)",
    source: "net/ipv4/tcp_input.c: tcp_ack",
  },
  TCP_TOO_OLD_ACK: {
    means: "It acknowledges what is more than a window back (RFC 5961, 5.2).",
    causes: "A very late duplicate, or a forged segment.",
    check: "nstat -az TcpExtTCPChallengeACK",
    source: "net/ipv4/tcp_input.c: tcp_ack",
  },
  TCP_ACK_UNSENT_DATA: {
    means: "It acknowledges what this host has not sent yet.",
    causes: "A segment of an older connection, a middlebox that answers by itself, or a forged one.",
    check: "nstat -az TcpExtTCPChallengeACK; tcpdump -S -n -i DEVICE tcp port PORT",
    source: "net/ipv4/tcp_input.c: tcp_ack",
  },
  TCP_OFO_QUEUE_PRUNE: {
    means: "Data that came out of order was thrown away to free the receive buffer.",
    causes: "Loss or reordering with a small receive buffer, or TCP as a whole short of memory.",
    check: "nstat -az TcpExtOfoPruned TcpExtPruneCalled; sysctl net.ipv4.tcp_rmem net.ipv4.tcp_mem; ss -tmn",
    source: "net/ipv4/tcp_input.c: tcp_prune_ofo_queue",
  },
  TCP_OFO_DROP: {
    means: "Data that came out of order could not be kept, or had come in the meantime.",
    causes: "A full receive buffer, or retransmissions that overlap; the sender sends again what is missing.",
    check: "nstat -az TcpExtTCPOFODrop; ss -tmn",
    source: "net/ipv4/tcp_input.c: tcp_ofo_queue, tcp_data_queue_ofo",
  },
  TCP_MINTTL: {
    means: "The packet's TTL or hop limit is below what the socket demands.",
    causes:
      "A BGP peer with TTL security (GTSM, RFC 5082) that is further away than set, or a forged packet.",
    check: "nstat -az TcpExtTCPMinTTLDrop; traceroute -n SOURCE; the daemon's ttl-security",
    source: "net/ipv4/tcp_ipv4.c: tcp_v4_rcv",
  },
};
