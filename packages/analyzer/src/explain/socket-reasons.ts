// Reasons of firewalls, sockets and their queues, and those that say nothing. include/net/dropreason-core.h has the names.
import type { Reasons } from "./explanation.js";

/** By name. */
export const SOCKET_REASONS: Reasons = {
  SKB_NOT_DROPPED_YET: {
    means: "Not a drop: the kernel had not decided anything.",
    causes: "The kernel's own bookkeeping; a value that no freed packet should have.",
    check: "The function at the location.",
    source: "include/net/dropreason-core.h",
  },
  SKB_CONSUMED: {
    means: "Not a drop: the packet was used up in order.",
    causes: "The end of most packets.",
    check: "Nothing.",
    source: "include/net/dropreason-core.h",
  },
  NOT_SPECIFIED: {
    means: "The kernel does not say why: this place has no reason of its own.",
    causes: "Whatever the function at the location checks.",
    check:
      "The function at the location; the stack, if recorded with --dropstack; nstat -az before and after",
    source: "include/net/dropreason-core.h",
  },
  NO_SOCKET: {
    means:
      "No socket wants the packet: nothing listens on the port at this address, or the connection is not known.",
    causes:
      "A service that is not running, or listens on another address, port or namespace; a connection that ended; a scan.",
    check: "ss -lntu; ss -tan; nstat -az UdpNoPorts TcpOutRsts; the packet's network namespace",
    source: "net/ipv4/udp.c: __udp4_lib_rcv, net/ipv4/tcp_ipv4.c: tcp_v4_rcv",
  },
  NETFILTER_DROP: {
    means: "A netfilter hook dropped it: a rule or chain policy of iptables or nftables, or conntrack.",
    causes:
      "A rule with DROP or REJECT (which answers, and drops too), or a policy without a rule that accepts.",
    check:
      "skbtracer traversals FILE --list; iptables -nvxL (-t raw, mangle, nat too); nft list ruleset; conntrack -S",
    source: "net/netfilter/core.c: nf_hook_slow",
  },
  SOCKET_FILTER: {
    means: "The BPF filter of the socket that was to get the packet did not want it.",
    causes:
      "A program that set SO_ATTACH_FILTER or SO_ATTACH_BPF, such as ping on its raw socket, or a cgroup program.",
    check: "ss -anp --bpf; ss -0 -p --bpf; bpftool cgroup tree",
    source: "net/core/filter.c: sk_filter_trim_cap",
  },
  SOCKET_RCVBUFF: {
    means: "The socket's receive buffer is full.",
    causes: "The program does not read fast enough, or a burst is larger than the buffer.",
    check:
      "ss -anmp (skmem: rb, d); nstat -az UdpRcvbufErrors Udp6RcvbufErrors; sysctl net.core.rmem_max net.core.rmem_default",
    source: "net/core/sock.c: __sock_queue_rcv_skb, net/ipv4/udp.c: __udp_enqueue_schedule_skb",
  },
  SOCKET_BACKLOG: {
    means: "The socket was in use by its program, and the queue for that time is full.",
    causes: "A flood to one socket, or a small receive buffer.",
    check: "nstat -az TcpExtTCPBacklogDrop; ss -tmn; sysctl net.ipv4.tcp_rmem",
    source: "net/ipv4/tcp_ipv4.c: tcp_add_backlog",
  },
  SOCKET_CLOSE: {
    means: "It waited in the queue of a socket that was closed.",
    causes: "A program that ended or closed its socket before it read everything.",
    check: "ss -anp; the program's log",
    source: "net/unix/af_unix.c: unix_release_sock",
  },
  PROTO_MEM: {
    means: "The protocol as a whole has used up the memory that it may use.",
    causes: "Very many or very slow sockets of UDP or TCP, on this host or in this cgroup.",
    check: "cat /proc/net/sockstat; sysctl net.ipv4.udp_mem net.ipv4.tcp_mem; nstat -az UdpMemErrors",
    source: "net/ipv4/udp.c: __udp_enqueue_schedule_skb",
  },
  UDP_CSUM: {
    means: "The checksum of the UDP datagram is wrong.",
    causes:
      "Damage on the way, or offloading that leaves checksums to a card or virtual device that does not fill them in.",
    check: "nstat -az UdpInCsumErrors Udp6InCsumErrors; ethtool -k DEVICE (rx, tx checksumming)",
    source: "net/ipv4/udp.c: __udp4_lib_rcv",
  },
  UNIX_DISCONNECT: {
    means: "It waited at an AF_UNIX socket that was connected to another peer, or whose peer closed.",
    causes: "Processes of this host that end or reconnect: not a packet of a network.",
    check: "ss -xp",
    source: "net/unix/af_unix.c: unix_dgram_disconnected",
  },
  UNIX_SKIP_OOB: {
    means: "An out-of-band byte of an AF_UNIX socket was skipped or had been read.",
    causes: "Processes of this host that use MSG_OOB: not a packet of a network.",
    check: "ss -xp",
    source: "net/unix/af_unix.c: manage_oob",
  },
  PACKET_SOCK_ERROR: {
    means: "A packet socket (tcpdump, DHCP) that wanted the packet could not take it.",
    causes: "Its buffer is full: a capture that is too slow. Others got the packet all the same.",
    check: "cat /proc/net/packet; tcpdump's count of packets dropped by kernel; a larger tcpdump -B",
    source: "net/packet/af_packet.c: packet_rcv, tpacket_rcv",
  },
  QUEUE_PURGE: {
    means: "A queue was emptied as a whole.",
    causes: "A socket or device that went away while packets waited.",
    check: "The stack, if recorded with --dropstack; ip monitor link",
    source: "net/core/skbuff.c: skb_queue_purge_reason",
  },
  SECURITY_HOOK: {
    means: "A security module (SELinux, AppArmor, BPF LSM) refused it.",
    causes: "A policy about network packets or Unix sockets, or labelled networking.",
    check: "ausearch -m avc -ts recent; dmesg | grep -i denied; bpftool prog list",
    source: "include/net/dropreason-core.h",
  },
  BPF_CGROUP_EGRESS: {
    means: "A BPF program of the sender's cgroup refused it.",
    causes: "systemd (IPAddressDeny), a container's network policy, or an agent.",
    check: "bpftool cgroup tree; systemctl show UNIT -p IPAddressDeny",
    source: "net/ipv4/ip_output.c: ip_finish_output",
  },
  PSP_INPUT: {
    means: "The socket's encryption (PSP) does not allow the packet as it came.",
    causes: "A packet in the clear, or with a key that is not the connection's.",
    check: "The keys and versions at both ends; ethtool -S DEVICE",
    source: "include/net/dropreason-core.h",
  },
  PSP_OUTPUT: {
    means: "A packet of an encrypted connection (PSP) could not be sent as it must.",
    causes: "It goes out by a device without PSP, or its key is gone.",
    check: "ip route get DESTINATION; ethtool -S DEVICE",
    source: "include/net/dropreason-core.h",
  },
  NOMEM: {
    means: "The kernel had no memory for it.",
    causes: "A host or cgroup short of memory; atomic allocations fail first.",
    check: "dmesg | grep -i 'allocation failure'; free -m; sysctl vm.min_free_kbytes",
    source: "include/net/dropreason-core.h",
  },
  PFMEMALLOC: {
    means: "It lay in memory kept for emergencies, and its receiver is not one that saves memory.",
    causes: "A host short of memory that swaps over the network.",
    check: "free -m; nstat -az TcpExtPFMemallocDrop; sysctl vm.min_free_kbytes",
    source: "net/core/dev.c: __netif_receive_skb_core, net/core/filter.c: sk_filter_trim_cap",
  },
  SKB_UCOPY_FAULT: {
    means: "Its data could not be copied from or kept for a program's memory.",
    causes:
      "A program (a virtual machine's, by tun or vhost) that gave a bad address, or no memory for the copy.",
    check: "dmesg; the program's log",
    source: "drivers/net/tun.c: tun_net_xmit, tun_get_user",
  },
};
