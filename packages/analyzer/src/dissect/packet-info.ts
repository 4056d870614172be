// One packet in one word: the PKT_INFO column of the live table.

import { etherTypeName } from "./ether-type-names.js";
import { icmpName } from "./icmp.js";
import { IP_PROTOCOL, ipProtocolName } from "./ip-protocol-names.js";
import type { Packet } from "./packet-fields.js";
import { tcpFlagsText } from "./tcp.js";

/**
 * The packet as the original prints it: `T_ACK,PSH:10.0.1.10:22->10.0.4.15:55343`, `U:...`, `I_request:a->b`,
 * and in its manner what the original does not know. IPv6 addresses with a port are bracketed. Of what was not
 * captured nothing is printed: `TCP:a->b`, `IPv4`, `nil`. Printable ASCII, without spaces.
 */
export function packetInfo(packet: Packet): string {
  if (packet.ipVersion !== undefined) return ipInfo(packet);
  if (packet.arp !== undefined) return arpInfo(packet.arp);
  if (packet.etherType === undefined || packet.bytes.length === 0) return "nil";
  return etherTypeName(packet.etherType);
}

function ipInfo(packet: Packet): string {
  const { protocol, fragment } = packet;
  if (protocol === undefined) return `IPv6:${addresses(packet)}`;
  if (fragment !== undefined && fragment.offset > 0) {
    return `${ipProtocolName(protocol)}_frag@${fragment.offset}:${addresses(packet)}`;
  }
  if (packet.sourcePort !== undefined) return `${portsLabel(packet, protocol)}:${endpoints(packet)}`;
  if (packet.icmpType !== undefined) {
    return `I_${icmpName(protocol, packet.icmpType, packet.icmpCode ?? 0)}:${addresses(packet)}`;
  }
  return `${ipProtocolName(protocol)}:${addresses(packet)}`;
}

function portsLabel(packet: Packet, protocol: number): string {
  if (protocol === IP_PROTOCOL.udp) return "U";
  if (protocol !== IP_PROTOCOL.tcp) return ipProtocolName(protocol);
  if (packet.tcpFlags === undefined) return "T_?";
  const flags = tcpFlagsText(packet.tcpFlags);
  return flags === "" ? "T" : `T_${flags}`;
}

function arpInfo(arp: NonNullable<Packet["arp"]>): string {
  const operation = ARP_OPERATIONS[arp.operation] ?? String(arp.operation);
  if (arp.senderAddress === undefined) return `ARP_${operation}`;
  return `ARP_${operation}:${arp.senderAddress}->${arp.targetAddress}`;
}

const ARP_OPERATIONS: readonly (string | undefined)[] = [undefined, "request", "reply"];

function addresses(packet: Packet): string {
  return `${packet.source}->${packet.destination}`;
}

function endpoints(packet: Packet): string {
  const { source, destination, sourcePort, destinationPort } = packet;
  return packet.ipVersion === 6
    ? `[${source}]:${sourcePort}->[${destination}]:${destinationPort}`
    : `${source}:${sourcePort}->${destination}:${destinationPort}`;
}
