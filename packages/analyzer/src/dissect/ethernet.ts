// Ethernet II header and 802.1Q / 802.1ad tags.

import { u16 } from "./big-endian.js";

export const ETHERNET_HEADER_LENGTH = 14;
export const VLAN_TAG_LENGTH = 4;

/** Ethertypes that the dissector looks into, and those of VLAN tags. */
export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  serviceVlan: 0x88a8,
} as const;

/** Whether an ethertype announces a VLAN tag. */
export function isVlanType(etherType: number): boolean {
  return etherType === ETHER_TYPE.vlan || etherType === ETHER_TYPE.serviceVlan;
}

/**
 * Whether the 14 bytes at `mac` can be the link header of layer 3 at `network`: set, wholly captured,
 * and wholly before it. (A tun device's mac header is its network header: no link header.)
 */
export function hasLinkHeader(bytes: Uint8Array, mac: number, network: number): boolean {
  const end = mac + ETHERNET_HEADER_LENGTH;
  return mac >= 0 && end <= bytes.length && end <= network;
}

/**
 * VLAN ids of tags between the link header at `mac` and layer 3 at `network`, outermost first.
 * Empty unless the tags end exactly where layer 3 begins.
 */
export function vlanIdsBetween(bytes: Uint8Array, mac: number, network: number): number[] {
  const ids: number[] = [];
  let at = mac + ETHERNET_HEADER_LENGTH;
  let etherType = u16(bytes, at - 2);
  while (isVlanType(etherType) && at + VLAN_TAG_LENGTH <= Math.min(network, bytes.length)) {
    ids.push(u16(bytes, at) & 0x0fff);
    etherType = u16(bytes, at + 2);
    at += VLAN_TAG_LENGTH;
  }
  return at === network ? ids : [];
}
