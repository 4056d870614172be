// The filter in user space. It decides exactly as the BPF program's does: change both or neither.

import { u8 } from "../dissect/big-endian.js";
import { ETHER_TYPE } from "../dissect/ethernet.js";
import { IP_PROTOCOL } from "../dissect/ip-protocol-names.js";
import { ARP_LENGTH } from "../dissect/arp.js";
import type { Packet } from "../dissect/packet-fields.js";
import { kernelFilter } from "./kernel-filter.js";
import type { KernelFilter } from "./kernel-filter.js";
import type { PacketFilter } from "./packet-filter.js";

/** Where an event happened. */
export interface Origin {
  readonly pid: number;
  readonly netns: number;
}

/** Says of a packet and its origin whether they pass. */
export type PacketMatcher = (packet: Packet, origin: Origin) => boolean;

/**
 * Whether all given parts of the filter hold. A part that needs a header which the packet does not have,
 * or which was not captured, does not hold. For many packets make a {@link packetMatcher} once.
 */
export function matches(filter: PacketFilter, packet: Packet, origin: Origin): boolean {
  return packetMatcher(filter)(packet, origin);
}

/** The filter as a function, prepared for many packets. An expression is not asked: it needs more than the packet. */
export function packetMatcher(filter: PacketFilter): PacketMatcher {
  const wanted = kernelFilter(filter);
  return (packet, origin) =>
    (wanted.pid === 0 || wanted.pid === origin.pid) &&
    (wanted.netns === 0 || wanted.netns === origin.netns) &&
    (wanted.protocol === 0 || isProtocol(packet, wanted.protocol)) &&
    (wanted.port === 0 || wanted.port === packet.sourcePort || wanted.port === packet.destinationPort) &&
    (wanted.icmpId < 0 || (isEcho(packet) && packet.icmpId === wanted.icmpId)) &&
    (wanted.family === 0 || hasIpAddress(packet, wanted) || hasArpAddress(packet, wanted));
}

function isProtocol(packet: Packet, wanted: number): boolean {
  const { protocol } = packet;
  return protocol === wanted || (wanted === IP_PROTOCOL.icmp && protocol === IP_PROTOCOL.icmpv6);
}

function isEcho(packet: Packet): boolean {
  const { protocol, icmpType } = packet;
  return protocol === IP_PROTOCOL.icmpv6
    ? icmpType === 128 || icmpType === 129
    : protocol === IP_PROTOCOL.icmp && (icmpType === 8 || icmpType === 0);
}

function hasIpAddress(packet: Packet, wanted: KernelFilter): boolean {
  if (packet.ipVersion !== wanted.family) return false;
  const length = wanted.family === 4 ? 4 : 16;
  const at = packet.addressOffset;
  return (
    isAddressAt(packet.bytes, at, wanted.address, length) ||
    isAddressAt(packet.bytes, at + length, wanted.address, length)
  );
}

function isAddressAt(bytes: Uint8Array, at: number, address: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (u8(bytes, at + i) !== u8(address, i)) return false;
  return true;
}

// The sender's and target's place in an ARP message of IPv4 over Ethernet. The BPF program looks no closer.
function hasArpAddress(packet: Packet, wanted: KernelFilter): boolean {
  const at = packet.networkOffset;
  return (
    wanted.family === 4 &&
    packet.etherType === ETHER_TYPE.arp &&
    at >= 0 &&
    at + ARP_LENGTH <= packet.bytes.length &&
    (isAddressAt(packet.bytes, at + 14, wanted.address, 4) ||
      isAddressAt(packet.bytes, at + 24, wanted.address, 4))
  );
}
