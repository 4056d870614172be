// Finds layer 3 in a capture whose offsets may be stale.
// The BPF program decides the same way when it filters: change both or neither.

import { u16, u8 } from "./big-endian.js";
import type { Capture } from "./capture.js";
import { ETHER_TYPE, ETHERNET_HEADER_LENGTH, isVlanType, VLAN_TAG_LENGTH } from "./ethernet.js";

const MAX_VLAN_TAGS = 2;

/** Where layer 3 begins and what it is. */
export interface Network {
  /** Offset in the capture's bytes; for protocols other than IP it may lie beyond them. */
  readonly offset: number;
  readonly etherType: number;
  /** VLAN ids of the tags stepped over, outermost first. */
  readonly vlanIds: readonly number[];
}

export const NO_VLAN_IDS: readonly number[] = Object.freeze([]);

/**
 * Finds layer 3. The first that looks like `skb->protocol` says wins: the network header, skb->data, 14 bytes
 * behind the mac header. IP is believed only with the right version nibble (and IHL >= 5); other protocols
 * wherever their offset is set. Where the protocol is a VLAN's, the tag is behind a mac header (or skb->data) that
 * announces it, else at the network header, or at skb->data if that is unset, and nowhere else. Without a protocol only the network header is tried, and only for IP.
 *
 * @returns undefined if no place holds what the protocol says, or it was not captured.
 */
export function findNetwork(capture: Capture): Network | undefined {
  const { bytes, mac, network, data, protocol } = capture;
  if (protocol === 0) return guessNetwork(bytes, network);
  if (isVlanType(protocol)) return findBehindTags(bytes, tagPlace(capture), protocol);
  const behindMac = mac < 0 ? -1 : mac + ETHERNET_HEADER_LENGTH;
  for (const offset of [network, data, behindMac]) {
    if (isValid(bytes, offset, protocol)) return { offset, etherType: protocol, vlanIds: NO_VLAN_IDS };
  }
  return undefined;
}

/** A tag that is pushed in software leaves the network header at the IP header: validate_xmit_vlan, net/core/dev.c. */
function tagPlace({ bytes, mac, network, data, protocol }: Capture): number {
  for (const at of [mac, data]) {
    const typeAt = at + ETHERNET_HEADER_LENGTH - 2;
    if (at >= 0 && typeAt + 2 <= bytes.length && u16(bytes, typeAt) === protocol)
      return at + ETHERNET_HEADER_LENGTH;
  }
  return network < 0 ? data : network;
}

function findBehindTags(bytes: Uint8Array, tagAt: number, protocol: number): Network | undefined {
  const vlanIds: number[] = [];
  let at = tagAt;
  let etherType = protocol;
  while (isVlanType(etherType) && vlanIds.length < MAX_VLAN_TAGS) {
    if (at < 0 || at + VLAN_TAG_LENGTH > bytes.length) return undefined;
    vlanIds.push(u16(bytes, at) & 0x0fff);
    etherType = u16(bytes, at + 2);
    at += VLAN_TAG_LENGTH;
  }
  return isValid(bytes, at, etherType) ? { offset: at, etherType, vlanIds } : undefined;
}

function isValid(bytes: Uint8Array, at: number, etherType: number): boolean {
  if (at < 0) return false;
  if (etherType === ETHER_TYPE.ipv4) return at < bytes.length && isIpv4Start(u8(bytes, at));
  if (etherType === ETHER_TYPE.ipv6) return at < bytes.length && isIpv6Start(u8(bytes, at));
  return true;
}

function guessNetwork(bytes: Uint8Array, at: number): Network | undefined {
  if (at < 0 || at >= bytes.length) return undefined;
  const first = u8(bytes, at);
  if (isIpv6Start(first)) return { offset: at, etherType: ETHER_TYPE.ipv6, vlanIds: NO_VLAN_IDS };
  if (isIpv4Start(first) && at + 4 <= bytes.length && u16(bytes, at + 2) >= 20) {
    return { offset: at, etherType: ETHER_TYPE.ipv4, vlanIds: NO_VLAN_IDS };
  }
  return undefined;
}

/** Whether an IPv4 header can begin with this byte: version 4, IHL at least 5. */
export function isIpv4Start(first: number): boolean {
  return first >= 0x45 && first <= 0x4f;
}

/** Whether an IPv6 header can begin with this byte: version 6. */
export function isIpv6Start(first: number): boolean {
  return first >> 4 === 6;
}
