// TCP header: https://www.rfc-editor.org/rfc/rfc9293#section-3.1

import { u8 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";
import { dissectPorts } from "./ports.js";

const FIXED_LENGTH = 20;

/** Fills in ports and flags from the header at `at`. */
export function dissectTcp(packet: PacketFields, at: number): void {
  const { bytes } = packet;
  dissectPorts(packet, at, FIXED_LENGTH);
  if (at + 14 > bytes.length) return;
  packet.tcpFlags = u8(bytes, at + 13);
  if (at + (u8(bytes, at + 12) >> 4) * 4 > bytes.length) packet.truncated = true;
}

// From the high bit to the low, as the original prints them.
const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x80, "CWR"],
  [0x40, "ECE"],
  [0x20, "URG"],
  [0x10, "ACK"],
  [0x08, "PSH"],
  [0x04, "RST"],
  [0x02, "SYN"],
  [0x01, "FIN"],
];

/** Names of all flags. */
export const TCP_FLAG_NAMES: readonly string[] = FLAG_NAMES.map(([, name]) => name);

const FLAG_TEXTS: readonly string[] = Array.from({ length: 256 }, (_, flags) =>
  FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(","),
);

/** Names of the flags that are set, from CWR to FIN: `ACK,PSH`. */
export function tcpFlagsText(flags: number): string {
  return FLAG_TEXTS[flags & 0xff] ?? "";
}
