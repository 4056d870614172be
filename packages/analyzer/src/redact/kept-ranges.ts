// Addresses that stay what they are: https://www.iana.org/assignments/iana-ipv4-special-registry, iana-ipv6-special-registry.
import { parseIpText } from "../dissect/addresses.js";
import type { KeptRange } from "./prefix-permutation.js";

/** `10.0.0.0/8`, of which addresses keep `kept` bits. */
function range(text: string, kept?: number): KeptRange {
  const [address = "", digits = ""] = text.split("/");
  const length = Number(digits);
  return { prefix: parseIpText(address) ?? new Uint8Array(0), length, kept: kept ?? length };
}

export const IPV4_RANGES: readonly KeptRange[] = [
  range("0.0.0.0/8", 32), // unspecified
  range("10.0.0.0/8"), // private
  range("127.0.0.0/8", 32), // loopback
  range("169.254.0.0/16"), // link-local
  range("172.16.0.0/12"), // private
  range("192.168.0.0/16"), // private
  range("224.0.0.0/4"), // multicast
  range("224.0.0.0/24", 32), // groups of routing and discovery protocols
  range("240.0.0.0/4"), // reserved
  range("255.255.255.255/32"), // broadcast
];

/** Within these the last 32 bits are an IPv4 address: IPv4-mapped (RFC 4291) and NAT64 (RFC 6052). */
export const EMBEDDING_IPV4: readonly KeptRange[] = [range("::ffff:0:0/96"), range("64:ff9b::/96")];

const SCOPES = Array.from({ length: 16 }, (_, scope) => scope.toString(16));

export const IPV6_RANGES: readonly KeptRange[] = [
  range("::/127", 128), // unspecified and loopback
  ...EMBEDDING_IPV4,
  range("2001:db8::/32"), // documentation
  range("fc00::/7", 8), // unique local
  range("fe80::/10"), // link-local
  range("fe80::/64"),
  range("ff00::/8", 16), // multicast: flags and scope
  range("ff02::1:ff00:0/104"), // solicited node: the rest is of a unicast address
  ...SCOPES.map((scope) => range(`ff0${scope}::/112`, 128)), // well-known groups
];
