// A packet without what identifies: its headers are built anew from what is understood of them, and the rest is left out.
import { ARP_LENGTH } from "../dissect/arp.js";
import { u16, u8 } from "../dissect/big-endian.js";
import type { Capture } from "../dissect/capture.js";
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, isVlanType, VLAN_TAG_LENGTH } from "../dissect/ethernet.js";
import { isIpv4Start, isIpv6Start } from "../dissect/find-network.js";
import { dissect } from "../dissect/packet.js";
import { fold, isSameSum, onesSum, updated } from "./checksum.js";
import type { Pseudonyms } from "./pseudonyms.js";
import { TRANSPORTS } from "./transports.js";

/** Packets in packets: VXLAN in GRE in IP... deeper ones are left out. */
const DEPTH_MAX = 4;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const EXTENSIONS_MAX = 6;
/** IP in IP. */
const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;
const PROTOCOL_IPV6_ROUTING = 43;
const PROTOCOL_IPV6_FRAGMENT = 44;
const MORE_FRAGMENTS = 0x2000;

/** IPv6 extension headers, and how many bytes of each are understood: the others are addresses, options and signatures. */
const EXTENSIONS: ReadonlyMap<number, number> = new Map([
  [0, 2], // hop by hop
  [PROTOCOL_IPV6_ROUTING, 4], // next, length, type, segments left
  [PROTOCOL_IPV6_FRAGMENT, 8],
  [51, 12], // authentication: up to the sequence number
  [60, 2], // destination options
]);

/** Layer 4 of an IP packet, where it is known to be. */
export interface Segment {
  readonly protocol: number;
  /** Of its first byte. */
  readonly at: number;
  /** Of the byte behind the last that was captured and belongs to it. */
  readonly end: number;
  /** By the IP header; 0: not known. */
  readonly length: number;
  /** Whether all of it was captured, and it is no fragment. */
  readonly isWhole: boolean;
  /** Sums of the addresses in the pseudo header; undefined where the checksum has none. */
  readonly addresses: { readonly before: number; readonly after: number } | undefined;
}

/** Redacts one packet. Bytes that nobody keeps are zero, and those behind the last that is kept are cut. */
export class PacketRedactor {
  readonly pseudonyms: Pseudonyms;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Of the byte behind the last that is kept. */
  end = 0;

  constructor(bytes: Uint8Array, pseudonyms: Pseudonyms) {
    this.before = bytes;
    this.after = new Uint8Array(bytes.length);
    this.pseudonyms = pseudonyms;
  }

  /** Keeps what was captured of these bytes. */
  keep(from: number, to: number): void {
    const end = Math.min(to, this.before.length);
    if (end <= from) return;
    this.after.set(this.before.subarray(from, end), from);
    this.end = Math.max(this.end, end);
  }

  /** Keeps that there were these bytes, as zeros. */
  blank(from: number, to: number): void {
    const end = Math.min(to, this.before.length);
    if (end <= from) return;
    this.after.fill(0, from, end);
    this.end = Math.max(this.end, end);
  }

  /** Keeps another IP address of 4 or 16 bytes, if all of it was captured. */
  address(at: number, length: 4 | 16): void {
    this.#replace(at, length, (bytes) => this.pseudonyms.ip(bytes));
  }

  /** Keeps another MAC address, if all of it was captured. */
  mac(at: number): void {
    this.#replace(at, 6, (bytes) => this.pseudonyms.mac(bytes));
  }

  /** An Ethernet frame within a tunnel. */
  frame(at: number, end: number, depth: number): void {
    if (depth > DEPTH_MAX || at + ETHERNET_HEADER_LENGTH > end) return;
    let typeAt = at + ETHERNET_HEADER_LENGTH - 2;
    this.mac(at);
    this.mac(at + 6);
    for (let tags = 0; tags < 2 && isVlanType(u16(this.before, typeAt)); tags++) {
      if (typeAt + 2 + VLAN_TAG_LENGTH > end) break;
      this.keep(typeAt, typeAt + VLAN_TAG_LENGTH);
      typeAt += VLAN_TAG_LENGTH;
    }
    this.keep(typeAt, typeAt + 2);
    this.network(u16(this.before, typeAt), typeAt + 2, end, depth);
  }

  /** Layer 3 of an ethertype. Of one that is not known nothing is kept. */
  network(etherType: number, at: number, end: number, depth: number): void {
    if (depth > DEPTH_MAX || at >= end) return;
    const first = u8(this.before, at);
    if (etherType === ETHER_TYPE.ipv4 && isIpv4Start(first)) this.#ipv4(at, end, depth);
    else if (etherType === ETHER_TYPE.ipv6 && isIpv6Start(first)) this.#ipv6(at, end, depth);
    else if (etherType === ETHER_TYPE.arp) this.#arp(at, end);
  }

  /**
   * Rights the checksum at `at` of a segment whose kept bytes have changed: right stays right, for who has the bytes
   * that were cut; wrong stays wrong; and what a device is to complete (the sum of the pseudo header) stays that.
   */
  checksum(at: number, segment: Segment): void {
    if (at + 2 > this.end) return;
    const found = u16(this.before, at);
    const sum = (bytes: Uint8Array, end: number): number => {
      const summed = Uint8Array.from(bytes.subarray(segment.at, end)); // a Buffer's slice would be no copy
      summed.fill(0, at - segment.at, at - segment.at + 2);
      return onesSum(summed);
    };
    const { addresses = { before: 0, after: 0 } } = segment;
    const before = fold(sum(this.before, this.end) + addresses.before);
    const after = fold(sum(this.after, this.end) + addresses.after);
    const all = sum(this.before, segment.end) + pseudoSum(segment, "before", segment.length);
    this.#putU16(at, rightedChecksum(found, segment, { before, after, right: ~fold(all) & 0xffff }));
  }

  #ipv4(at: number, end: number, depth: number): void {
    if (at + IPV4_HEADER > end) return;
    const { before } = this;
    const headerEnd = at + (u8(before, at) & 0x0f) * 4;
    this.keep(at, at + 12);
    this.address(at + 12, 4);
    this.address(at + 16, 4);
    this.blank(at + IPV4_HEADER, Math.min(headerEnd, end)); // options: none, by their zeros
    this.#ipv4Checksum(at, headerEnd, end);
    const total = u16(before, at + 2);
    const fragment = u16(before, at + 6);
    if (headerEnd > end || (fragment & 0x1fff) !== 0) return;
    const length = total - (headerEnd - at);
    if (total !== 0 && length < 0) return;
    const packetEnd = total === 0 ? end : Math.min(end, at + total);
    const isWhole = total !== 0 && at + total <= end && (fragment & MORE_FRAGMENTS) === 0;
    const place = { at: headerEnd, end: packetEnd, length: Math.max(0, length), isWhole };
    this.transport({ protocol: u8(before, at + 9), ...place, addresses: this.#sums(at + 12, 8) }, depth);
  }

  #ipv4Checksum(at: number, headerEnd: number, end: number): void {
    const found = u16(this.before, at + 10);
    this.#putU16(at + 10, 0);
    if (found === 0 || headerEnd > end) return;
    const right = ~onesSum(this.after.subarray(at, headerEnd)) & 0xffff;
    const isRight = isSameSum(onesSum(this.before.subarray(at, headerEnd)), 0xffff);
    this.#putU16(at + 10, isRight ? right : wrong(right));
  }

  #ipv6(at: number, end: number, depth: number): void {
    if (at + IPV6_HEADER > end) return;
    const { before } = this;
    this.keep(at, at + 8);
    this.address(at + 8, 16);
    this.address(at + 24, 16);
    const payload = u16(before, at + 4);
    const packetEnd = payload === 0 ? end : Math.min(end, at + IPV6_HEADER + payload);
    let isWhole = payload !== 0 && at + IPV6_HEADER + payload <= end;
    let isRouted = false;
    let next = u8(before, at + 6);
    let header = at + IPV6_HEADER;
    for (let walked = 0; EXTENSIONS.has(next); walked++) {
      if (walked === EXTENSIONS_MAX || header + 8 > packetEnd) return;
      const length = extensionLength(next, u8(before, header + 1));
      this.blank(header, Math.min(header + length, packetEnd));
      this.keep(header, Math.min(header + (EXTENSIONS.get(next) ?? 0), packetEnd));
      if (next === PROTOCOL_IPV6_FRAGMENT) {
        if ((u16(before, header + 2) & 0xfff8) !== 0) return;
        isWhole &&= (u16(before, header + 2) & 1) === 0;
      }
      if (next === PROTOCOL_IPV6_ROUTING) isRouted = true;
      next = u8(before, header);
      header += length;
    }
    if (header > packetEnd) return;
    // The pseudo header has the last address of a routing header, and a length that these do not have (RFC 2675).
    const length = isRouted ? 0 : Math.max(0, payload - (header - at - IPV6_HEADER));
    const place = { at: header, end: packetEnd, length, isWhole: isWhole && !isRouted };
    this.transport({ protocol: next, ...place, addresses: this.#sums(at + 8, 32) }, depth);
  }

  /** Layer 4. Of a protocol that is not known nothing is kept. */
  transport(segment: Segment, depth: number): void {
    if (segment.at >= segment.end) return;
    const { protocol, at, end } = segment;
    if (protocol === PROTOCOL_IPV4) this.network(ETHER_TYPE.ipv4, at, end, depth + 1);
    else if (protocol === PROTOCOL_IPV6) this.network(ETHER_TYPE.ipv6, at, end, depth + 1);
    else TRANSPORTS.get(protocol)?.(this, segment, depth);
  }

  #arp(at: number, end: number): void {
    if (at + 8 > end) return;
    this.keep(at, at + 8);
    const isIpv4OverEthernet =
      u16(this.before, at + 2) === ETHER_TYPE.ipv4 && u16(this.before, at + 4) === 0x0604;
    if (!isIpv4OverEthernet || at + ARP_LENGTH > end) return;
    this.mac(at + 8);
    this.address(at + 14, 4);
    this.mac(at + 18);
    this.address(at + 24, 4);
  }

  #replace(at: number, length: number, map: (bytes: Uint8Array) => Uint8Array): void {
    if (at + length > this.before.length) return;
    this.after.set(map(this.before.subarray(at, at + length)), at);
    this.end = Math.max(this.end, at + length);
  }

  #sums(at: number, length: number): { before: number; after: number } {
    const before = onesSum(this.before.subarray(at, at + length));
    return { before, after: onesSum(this.after.subarray(at, at + length)) };
  }

  #putU16(at: number, value: number): void {
    this.after[at] = value >> 8;
    this.after[at + 1] = value & 0xff;
  }
}

/** The redacted bytes of a capture: what is kept of them, from its first byte on. */
export function redactPacket(capture: Capture, pseudonyms: Pseudonyms): Uint8Array {
  const packet = dissect(capture);
  const { bytes } = capture;
  const redactor = new PacketRedactor(bytes, pseudonyms);
  const { macOffset, networkOffset } = packet;
  if (networkOffset < 0) return new Uint8Array(0);
  if (macOffset >= 0) {
    redactor.mac(macOffset);
    redactor.mac(macOffset + 6);
    redactor.keep(macOffset + 12, macOffset + ETHERNET_HEADER_LENGTH);
  }
  redactor.keep(Math.max(0, networkOffset - packet.vlanIds.length * VLAN_TAG_LENGTH), networkOffset);
  redactor.network(packet.etherType ?? 0, networkOffset, bytes.length, 0);
  return redactor.after.slice(0, redactor.end);
}

/** Of the pseudo header; 0 without one. */
function pseudoSum({ protocol, addresses }: Segment, when: "before" | "after", length: number): number {
  return addresses ? addresses[when] + protocol + length : 0;
}

/**
 * @param sums of what is kept, before and after, without the checksum itself; and the right checksum before
 */
function rightedChecksum(
  found: number,
  segment: Segment,
  { before, after, right }: { before: number; after: number; right: number },
): number {
  if (segment.isWhole && isSameSum(found, right)) return updated(found, before, after);
  if (found === 0) return 0;
  // A segment that is yet to be cut has no length here.
  for (const length of [segment.length, 0])
    if (segment.addresses && isSameSum(found, pseudoSum(segment, "before", length)))
      return fold(pseudoSum(segment, "after", length));
  // The pseudo header is not known: an update of what is its sum would tell of the addresses before.
  if (segment.addresses && segment.length === 0) return 0;
  // What a wrong one would become by an update could tell of the addresses before.
  return segment.isWhole ? wrong(updated(right, before, after)) : updated(found, before, after);
}

/** A checksum that is not right, and tells nothing. */
function wrong(right: number): number {
  return right ^ 0x5555;
}

function extensionLength(header: number, length: number): number {
  if (header === PROTOCOL_IPV6_FRAGMENT) return 8;
  return header === 51 ? (length + 2) * 4 : (length + 1) * 8;
}
