// What tables say of a packet. An skb is seen many times with the same headers: they are dissected once.
import type { Capture, HeaderPlace } from "../dissect/capture.js";
import { etherTypeName } from "../dissect/ether-type-names.js";
import { ETHER_TYPE } from "../dissect/ethernet.js";
import { icmpName } from "../dissect/icmp.js";
import { IP_PROTOCOL, ipProtocolName } from "../dissect/ip-protocol-names.js";
import { dissect } from "../dissect/packet.js";
import type { Packet } from "../dissect/packet-fields.js";
import { tcpFlagsText } from "../dissect/tcp.js";
import type { PacketColumns } from "../tables/rows.js";

/** The packet's columns. They hold no part of the recording: a long-lived skb's would keep all of its chunk in memory. */
export interface PacketFacts extends PacketColumns {
  readonly ip_len: number | null;
  /** Number in the recording, from 1: ascending in the order in which they were first seen. */
  readonly id: number;
  /** Whether the wanted ones are like this. */
  readonly matches: boolean;
  /** What the columns depend on, to find them unchanged; undefined if that is not so simple. */
  readonly fingerprint: Fingerprint | undefined;
}

/** Words of the headers that decide all columns. */
type Fingerprint = Float64Array;

const IPV4_WORDS = 6;
const IPV6_WORDS = 12;

/** Whether headers are those that the facts are of: they need not be dissected then. */
export function showsSame(headers: HeaderPlace, { fingerprint: known }: PacketFacts): boolean {
  if (known === undefined) return false;
  const version = layoutOf(headers);
  if (version === undefined || known.length !== (version === 4 ? IPV4_WORDS : IPV6_WORDS)) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== wordOf(headers, version, i)) return false;
  return true;
}

/**
 * The facts of a capture.
 * @param headers of the same capture
 * @param wanted says which packets match; all, if undefined
 * @param id numbers them
 */
export function packetFacts(
  capture: Capture,
  headers: HeaderPlace,
  wanted: ((packet: Packet) => boolean) | undefined,
  id: number,
): PacketFacts {
  const packet = dissect(capture);
  const { arp } = packet;
  return {
    protocol: protocolName(packet),
    info: info(packet),
    source: packet.source ?? arp?.senderAddress ?? null,
    source_port: packet.sourcePort ?? null,
    destination: packet.destination ?? arp?.targetAddress ?? null,
    destination_port: packet.destinationPort ?? null,
    icmp_id: packet.icmpId ?? null,
    icmp_seq: packet.icmpSeq ?? null,
    ip_len: packet.ipLength ?? null,
    id,
    matches: wanted?.(packet) ?? true,
    fingerprint: fingerprint(headers),
  };
}

function protocolName(packet: Packet): string | null {
  if (packet.protocol !== undefined) return ipProtocolName(packet.protocol);
  if (packet.ipVersion !== undefined) return packet.ipVersion === 4 ? "IPv4" : "IPv6";
  if (packet.etherType === undefined || packet.bytes.length === 0) return null;
  return etherTypeName(packet.etherType);
}

function info(packet: Packet): string | null {
  const { fragment, tcpFlags, icmpType, arp, quoted } = packet;
  if (fragment && fragment.offset > 0) return `fragment@${fragment.offset}`;
  if (tcpFlags !== undefined) return tcpFlagsText(tcpFlags) || null;
  if (icmpType !== undefined) {
    const name = icmpName(packet.protocol, icmpType, packet.icmpCode ?? 0);
    return quoted?.destination === undefined ? name : `${name} of ${quotedText(quoted)}`;
  }
  if (arp)
    return arp.operation === 1 ? "request" : arp.operation === 2 ? "reply" : `operation ${arp.operation}`;
  return null;
}

function quotedText({ source, destination, sourcePort, destinationPort, protocol }: Packet): string {
  const name = protocol === undefined ? "IP" : ipProtocolName(protocol);
  return sourcePort === undefined
    ? `${name} ${source}->${destination}`
    : `${name} ${source}:${sourcePort}->${destination}:${destinationPort}`;
}

/**
 * IPv4 without options and IPv6 without extension headers, not fragments, of TCP, UDP and ICMP queries, where the skb's
 * network header is: everything that the columns say is decided by these words then.
 */
function layoutOf({ view, network, end, protocol }: HeaderPlace): 4 | 6 | undefined {
  if (network < 0) return undefined;
  if (protocol === ETHER_TYPE.ipv4 && network + 34 <= end) {
    if (view.getUint8(network) !== 0x45 || view.getUint16(network + 6) & 0x3fff) return undefined;
    return isSimple(view, view.getUint8(network + 9), network + 20) ? 4 : undefined;
  }
  if (protocol === ETHER_TYPE.ipv6 && network + 54 <= end) {
    if (view.getUint8(network) >> 4 !== 6) return undefined;
    return isSimple(view, view.getUint8(network + 6), network + 40) ? 6 : undefined;
  }
  return undefined;
}

/** Not ICMP errors, whose columns depend on what they quote. */
function isSimple(view: DataView, protocol: number, at: number): boolean {
  if (protocol === IP_PROTOCOL.icmp) return view.getUint8(at) === 8 || view.getUint8(at) === 0;
  if (protocol === IP_PROTOCOL.icmpv6) return view.getUint8(at) >= 128;
  return protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp;
}

function fingerprint(headers: HeaderPlace): Fingerprint | undefined {
  const version = layoutOf(headers);
  if (version === undefined) return undefined;
  const words = new Float64Array(version === 4 ? IPV4_WORDS : IPV6_WORDS);
  for (let i = 0; i < words.length; i++) words[i] = wordOf(headers, version, i);
  return words;
}

/** Protocol, length and TCP flags first, then the first eight bytes of layer 4, then the addresses. */
function wordOf({ view, network }: HeaderPlace, version: 4 | 6, i: number): number {
  const transport = network + (version === 4 ? 20 : 40);
  if (i === 0) {
    const protocol = view.getUint8(network + (version === 4 ? 9 : 6));
    const flags = protocol === IP_PROTOCOL.tcp ? view.getUint8(transport + 13) : 0;
    return (view.getUint16(network + (version === 4 ? 2 : 4)) * 256 + protocol) * 256 + flags;
  }
  if (i === 1 || i === 2) return view.getUint32(transport + 4 * (i - 1));
  if (i === 3) return version;
  return view.getUint32(network + (version === 4 ? 12 : 8) + 4 * (i - 4));
}
