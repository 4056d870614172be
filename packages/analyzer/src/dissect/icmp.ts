// ICMP: https://www.rfc-editor.org/rfc/rfc792 and ICMPv6: https://www.rfc-editor.org/rfc/rfc4443

import { u16, u8 } from "./big-endian.js";
import { ICMP_TYPES, ICMPV6_TYPES } from "./icmp-types.js";
import type { IcmpType } from "./icmp-types.js";
import { IP_PROTOCOL } from "./ip-protocol-names.js";
import type { PacketFields } from "./packet-fields.js";

export const ICMP_HEADER_LENGTH = 8;

/** Fills in type and code, and identifier and sequence number of queries, from the header at `at`. */
export function dissectIcmp(packet: PacketFields, at: number): void {
  const { bytes } = packet;
  if (at + ICMP_HEADER_LENGTH > bytes.length) packet.truncated = true;
  if (at + 2 > bytes.length) return;
  packet.icmpType = u8(bytes, at);
  packet.icmpCode = u8(bytes, at + 1);
  if (at + ICMP_HEADER_LENGTH > bytes.length) return;
  const kind = icmpTypeOf(packet.protocol, packet.icmpType)?.kind;
  if (kind === "query") {
    packet.icmpId = u16(bytes, at + 4);
    packet.icmpSeq = u16(bytes, at + 6);
  } else if (kind === "extended query") {
    packet.icmpId = u16(bytes, at + 4);
    packet.icmpSeq = u8(bytes, at + 6);
  }
}

/** What is known of an ICMP (protocol 1) or ICMPv6 (protocol 58) type. */
export function icmpTypeOf(protocol: number | undefined, type: number): IcmpType | undefined {
  return (protocol === IP_PROTOCOL.icmpv6 ? ICMPV6_TYPES : ICMP_TYPES).get(type);
}

/** `unreachable(port)`: the short name of a type, with its code where that matters. */
export function icmpName(protocol: number | undefined, type: number, code: number): string {
  const known = icmpTypeOf(protocol, type);
  if (known === undefined) return code === 0 ? `type${type}` : `type${type}(${code})`;
  if (known.codes !== undefined) return `${known.name}(${known.codes[code] ?? code})`;
  return known.name;
}
