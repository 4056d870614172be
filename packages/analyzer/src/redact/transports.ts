// What is kept of layer 4, protocol by protocol. One that has no row is left out.
import { u16, u32, u8 } from "../dissect/big-endian.js";
import { ETHER_TYPE } from "../dissect/ethernet.js";
import { isIpv4Start, isIpv6Start } from "../dissect/find-network.js";
import { ICMP_HEADER_LENGTH, icmpTypeOf } from "../dissect/icmp.js";
import { IP_PROTOCOL } from "../dissect/ip-protocol-names.js";
import type { PacketRedactor, Segment } from "./packet-redactor.js";

/** Keeps what is understood of a segment. */
type TransportRedactor = (packet: PacketRedactor, segment: Segment, depth: number) => void;

/** By protocol number. */
export const TRANSPORTS: ReadonlyMap<number, TransportRedactor> = new Map<number, TransportRedactor>([
  [IP_PROTOCOL.icmp, redactIcmp],
  [2, redactIgmp],
  [IP_PROTOCOL.tcp, redactTcp],
  [IP_PROTOCOL.udp, redactUdp],
  [IP_PROTOCOL.gre, redactGre],
  [IP_PROTOCOL.icmpv6, redactIcmp],
  [IP_PROTOCOL.sctp, redactSctp],
]);

const TCP_HEADER = 20;
/** End, NOP, MSS, window scale, SACK permitted, SACK, timestamps. Others can hold addresses, keys and cookies. */
const TCP_OPTIONS: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 8]);

function redactTcp(packet: PacketRedactor, segment: Segment): void {
  const { at, end } = segment;
  packet.keep(at, Math.min(at + TCP_HEADER, end));
  if (at + TCP_HEADER > end) {
    packet.checksum(at + 16, segment);
    return;
  }
  const optionsEnd = Math.min(at + (u8(packet.before, at + 12) >> 4) * 4, end);
  packet.blank(at + TCP_HEADER, optionsEnd);
  for (let option = at + TCP_HEADER; option < optionsEnd;) {
    const kind = u8(packet.before, option);
    const length = kind < 2 ? 1 : u8(packet.before, option + 1);
    if (kind === 0 || length === 0 || option + length > optionsEnd || (kind > 1 && length < 2)) break;
    if (TCP_OPTIONS.has(kind)) packet.keep(option, option + length);
    // In its place as many that do nothing, so that those behind it are still found.
    else packet.after.fill(1, option, option + length);
    option += length;
  }
  packet.checksum(at + 16, segment);
}

const UDP_HEADER = 8;
/** The assigned port, and the one that Linux took before. */
const VXLAN_PORTS: ReadonlySet<number> = new Set([4789, 8472]);
const VXLAN_HEADER = 8;
const VXLAN_FLAGS = 0x0800_0000;

function redactUdp(packet: PacketRedactor, segment: Segment, depth: number): void {
  const { at, end } = segment;
  packet.keep(at, Math.min(at + UDP_HEADER, end));
  const inner = at + UDP_HEADER;
  const isVxlan =
    VXLAN_PORTS.has(u16(packet.before, at + 2)) &&
    inner + VXLAN_HEADER <= end &&
    u32(packet.before, inner) === VXLAN_FLAGS &&
    u8(packet.before, inner + 7) === 0;
  if (isVxlan) {
    packet.keep(inner, inner + VXLAN_HEADER);
    packet.frame(inner + VXLAN_HEADER, end, depth + 1);
  }
  packet.checksum(at + 6, segment);
}

const ETHERNET_IN_GRE = 0x6558;

function redactGre(packet: PacketRedactor, { at, end }: Segment, depth: number): void {
  if (at + 4 > end) return;
  const flags = u16(packet.before, at);
  packet.keep(at, at + 4);
  // Key and sequence number may follow; what has a checksum or routes, or is PPTP's, is not looked into.
  if ((flags & ~0x3000) !== 0) return;
  const inner = at + 4 + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
  if (inner > end) return;
  packet.keep(at + 4, inner);
  const protocol = u16(packet.before, at + 2);
  if (protocol === ETHERNET_IN_GRE) packet.frame(inner, end, depth + 1);
  else packet.network(protocol, inner, end, depth + 1);
}

/** Ports and the association's tag. The CRC is of bytes that are left out, addresses of INIT among them. */
function redactSctp(packet: PacketRedactor, { at, end }: Segment): void {
  packet.blank(at, Math.min(at + 12, end));
  packet.keep(at, Math.min(at + 8, end));
}

function redactIgmp(packet: PacketRedactor, segment: Segment): void {
  const { at, end } = segment;
  if (at + 8 > end) return;
  packet.keep(at, at + 8);
  const isReportOfVersion3 = u8(packet.before, at) === 0x22;
  if (!isReportOfVersion3) packet.address(at + 4, 4);
  packet.checksum(at + 2, withoutPseudoHeader(segment));
}

function withoutPseudoHeader(segment: Segment): Segment {
  return { ...segment, addresses: undefined };
}

/** What the second four bytes of an ICMP or ICMPv6 message are; where no row says it, they are left out. */
const SECOND_WORD_KEPT: ReadonlyMap<number, ReadonlySet<number>> = new Map([
  // Pointers, the next hop's MTU, identifiers and sequence numbers.
  [IP_PROTOCOL.icmp, new Set([0, 3, 4, 8, 11, 12, 13, 14, 15, 16, 17, 18, 42, 43])],
  // And flags and lifetimes of neighbour discovery, and what a listener query asks.
  [IP_PROTOCOL.icmpv6, new Set([1, 2, 3, 4, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 143])],
]);

const ICMP_REDIRECT = 5;
const ROUTER_ADVERTISEMENT = 134;
/** Bytes of neighbour discovery messages before their options. */
const NEIGHBOUR_DISCOVERY: ReadonlyMap<number, number> = new Map([
  [133, 8],
  [ROUTER_ADVERTISEMENT, 16],
  [135, 24],
  [136, 24],
  [137, 40],
]);
const LISTENER_DISCOVERY: ReadonlySet<number> = new Set([130, 131, 132]);

function redactIcmp(packet: PacketRedactor, segment: Segment, depth: number): void {
  const { at, end, protocol } = segment;
  const type = u8(packet.before, at);
  packet.blank(at, Math.min(at + ICMP_HEADER_LENGTH, end));
  packet.keep(at, Math.min(at + 4, end));
  if (at + ICMP_HEADER_LENGTH <= end) {
    const isVersion6 = protocol === IP_PROTOCOL.icmpv6;
    if (SECOND_WORD_KEPT.get(protocol)?.has(type)) packet.keep(at + 4, at + 8);
    if (!isVersion6 && type === ICMP_REDIRECT) packet.address(at + 4, 4);
    const quoted = at + ICMP_HEADER_LENGTH;
    if (icmpTypeOf(protocol, type)?.kind === "error" && quoted < end) {
      const first = u8(packet.before, quoted);
      if (isIpv4Start(first)) packet.network(ETHER_TYPE.ipv4, quoted, end, depth + 1);
      else if (isIpv6Start(first)) packet.network(ETHER_TYPE.ipv6, quoted, end, depth + 1);
    }
    if (isVersion6 && NEIGHBOUR_DISCOVERY.has(type)) redactNeighbours(packet, type, at, end);
    if (isVersion6 && LISTENER_DISCOVERY.has(type) && at + 24 <= end) packet.address(at + 8, 16);
  }
  packet.checksum(at + 2, protocol === IP_PROTOCOL.icmpv6 ? segment : withoutPseudoHeader(segment));
}

/** Options with a MAC address. */
const LINK_LAYER_ADDRESS: ReadonlySet<number> = new Set([1, 2]);
const OPTION_PREFIX = 3;
const OPTION_MTU = 5;

/** https://www.rfc-editor.org/rfc/rfc4861 */
function redactNeighbours(packet: PacketRedactor, type: number, at: number, end: number): void {
  const options = at + (NEIGHBOUR_DISCOVERY.get(type) ?? 0);
  if (options > end) return;
  packet.blank(at + ICMP_HEADER_LENGTH, options);
  if (type === ROUTER_ADVERTISEMENT) packet.keep(at + ICMP_HEADER_LENGTH, options); // times
  else
    for (let address = at + ICMP_HEADER_LENGTH; address < options; address += 16) packet.address(address, 16);
  for (let option = options; option + 8 <= end;) {
    const kind = u8(packet.before, option);
    const length = u8(packet.before, option + 1) * 8;
    if (length === 0 || option + length > end) return;
    packet.blank(option, option + length);
    packet.keep(option, option + 2);
    if (LINK_LAYER_ADDRESS.has(kind) && length === 8) packet.mac(option + 2);
    else if (kind === OPTION_MTU) packet.keep(option, option + 8);
    else if (kind === OPTION_PREFIX && length === 32) {
      packet.keep(option, option + 12);
      const prefix = packet.before.subarray(option + 16, option + 32);
      packet.after.set(
        packet.pseudonyms.network(prefix, Math.min(128, u8(packet.before, option + 2))),
        option + 16,
      );
    }
    option += length;
  }
}
