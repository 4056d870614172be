// Source and destination port: the first four bytes of TCP, UDP and SCTP alike.

import { u16 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";

/** Fills in the ports at `at`, and notes whether the `headerLength` bytes there were captured. */
export function dissectPorts(packet: PacketFields, at: number, headerLength: number): void {
  const { bytes } = packet;
  if (at + headerLength > bytes.length) packet.truncated = true;
  if (at + 4 > bytes.length) return;
  packet.sourcePort = u16(bytes, at);
  packet.destinationPort = u16(bytes, at + 2);
}
