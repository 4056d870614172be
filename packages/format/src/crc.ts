// CRC-32 as in IEEE 802.3 and zlib, the checksum of headers and payloads.
import { crc32 } from "node:zlib";

/**
 * CRC-32 of the bytes of several spans in their order.
 * @returns an unsigned 32-bit number
 */
export function crcOf(...spans: readonly Uint8Array[]): number {
  let crc = 0;
  for (const span of spans) crc = crc32(span, crc);
  return crc;
}
