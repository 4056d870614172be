// Which packets of two recordings are to be compared: those of the same protocol, kind and service, whatever the
// addresses are.
import type { PathRow } from "../tables/rows.js";
import { directionOf, infoKind, isCopy } from "../expect/where.js";

/** Where clients have their ports: net.ipv4.ip_local_port_range begins there unless it was changed. */
const EPHEMERAL_FROM = 32_768;

/** Packets that hosts send of themselves, when their timers say so. */
const BACKGROUND: readonly RegExp[] = [
  /^ARP /,
  /^(ICMPv6|IPv6-ICMP) (router|neighbou?r|multicast|mld|redirect|type 14[03])/i,
  /^(IGMP|LLDP|LACP|802\.3|LLC|PIM)\b/,
  // DHCP, DHCPv6, mDNS, SSDP, LLMNR, NetBIOS
  /^UDP \S* ?(to|from) port (67|68|546|547|5353|1900|5355|137|138)\b/,
];

/** What a path is compared by: `TCP SYN to port 81, sent`. */
export function flowOf(path: PathRow): string {
  const { protocol, info, source_port: from, destination_port: to } = path;
  const words = [protocol ?? "?", kindOf(protocol, info), serviceText(from, to)].filter(Boolean);
  return `${words.join(" ")}, ${isCopy(path) ? "copy" : directionOf(path)}`;
}

/** Whether it comes and goes by timers of the host, not by what is tested. */
export function isBackground(flow: string): boolean {
  return BACKGROUND.some((pattern) => pattern.test(flow));
}

/** Of TCP what opens and refuses connections: the rest has flags by timing. */
function kindOf(protocol: string | null, info: string | null): string {
  const kind = infoKind(info);
  if (protocol !== "TCP") return kind.startsWith("fragment") ? "fragment" : kind;
  const flags = kind.split(",");
  if (flags.includes("RST")) return "RST";
  if (!flags.includes("SYN")) return "";
  return flags.includes("ACK") ? "SYN,ACK" : "SYN";
}

function serviceText(from: number | null, to: number | null): string {
  if (from === null || to === null) return "";
  const service = Math.min(from, to);
  if (service >= EPHEMERAL_FROM) return "";
  return service === to ? `to port ${to}` : `from port ${from}`;
}
