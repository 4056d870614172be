// What tables say of a packet. An skb is seen many times with the same headers: they are dissected once.
import { type Capture } from "../dissect/capture.js";
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

/**
 * The facts of a capture; `before`, if they are those that this skb had when it was last seen.
 * @param wanted says which packets match; all, if undefined
 * @param nextId numbers new ones
 */
export function packetFacts(
  capture: Capture,
  before: PacketFacts | undefined,
  wanted: ((packet: Packet) => boolean) | undefined,
  nextId: () => number,
): PacketFacts {
  const known = before?.fingerprint;
  if (before && known && sameFingerprint(capture, known)) return before;
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
    id: nextId(),
    matches: wanted?.(packet) ?? true,
    fingerprint: fingerprint(capture),
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
function layoutOf({ bytes, network, protocol }: Capture): 4 | 6 | undefined {
  if (network < 0) return undefined;
  if (protocol === ETHER_TYPE.ipv4 && network + 34 <= bytes.length) {
    if (bytes[network] !== 0x45 || u16(bytes, network + 6) & 0x3fff) return undefined;
    return isSimple(bytes, bytes[network + 9] ?? 0, network + 20) ? 4 : undefined;
  }
  if (protocol === ETHER_TYPE.ipv6 && network + 54 <= bytes.length) {
    if ((bytes[network] ?? 0) >> 4 !== 6) return undefined;
    return isSimple(bytes, bytes[network + 6] ?? 0, network + 40) ? 6 : undefined;
  }
  return undefined;
}

/** Not ICMP errors, whose columns depend on what they quote. */
function isSimple(bytes: Uint8Array, protocol: number, at: number): boolean {
  const type = bytes[at] ?? 0;
  if (protocol === IP_PROTOCOL.icmp) return type === 8 || type === 0;
  if (protocol === IP_PROTOCOL.icmpv6) return type >= 128;
  return protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.udp;
}

function fingerprint(capture: Capture): Fingerprint | undefined {
  const version = layoutOf(capture);
  if (version === undefined) return undefined;
  const words = new Float64Array(version === 4 ? IPV4_WORDS : IPV6_WORDS);
  for (let i = 0; i < words.length; i++) words[i] = wordOf(capture, version, i);
  return words;
}

function sameFingerprint(capture: Capture, known: Fingerprint): boolean {
  const version = layoutOf(capture);
  if (version === undefined || known.length !== (version === 4 ? IPV4_WORDS : IPV6_WORDS)) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== wordOf(capture, version, i)) return false;
  return true;
}

/** Protocol, length and TCP flags first, then the first eight bytes of layer 4, then the addresses. */
function wordOf({ bytes, network }: Capture, version: 4 | 6, i: number): number {
  const transport = network + (version === 4 ? 20 : 40);
  if (i === 0) {
    const protocol = bytes[network + (version === 4 ? 9 : 6)] ?? 0;
    const flags = protocol === IP_PROTOCOL.tcp ? (bytes[transport + 13] ?? 0) : 0;
    return (u16(bytes, network + (version === 4 ? 2 : 4)) * 256 + protocol) * 256 + flags;
  }
  if (i === 1 || i === 2) return u32(bytes, transport + 4 * (i - 1));
  if (i === 3) return version;
  return u32(bytes, network + (version === 4 ? 12 : 8) + 4 * (i - 4));
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 65_536 + u16(bytes, at + 2);
}
