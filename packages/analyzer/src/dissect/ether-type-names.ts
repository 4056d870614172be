// Names of ethertypes, and of the kernel's own values below 0x0600 (include/uapi/linux/if_ether.h).

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x0001, "802.3"],
  [0x0003, "ALL"],
  [0x0004, "LLC"],
  [0x000c, "CAN"],
  [0x000d, "CANFD"],
  [0x0800, "IPv4"],
  [0x0806, "ARP"],
  [0x0842, "WoL"],
  [0x22f0, "TSN"],
  [0x6558, "TEB"],
  [0x8035, "RARP"],
  [0x8100, "VLAN"],
  [0x86dd, "IPv6"],
  [0x8808, "PAUSE"],
  [0x8809, "LACP"],
  [0x8847, "MPLS"],
  [0x8848, "MPLS_MC"],
  [0x8863, "PPPoE_DISC"],
  [0x8864, "PPPoE"],
  [0x888e, "EAPOL"],
  [0x88a2, "AoE"],
  [0x88a8, "QinQ"],
  [0x88cc, "LLDP"],
  [0x88e5, "MACsec"],
  [0x88e7, "PBB"],
  [0x88f7, "PTP"],
  [0x8902, "CFM"],
  [0x8906, "FCoE"],
  [0x8914, "FIP"],
  [0x8915, "RoCE"],
  [0x892f, "HSR"],
  [0x894f, "NSH"],
  [0x9000, "LOOPBACK"],
]);

/** All names. */
export const ETHER_TYPE_NAMES: readonly string[] = [...NAMES.values()];

/** The ethertype's name, or its number as `0x1234`. */
export function etherTypeName(etherType: number): string {
  return NAMES.get(etherType) ?? `0x${etherType.toString(16).padStart(4, "0")}`;
}
