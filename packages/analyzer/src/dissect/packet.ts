// Dissects captured header bytes: link, network and transport layer, and what an ICMP error quotes.

import { dissectArp } from "./arp.js";
import { u16, u8 } from "./big-endian.js";
import type { Capture } from "./capture.js";
import {
  ETHER_TYPE,
  ETHERNET_HEADER_LENGTH,
  hasLinkHeader,
  VLAN_TAG_LENGTH,
  vlanIdsBetween,
} from "./ethernet.js";
import { findNetwork, isIpv4Start, isIpv6Start } from "./find-network.js";
import { ICMP_HEADER_LENGTH, icmpTypeOf } from "./icmp.js";
import { dissectIp } from "./ip.js";
import { PacketFields } from "./packet-fields.js";
import type { Packet } from "./packet-fields.js";

export type { Fragment, Packet } from "./packet-fields.js";

/**
 * Dissects a capture. Never throws and never reads beyond `capture.bytes`, whatever they are.
 * Cutting the capture makes fields undefined, never different, as long as its offsets are not stale.
 * Addresses in the result stay bytes until asked for: see {@link Packet}.
 */
export function dissect(capture: Capture): Packet {
  const packet = new PacketFields(capture.bytes);
  const network = findNetwork(capture);
  if (network === undefined) {
    packet.etherType = capture.protocol === 0 ? undefined : capture.protocol;
    packet.truncated = mayBeBeyondCapture(capture);
    return packet;
  }
  packet.networkOffset = network.offset;
  packet.etherType = network.etherType;
  packet.vlanIds = network.vlanIds;
  dissectLink(packet, linkHeader(capture, packet));

  if (network.etherType === ETHER_TYPE.ipv4) dissectIp(packet, network.offset, 4);
  else if (network.etherType === ETHER_TYPE.ipv6) dissectIp(packet, network.offset, 6);
  else if (network.etherType === ETHER_TYPE.arp) dissectArp(packet, network.offset);
  else if (network.offset >= packet.bytes.length) packet.truncated = true;

  if (packet.icmpType !== undefined && icmpTypeOf(packet.protocol, packet.icmpType)?.kind === "error") {
    dissectQuoted(packet, packet.transportOffset + ICMP_HEADER_LENGTH);
  }
  return packet;
}

/** On its way out a packet has its link header at skb->data before skb->mac_header is set to it. */
function linkHeader({ mac, data, bytes }: Capture, { networkOffset, etherType }: PacketFields): number {
  const isAtData =
    data >= 0 &&
    data + ETHERNET_HEADER_LENGTH === networkOffset &&
    networkOffset <= bytes.length &&
    u16(bytes, networkOffset - 2) === etherType;
  return isAtData ? data : mac;
}

function dissectLink(packet: PacketFields, mac: number): void {
  if (!hasLinkHeader(packet.bytes, mac, packet.networkOffset)) return;
  packet.macOffset = mac;
  if (packet.vlanIds.length === 0 && packet.networkOffset > mac + ETHERNET_HEADER_LENGTH) {
    packet.vlanIds = vlanIdsBetween(packet.bytes, mac, packet.networkOffset);
  }
}

// Layer 4 of a quote may be 8 bytes only, by the protocol: that alone does not make the packet truncated.
function dissectQuoted(packet: PacketFields, at: number): void {
  if (at >= packet.bytes.length) {
    packet.truncated = true;
    return;
  }
  const first = u8(packet.bytes, at);
  const version = isIpv4Start(first) ? 4 : isIpv6Start(first) ? 6 : undefined;
  if (version === undefined) return;
  const quoted = new PacketFields(packet.bytes);
  quoted.networkOffset = at;
  quoted.etherType = version === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6;
  dissectIp(quoted, at, version);
  const isCut =
    quoted.transportOffset < 0
      ? quoted.truncated
      : quoted.truncated && quoted.transportOffset + 8 > packet.bytes.length;
  if (isCut) packet.truncated = true;
  if (quoted.ipVersion !== undefined) packet.quoted = quoted;
}

// What findNetwork may need of a place: two VLAN tags and the first byte behind them.
const LOOKED_AT = 2 * VLAN_TAG_LENGTH + 1;

// Layer 3 was not found: perhaps only because its first bytes were not captured.
function mayBeBeyondCapture(capture: Capture): boolean {
  const { bytes, mac, network, data } = capture;
  const behindMac = mac < 0 ? -1 : mac + ETHERNET_HEADER_LENGTH;
  const isNearEnd = (at: number): boolean => at >= 0 && at + LOOKED_AT > bytes.length;
  return bytes.length === 0 || isNearEnd(network) || isNearEnd(data) || isNearEnd(behindMac);
}
