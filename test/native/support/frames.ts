// Ethernet frames in hexadecimal that no program sends by itself.

const ETHERNET = "ffffffffffff020000000001";
const FROM = "0a5b004d"; // 10.91.0.77
const TO = "0a5b0002"; // 10.91.0.2
const FROM_V6 = "fd91000000000000000000000000004d"; // fd91::4d
const TO_V6 = "fd910000000000000000000000000002"; // fd91::2
/** Ports 4321 and 4322, length 16, no checksum, 8 bytes. */
const UDP = "10e1" + "10e2" + "0010" + "0000" + "0102030405060708";

const ipv4 = (protocol: string, rest: string, fragment = "0000", options = ""): string =>
  `4${5 + options.length / 8}000024` + `0001${fragment}` + `40${protocol}0000${FROM}${TO}${options}${rest}`;
const ipv6 = (next: string, rest: string): string =>
  `60000000${(rest.length / 2).toString(16).padStart(4, "0")}${next}40${FROM_V6}${TO_V6}${rest}`;

/** From 10.91.0.77 or fd91::4d, port 4321, if it has one. */
export const FRAMES: readonly string[] = [
  // A VLAN tag, two, and three
  `${ETHERNET}810000050800${ipv4("11", UDP)}`,
  `${ETHERNET}88a80006810000050800${ipv4("11", UDP)}`,
  `${ETHERNET}88a8000681000005810000070800${ipv4("11", UDP)}`,
  `${ETHERNET}8100000586dd${ipv6("11", UDP)}`,
  // SCTP; a fragment that is not the first; options
  `${ETHERNET}0800${ipv4("84", UDP)}`,
  `${ETHERNET}0800${ipv4("11", UDP, "0010")}`,
  `${ETHERNET}0800${ipv4("11", UDP, "0000", "01010101")}`,
  // Hop-by-hop options, then destination options, then a first fragment; and one that is not the first
  `${ETHERNET}86dd${ipv6("00", `3c000104000000002c000104000000001100000100000001${UDP}`)}`,
  `${ETHERNET}86dd${ipv6("2c", `1100001100000001${UDP}`)}`,
  // More extension headers than are walked over: seven
  `${ETHERNET}86dd${ipv6("3c", `${"3c00010400000000".repeat(6)}1100010400000000${UDP}`)}`,
  // Not of the version that is announced
  `${ETHERNET}08006500002400010000401100000a5b004d0a5b0002${UDP}`,
];
