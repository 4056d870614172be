// IPv4 header: https://www.rfc-editor.org/rfc/rfc791

import { u16, u8 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";

const FIXED_LENGTH = 20;

/**
 * Fills in the IP fields from the header at `at`; nothing unless its 20 fixed bytes were captured.
 *
 * @returns the offset of layer 4, or -1 if this packet has none to look at (cut, non-first fragment).
 */
export function dissectIpv4(packet: PacketFields, at: number): number {
  const { bytes } = packet;
  if (at + FIXED_LENGTH > bytes.length) {
    packet.truncated = true;
    return -1;
  }
  packet.ipVersion = 4;
  packet.addressOffset = at + 12;
  packet.ipLength = u16(bytes, at + 2);
  packet.ttl = u8(bytes, at + 8);
  packet.protocol = u8(bytes, at + 9);

  const flagsAndOffset = u16(bytes, at + 6);
  const offset = (flagsAndOffset & 0x1fff) * 8;
  const more = (flagsAndOffset & 0x2000) !== 0;
  if (offset > 0 || more) packet.fragment = { offset, more, id: u16(bytes, at + 4) };

  const end = at + (u8(bytes, at) & 0x0f) * 4;
  if (end > bytes.length) packet.truncated = true;
  return offset > 0 || end > bytes.length ? -1 : end;
}
