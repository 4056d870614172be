// Places in IP, ICMP, ARP, neighbour discovery, netfilter and IPsec.
import type { Place } from "./explanation.js";

/** Each function is in one row only. */
export const IP_PLACES: readonly Place[] = [
  {
    functions: ["nf_hook_slow", "nf_hook_slow_list"],
    means: "A netfilter hook dropped it: a rule or chain policy of iptables or nftables, or conntrack.",
    causes:
      "A rule with DROP or REJECT (which answers, and drops too), or a policy without a rule that accepts.",
    check:
      "skbtracer traversals FILE --list; iptables -nvxL (-t raw, mangle, nat too); nft list ruleset; conntrack -S",
    source: "net/netfilter/core.c: nf_hook_slow",
  },
  {
    functions: ["nf_reinject", "nf_queue", "nfqnl_flush", "nfqnl_enqueue_packet"],
    means: "It was given to a program by NFQUEUE, which dropped it or was not there.",
    causes: "The program's verdict, a full queue, or a program that ended.",
    check: "cat /proc/net/netfilter/nfnetlink_queue; iptables -nvxL; nft list ruleset",
    source: "net/netfilter/nf_queue.c, nfnetlink_queue.c",
  },
  {
    functions: ["ip_rcv_finish_core", "ip_rcv_finish"],
    means:
      "The routing of a packet that came in refused it: a bad source or destination, or the reverse path filter.",
    causes:
      "rp_filter with asymmetric routes, a martian or forged source, or a unicast in a broadcast frame.",
    check:
      "nstat -az TcpExtIPReversePathFilter; sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.DEVICE.rp_filter; ip route get DESTINATION from SOURCE iif DEVICE; dmesg | grep martian",
    source: "net/ipv4/ip_input.c: ip_rcv_finish_core, net/ipv4/route.c: ip_route_input_slow",
  },
  {
    functions: ["ip_rcv_core", "ip_rcv"],
    means:
      "The IPv4 header is not valid, its checksum is wrong, or the frame is for another host's MAC address.",
    causes: "Promiscuous mode (tcpdump) or a switch that floods; else damaged or cut packets.",
    check:
      "nstat -az IpInHdrErrors IpExtInCsumErrors IpExtInTruncatedPkts; ip -d link show DEVICE (promiscuity)",
    source: "net/ipv4/ip_input.c: ip_rcv_core",
  },
  {
    functions: ["ip_rcv_options", "ip_options_rcv_srr"],
    means: "An IPv4 option is malformed or not allowed.",
    causes: "Source routing, which is refused, or a scan.",
    check: "nstat -az IpInHdrErrors; sysctl net.ipv4.conf.DEVICE.accept_source_route",
    source: "net/ipv4/ip_input.c: ip_rcv_options",
  },
  {
    functions: ["ip_error"],
    means: "There is no route to the destination, or the packet is for another host and forwarding is off.",
    causes: "A missing route on a router, an unreachable or prohibit route, or ip_forward=0.",
    check:
      "ip route get DESTINATION from SOURCE iif DEVICE; sysctl net.ipv4.conf.DEVICE.forwarding; nstat -az IpExtInNoRoutes IpInAddrErrors",
    source: "net/ipv4/route.c: ip_error",
  },
  {
    functions: ["ip_forward"],
    means:
      "A packet to be forwarded was refused: its TTL is used up, it is larger than the MTU, or IPsec does not allow it.",
    causes: "A routing loop or traceroute; a smaller MTU ahead with DF set; an IPsec policy.",
    check:
      "nstat -az IpInHdrErrors IpFragFails; traceroute -n DESTINATION; ip route get DESTINATION; ip xfrm policy",
    source: "net/ipv4/ip_forward.c: ip_forward",
  },
  {
    functions: ["ip_local_deliver_finish", "ip_protocol_deliver_rcu"],
    means: "Nobody handles the packet's IP protocol, or IPsec does not allow it.",
    causes: "A tunnel or transport (GRE, IPIP, SCTP, ESP) whose module is not loaded or set up here.",
    check: "nstat -az IpInUnknownProtos; lsmod; ip xfrm policy",
    source: "net/ipv4/ip_input.c: ip_protocol_deliver_rcu",
  },
  {
    functions: ["ip_defrag", "ip_frag_queue", "ip_expire", "inet_frag_rbtree_purge", "inet_frag_destroy"],
    means: "A fragment could not be put together with the others.",
    causes:
      "Others were lost or filtered (later fragments have no ports), came too late, overlap, or the memory for them is full.",
    check: "nstat -az IpReasmFails IpReasmTimeout; sysctl net.ipv4.ipfrag_high_thresh net.ipv4.ipfrag_time",
    source: "net/ipv4/ip_fragment.c",
  },
  {
    functions: [
      "ip_fragment",
      "ip_do_fragment",
      "ip_finish_output",
      "ip_finish_output2",
      "__ip_finish_output",
    ],
    means:
      "A packet on its way out was refused: it may not be fragmented, has no next hop, or a cgroup program dropped it.",
    causes: "A smaller MTU with DF set, a neighbour that cannot be resolved, or a network policy in BPF.",
    check: "ip route get DESTINATION; ip neigh show; nstat -az IpFragFails; bpftool cgroup tree",
    source: "net/ipv4/ip_output.c",
  },
  {
    functions: ["__ip_queue_xmit", "ip_queue_xmit"],
    means: "There is no route for a packet that this host sends.",
    causes: "A missing default route, or a device that went down under a connection.",
    check: "ip route get DESTINATION; ip rule; nstat -az IpOutNoRoutes",
    source: "net/ipv4/ip_output.c: __ip_queue_xmit",
  },
  {
    functions: ["icmp_rcv"],
    means: "An ICMP message was handled and freed, or has a wrong checksum, or may not be answered.",
    causes: "Mostly harmless: every message ends here. Else damage, or a broadcast echo or timestamp.",
    check: "nstat -az IcmpInMsgs IcmpInErrors IcmpInCsumErrors",
    source: "net/ipv4/icmp.c: icmp_rcv",
  },
  {
    functions: ["igmp_rcv"],
    means: "An IGMP message was handled and freed, or is not valid.",
    causes: "Every membership message that is not passed on to a multicast router ends here.",
    check: "cat /proc/net/igmp; tcpdump -n -i DEVICE igmp",
    source: "net/ipv4/igmp.c: igmp_rcv",
  },
  {
    functions: ["arp_rcv", "arp_process"],
    means: "An ARP packet is malformed, or not for this host, or the device does no ARP.",
    causes: "ARP for other hosts, NOARP devices, or loopback addresses.",
    check:
      "ip link show DEVICE (NOARP); sysctl net.ipv4.conf.DEVICE.arp_ignore net.ipv4.conf.DEVICE.arp_filter",
    source: "net/ipv4/arp.c",
  },
  {
    functions: [
      "arp_error_report",
      "ndisc_error_report",
      "neigh_invalidate",
      "__neigh_event_send",
      "neigh_resolve_output",
    ],
    means: "It waited for the next hop's MAC address, which did not answer, or too many waited.",
    causes: "The next hop is down or gone, in another VLAN, or its ARP or ND answers are filtered.",
    check: "ip neigh show; arping -I DEVICE NEXTHOP; tcpdump -n -i DEVICE arp or icmp6",
    source: "net/core/neighbour.c, net/ipv4/arp.c: arp_error_report",
  },
  {
    functions: [
      "xfrm_input",
      "xfrm_lookup",
      "xfrm_lookup_with_ifid",
      "xfrm_output",
      "xfrm_output_resume",
      "xfrm4_rcv_encap",
      "esp_input",
      "esp_output",
      "xfrm_trans_queue",
    ],
    means: "IPsec refused it.",
    causes: "No state or policy for it, a replayed or damaged packet, or keys that differ.",
    check: "cat /proc/net/xfrm_stat; ip -s xfrm state; ip xfrm policy",
    source: "net/xfrm/",
  },
  {
    functions: ["ip6_rcv_core", "ipv6_rcv", "ip6_rcv_finish"],
    means: "The IPv6 header is not valid, IPv6 is off on the device, or the frame is for another host.",
    causes: "disable_ipv6, promiscuous mode, or addresses that may not be on a wire.",
    check: "sysctl net.ipv6.conf.DEVICE.disable_ipv6; nstat -az Ip6InHdrErrors Ip6InAddrErrors",
    source: "net/ipv6/ip6_input.c: ip6_rcv_core",
  },
  {
    functions: ["ip6_pkt_drop", "ip6_pkt_discard", "ip6_pkt_discard_out", "ip6_pkt_prohibit"],
    means: "There is no IPv6 route to the destination, or it is prohibited.",
    causes: "A missing route on a router, an unreachable or blackhole route, or forwarding that is off.",
    check:
      "ip -6 route get DESTINATION; sysctl net.ipv6.conf.all.forwarding; nstat -az Ip6InNoRoutes Ip6OutNoRoutes",
    source: "net/ipv6/route.c: ip6_pkt_drop",
  },
  {
    functions: ["ip6_forward"],
    means:
      "A packet to be forwarded was refused: its hop limit is used up, it is larger than the MTU, or forwarding is off.",
    causes: "A routing loop or traceroute, a smaller MTU ahead, or an IPsec policy.",
    check: "nstat -az Ip6InHdrErrors Ip6InTooBigErrors; sysctl net.ipv6.conf.all.forwarding",
    source: "net/ipv6/ip6_output.c: ip6_forward",
  },
  {
    functions: ["ip6_mc_input", "ip6_input_finish", "ip6_protocol_deliver_rcu"],
    means: "Nobody here takes the IPv6 packet: no member of the group, or no handler for the protocol.",
    causes: "Multicast of other hosts on the link; a protocol whose module is not loaded.",
    check: "ip -6 maddr show dev DEVICE; nstat -az Ip6InUnknownProtos Ip6InMcastPkts",
    source: "net/ipv6/ip6_input.c",
  },
  {
    functions: ["icmpv6_rcv", "ndisc_rcv", "ndisc_recv_ns", "ndisc_recv_na", "ndisc_router_discovery"],
    means: "An ICMPv6 or neighbour discovery message was handled and freed, or is not valid.",
    causes: "Mostly harmless: every message ends here. Else damage, or a forged message.",
    check: "nstat -az Icmp6InMsgs Icmp6InErrors Icmp6InCsumErrors; ip -6 neigh show",
    source: "net/ipv6/icmp.c: icmpv6_rcv, net/ipv6/ndisc.c",
  },
  {
    functions: [
      "igmp6_event_query",
      "igmp6_event_report",
      "mld_query_work",
      "mld_report_work",
      "igmp6_send",
      "mld_sendpack",
    ],
    means: "A multicast listener message (MLD) was handled and freed, or could not be sent.",
    causes: "Devices that come up or go down; rarely worth looking at.",
    check: "ip -6 maddr show; tcpdump -n -i DEVICE icmp6",
    source: "net/ipv6/mcast.c",
  },
];
