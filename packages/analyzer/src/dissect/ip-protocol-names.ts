// IP protocol numbers and names: https://www.iana.org/assignments/protocol-numbers

/** Layer 4 protocols that the dissector looks into. */
export const IP_PROTOCOL = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  icmpv6: 58,
  sctp: 132,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "HOPOPT"],
  [1, "ICMP"],
  [2, "IGMP"],
  [3, "GGP"],
  [4, "IPIP"],
  [6, "TCP"],
  [8, "EGP"],
  [9, "IGP"],
  [12, "PUP"],
  [17, "UDP"],
  [22, "IDP"],
  [27, "RDP"],
  [29, "TP4"],
  [33, "DCCP"],
  [41, "IPv6"],
  [43, "IPv6-Route"],
  [44, "IPv6-Frag"],
  [46, "RSVP"],
  [47, "GRE"],
  [50, "ESP"],
  [51, "AH"],
  [58, "ICMPv6"],
  [59, "IPv6-NoNxt"],
  [60, "IPv6-Opts"],
  [88, "EIGRP"],
  [89, "OSPF"],
  [92, "MTP"],
  [94, "IPIP94"],
  [97, "ETHERIP"],
  [98, "ENCAP"],
  [103, "PIM"],
  [108, "IPComp"],
  [112, "VRRP"],
  [115, "L2TP"],
  [124, "ISIS"],
  [132, "SCTP"],
  [133, "FC"],
  [135, "MH"],
  [136, "UDPLite"],
  [137, "MPLS"],
  [139, "HIP"],
  [140, "Shim6"],
  [142, "ROHC"],
  [143, "Ethernet"],
]);

/** All names. */
export const IP_PROTOCOL_NAMES: readonly string[] = [...NAMES.values()];

/** The protocol's name, or its number. */
export function ipProtocolName(protocol: number): string {
  return NAMES.get(protocol) ?? String(protocol);
}
