// Reasons of IPv4, IPv6, ICMP, ARP and neighbour discovery. include/net/dropreason-core.h has the names.
import type { Reasons } from "./explanation.js";

/** By name. */
export const IP_REASONS: Reasons = {
  OTHERHOST: {
    means: "The frame's destination MAC address is another host's.",
    causes:
      "A device in promiscuous mode (tcpdump, a bridge), a switch that floods, or a wrong neighbour entry on the sender.",
    check: "ip -d link show DEVICE (promiscuity); on the sender: ip neigh show DESTINATION",
    source: "net/ipv4/ip_input.c, net/ipv6/ip6_input.c",
  },
  IP_CSUM: {
    means: "The checksum of the IPv4 header is wrong.",
    causes:
      "Damage by a cable, card or switch, or something that rewrote the header and left the checksum (tc, BPF).",
    check: "nstat -az IpExtInCsumErrors; ethtool -S DEVICE",
    source: "net/ipv4/ip_input.c: ip_rcv_core",
  },
  IP_INHDR: {
    means: "The IP header is not valid; where the packet was forwarded: its TTL or hop limit was used up.",
    causes: "At ip_forward or ip6_forward a routing loop, or traceroute; elsewhere a malformed packet.",
    check: "traceroute -n DESTINATION; ip route get DESTINATION; nstat -az IpInHdrErrors Ip6InHdrErrors",
    source: "net/ipv4/ip_input.c: ip_rcv_core, net/ipv4/ip_forward.c: ip_forward",
  },
  IP_RPFILTER: {
    means:
      "The reverse path filter: by this host's routes, the source is not reached by the device that it came from.",
    causes:
      "Asymmetric routes, several uplinks, a route missing in the table that policy rules choose, or a forged source.",
    check:
      "sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.DEVICE.rp_filter (the larger counts; 2 is loose); ip route get SOURCE; nstat -az TcpExtIPReversePathFilter",
    source: "net/ipv4/fib_frontend.c: fib_validate_source",
  },
  UNICAST_IN_L2_MULTICAST: {
    means: "A frame to a multicast or broadcast MAC address holds a packet to a unicast address.",
    causes:
      "An attack that RFC 1122 (3.3.6) tells hosts to refuse, or a balancer that shares a multicast MAC address.",
    check: "sysctl net.ipv4.conf.DEVICE.drop_unicast_in_l2_multicast; tcpdump -e -n -i DEVICE",
    source: "net/ipv4/ip_input.c: ip_rcv_finish_core",
  },
  XFRM_POLICY: {
    means: "IPsec policies do not allow the packet as it came, or there is no state for it.",
    causes:
      "A packet in the clear where a policy asks for IPsec, an expired state, or policies that differ at both ends.",
    check: "ip xfrm policy; ip xfrm state; cat /proc/net/xfrm_stat",
    source: "net/xfrm/xfrm_policy.c: __xfrm_policy_check",
  },
  IP_NOPROTO: {
    means: "Nobody handles the packet's IP protocol number.",
    causes: "A tunnel or transport (GRE, IPIP, SCTP, ESP) whose module is not loaded or set up here.",
    check: "nstat -az IpInUnknownProtos Ip6InUnknownProtos; lsmod; ip -d tunnel",
    source: "net/ipv4/ip_input.c: ip_protocol_deliver_rcu",
  },
  IP_OUTNOROUTES: {
    means: "There is no route for a packet that this host sends.",
    causes:
      "A missing default route, a device that went down, or a policy rule that leads to an empty table.",
    check: "ip route get DESTINATION; ip rule; nstat -az IpOutNoRoutes Ip6OutNoRoutes",
    source: "net/ipv4/ip_output.c: __ip_queue_xmit",
  },
  IP_INADDRERRORS: {
    means: "The packet is for an address that this host neither has nor forwards to.",
    causes: "Forwarding is off, the address was removed, or the sender has a wrong neighbour entry or route.",
    check:
      "ip addr show to DESTINATION; sysctl net.ipv4.conf.DEVICE.forwarding net.ipv6.conf.DEVICE.forwarding; nstat -az IpInAddrErrors",
    source: "net/ipv4/route.c: ip_error, net/ipv6/route.c: ip6_pkt_drop",
  },
  IP_INNOROUTES: {
    means: "There is no route to the destination of a packet that came in.",
    causes:
      "A missing or withdrawn route, an unreachable or prohibit route, or no default route on a router.",
    check:
      "ip route get DESTINATION from SOURCE iif DEVICE; ip rule; nstat -az IpExtInNoRoutes Ip6InNoRoutes",
    source: "net/ipv4/route.c: ip_error, net/ipv6/route.c: ip6_pkt_drop",
  },
  IP_LOCAL_SOURCE: {
    means: "A packet came in from a wire with a source address of this host itself.",
    causes:
      "A loop or mirror that returns its own packets, an address that two hosts have, or a forged source.",
    check: "ip addr show to SOURCE; sysctl net.ipv4.conf.DEVICE.accept_local; arping -D -I DEVICE SOURCE",
    source: "net/ipv4/fib_frontend.c: __fib_validate_source",
  },
  IP_INVALID_SOURCE: {
    means: "The source address may not be one: multicast, broadcast, or 0.0.0.0.",
    causes: "A wrong set-up or forged packet; a martian source in the kernel's words.",
    check: "sysctl -w net.ipv4.conf.all.log_martians=1; dmesg | grep martian",
    source: "net/ipv4/route.c: ip_route_input_slow",
  },
  IP_LOCALNET: {
    means: "A packet from a wire has a source or destination in 127.0.0.0/8.",
    causes: "DNAT to 127.0.0.1 without route_localnet, or a forged or misrouted packet.",
    check: "sysctl net.ipv4.conf.DEVICE.route_localnet; iptables -t nat -nvL; nft list ruleset",
    source: "net/ipv4/route.c: ip_route_input_slow",
  },
  IP_INVALID_DEST: {
    means: "The destination address may not be one, such as 0.0.0.0, or is a broadcast that cannot be here.",
    causes: "A wrong set-up or forged packet; a martian destination in the kernel's words.",
    check: "sysctl -w net.ipv4.conf.all.log_martians=1; dmesg | grep martian",
    source: "net/ipv4/route.c: ip_route_input_slow",
  },
  PKT_TOO_SMALL: {
    means: "The packet is shorter than its headers say or need.",
    causes: "A packet cut by its sender, a driver, a tunnel or a program that makes packets.",
    check: "nstat -az IpExtInTruncatedPkts Ip6InTruncatedPkts UdpInErrors; tcpdump -vv -n -i DEVICE",
    source: "net/ipv4/ip_input.c: ip_rcv_core, net/ipv4/udp.c: __udp4_lib_rcv",
  },
  PKT_TOO_BIG: {
    means: "The packet is larger than the MTU of its way, and may not be fragmented.",
    causes:
      "A tunnel or link with a smaller MTU, while ICMP that would say so is filtered on the way to the sender.",
    check:
      "ip route get DESTINATION (mtu); ip link show DEVICE; tracepath DESTINATION; nstat -az IpFragFails Ip6InTooBigErrors",
    source: "net/ipv4/ip_forward.c: ip_forward, net/ipv6/ip6_output.c: ip6_forward",
  },
  DUP_FRAG: {
    means: "A fragment repeats or overlaps one that came before.",
    causes: "A duplicate made on the way, or an attack by overlapping fragments.",
    check: "nstat -az IpReasmFails IpExtReasmOverlaps Ip6ReasmFails",
    source: "net/ipv4/inet_fragment.c: inet_frag_queue_insert",
  },
  FRAG_REASM_TIMEOUT: {
    means: "The other fragments of the packet did not come in time.",
    causes: "A fragment was lost, or dropped by a firewall, for later fragments have no ports.",
    check:
      "nstat -az IpReasmTimeout Ip6ReasmTimeout; sysctl net.ipv4.ipfrag_time net.ipv4.ipfrag_high_thresh",
    source: "net/ipv4/ip_fragment.c: ip_expire",
  },
  FRAG_TOO_FAR: {
    means: "So many other fragments of the same sender came between that this packet's were given up.",
    causes: "Much fragmented traffic of one sender, with packets reordered or lost.",
    check: "sysctl net.ipv4.ipfrag_max_dist; nstat -az IpReasmFails",
    source: "net/ipv4/ip_fragment.c: ip_frag_too_far",
  },
  ICMP_CSUM: {
    means: "The checksum of the ICMP message is wrong.",
    causes: "Damage on the way, or something that rewrote the message and left the checksum.",
    check: "nstat -az IcmpInCsumErrors Icmp6InCsumErrors",
    source: "net/ipv4/icmp.c: icmp_rcv",
  },
  INVALID_PROTO: {
    means:
      "An ICMP message that may not be, or is not answered: a broadcast echo or timestamp, an unknown type.",
    causes: "A ping of a broadcast address, or a scan.",
    check: "sysctl net.ipv4.icmp_echo_ignore_broadcasts; nstat -az IcmpInErrors",
    source: "net/ipv4/icmp.c: icmp_rcv",
  },
  UNHANDLED_PROTO: {
    means: "Nobody on this host handles the frame's Ethernet type, or its VLAN.",
    causes: "LLDP, spanning tree or vendor frames, or a VLAN tag without a device for it.",
    check: "tcpdump -e -n -i DEVICE; cat /proc/net/ptype; ip -d link show type vlan",
    source: "net/core/dev.c: __netif_receive_skb_core",
  },
  IPV6DISABLED: {
    means: "IPv6 is switched off on the device.",
    causes: "The sysctl disable_ipv6, or a device without an IPv6 configuration.",
    check: "sysctl net.ipv6.conf.all.disable_ipv6 net.ipv6.conf.DEVICE.disable_ipv6",
    source: "net/ipv6/ip6_input.c: ip6_rcv_core, net/ipv6/ip6_output.c: ip6_output",
  },
  IPV6_BAD_EXTHDR: {
    means: "An IPv6 extension header is malformed, or in a place where it may not be.",
    causes:
      "A packet made by a program, a scan, or an option that this kernel does not know and must refuse.",
    check: "nstat -az Ip6InHdrErrors Icmp6OutParmProblems; tcpdump -vv -n -i DEVICE ip6",
    source: "net/ipv6/exthdrs.c",
  },
  IPV6_TOO_MANY_EXTHDRS: {
    means: "The packet has more IPv6 extension headers than the kernel follows.",
    causes: "A packet made by a program: real ones have few.",
    check: "tcpdump -vv -n -i DEVICE ip6",
    source: "net/ipv6/ip6_input.c: ip6_protocol_deliver_rcu",
  },
  IPV6_NDISC_FRAG: {
    means: "A neighbour discovery message came in fragments, which is refused.",
    causes: "An attack on router advertisement guards (RFC 6980).",
    check: "sysctl net.ipv6.conf.DEVICE.suppress_frag_ndisc",
    source: "net/ipv6/ndisc.c: ndisc_rcv",
  },
  IPV6_NDISC_HOP_LIMIT: {
    means: "A neighbour discovery message has a hop limit other than 255: it does not come from this link.",
    causes:
      "A forged message from beyond a router (RFC 4861, 6.1), or a device that forwards what it may not.",
    check: "tcpdump -vv -n -i DEVICE icmp6",
    source: "net/ipv6/ndisc.c: ndisc_rcv",
  },
  IPV6_NDISC_BAD_CODE: {
    means: "A neighbour discovery message has an ICMPv6 code other than 0.",
    causes: "A malformed or forged message.",
    check: "tcpdump -vv -n -i DEVICE icmp6",
    source: "net/ipv6/ndisc.c: ndisc_rcv",
  },
  IPV6_NDISC_BAD_OPTIONS: {
    means: "The options of a neighbour discovery message cannot be parsed.",
    causes: "A malformed or forged message, or one that was cut.",
    check: "tcpdump -vv -n -i DEVICE icmp6",
    source: "net/ipv6/ndisc.c",
  },
  IPV6_NDISC_NS_OTHERHOST: {
    means: "A neighbour solicitation asks for an address that is not this host's.",
    causes:
      "Usual where solicitations reach everybody: a switch without multicast snooping, or promiscuous mode.",
    check: "ip -6 addr show DEVICE; ip -6 neigh show proxy",
    source: "net/ipv6/ndisc.c: ndisc_recv_ns",
  },
  NEIGH_CREATEFAIL: {
    means: "No neighbour entry (ARP, ND) could be made for the next hop.",
    causes: "The neighbour table is full, or there is no memory.",
    check:
      "dmesg | grep 'table overflow'; ip -s ntable; sysctl net.ipv4.neigh.default.gc_thresh3 net.ipv6.neigh.default.gc_thresh3",
    source: "net/ipv4/ip_output.c: ip_finish_output2",
  },
  NEIGH_FAILED: {
    means: "The next hop did not answer ARP or neighbour solicitations.",
    causes: "The host is down or gone, in another VLAN, or its answers are filtered.",
    check: "ip neigh show; arping -I DEVICE NEXTHOP; tcpdump -n -i DEVICE arp or icmp6",
    source: "net/core/neighbour.c: __neigh_event_send",
  },
  NEIGH_QUEUEFULL: {
    means: "Too many packets waited for the next hop's MAC address; the oldest gave way.",
    causes: "A burst to a host whose address is not resolved yet, or which does not answer.",
    check: "ip neigh show; sysctl net.ipv4.neigh.DEVICE.unres_qlen_bytes",
    source: "net/core/neighbour.c: __neigh_event_send",
  },
  NEIGH_DEAD: {
    means: "The next hop's neighbour entry was deleted while the packet waited.",
    causes: "The device or address was taken away, or somebody flushed the entries.",
    check: "ip monitor neigh link; ip link show DEVICE",
    source: "net/core/neighbour.c: __neigh_event_send",
  },
  NEIGH_HH_FILLFAIL: {
    means: "The link layer's header could not be written for a resolved next hop.",
    causes: "A device that changed or vanished meanwhile, or whose driver refuses the header.",
    check: "ip -s link show DEVICE; ip neigh show dev DEVICE",
    source: "net/core/neighbour.c: neigh_resolve_output",
  },
  ARP_PVLAN_DISABLE: {
    means:
      "A packet other than IP (ARP) would go back by the device that it came from, and private VLAN proxy is off.",
    causes: "Usual: an ARP request for a neighbour on the same link, which answers itself.",
    check: "sysctl net.ipv4.conf.DEVICE.proxy_arp_pvlan",
    source: "net/ipv4/route.c: __mkroute_input",
  },
};
