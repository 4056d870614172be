// IPv6 header and extension headers: https://www.rfc-editor.org/rfc/rfc8200

import { u16, u32, u8 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";

const FIXED_LENGTH = 40;
// Every extension header is at least this long.
const EXTENSION_LENGTH = 8;
/** The BPF program walks as many, and no more: a bounded loop for its verifier. */
const MAX_EXTENSIONS = 6;

const EXTENSION = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  destinationOptions: 60,
} as const;

/**
 * Fills in the IP fields from the header at `at`; nothing unless its 40 fixed bytes were captured.
 * `protocol` is what follows the extension headers: unknown if one of them was cut, and the next extension's
 * own number behind six of them.
 *
 * @returns the offset of layer 4, or -1 if this packet has none to look at (cut, non-first fragment).
 */
export function dissectIpv6(packet: PacketFields, at: number): number {
  const { bytes } = packet;
  if (at + FIXED_LENGTH > bytes.length) {
    packet.truncated = true;
    return -1;
  }
  packet.ipVersion = 6;
  packet.addressOffset = at + 8;
  packet.ipLength = u16(bytes, at + 4) + FIXED_LENGTH;
  packet.ttl = u8(bytes, at + 7);

  let next = u8(bytes, at + 6);
  let end = at + FIXED_LENGTH;
  for (let walked = 0; isExtension(next); walked++) {
    if (walked === MAX_EXTENSIONS) {
      packet.protocol = next;
      return -1;
    }
    if (end + EXTENSION_LENGTH > bytes.length) {
      packet.truncated = true;
      return -1;
    }
    const header = next;
    const start = end;
    next = u8(bytes, start);
    end += extensionLength(header, u8(bytes, start + 1));
    if (header === EXTENSION.fragment) {
      const offsetAndFlags = u16(bytes, start + 2);
      const offset = offsetAndFlags & 0xfff8;
      packet.fragment = { offset, more: (offsetAndFlags & 1) !== 0, id: u32(bytes, start + 4) };
      if (offset > 0) {
        packet.protocol = next;
        return -1;
      }
    }
  }
  packet.protocol = next;
  return end;
}

function isExtension(header: number): boolean {
  return (
    header === EXTENSION.hopByHop ||
    header === EXTENSION.routing ||
    header === EXTENSION.fragment ||
    header === EXTENSION.authentication ||
    header === EXTENSION.destinationOptions
  );
}

// The fragment header's length byte is reserved; AH counts 4-byte words less two, the others 8-byte words less one.
function extensionLength(header: number, length: number): number {
  if (header === EXTENSION.fragment) return EXTENSION_LENGTH;
  if (header === EXTENSION.authentication) return (length + 2) * 4;
  return (length + 1) * 8;
}
