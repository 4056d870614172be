// GRE header: https://www.rfc-editor.org/rfc/rfc2784, its key: https://www.rfc-editor.org/rfc/rfc2890

import { u16, u32 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";

const FIXED_LENGTH = 4;
const CHECKSUM_PRESENT = 0x8000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;

/** A GRE header. */
export interface Gre {
  /** 0, or 1 for PPTP's. */
  readonly version: number;
  /** Ethertype of what it carries. */
  readonly protocol: number;
  /** The key of version 0; undefined without one, or if cut. */
  readonly key: number | undefined;
}

/** Fills in `packet.gre` from the header at `at`. */
export function dissectGre(packet: PacketFields, at: number): void {
  const { bytes } = packet;
  if (at + FIXED_LENGTH > bytes.length) {
    packet.truncated = true;
    return;
  }
  const flags = u16(bytes, at);
  const keyAt = at + FIXED_LENGTH + ((flags & CHECKSUM_PRESENT) !== 0 ? 4 : 0);
  const sequenceAt = keyAt + ((flags & KEY_PRESENT) !== 0 ? 4 : 0);
  const end = sequenceAt + ((flags & SEQUENCE_PRESENT) !== 0 ? 4 : 0);
  if (end > bytes.length) packet.truncated = true;
  const version = flags & 0x7;
  const hasKey = version === 0 && sequenceAt > keyAt && sequenceAt <= bytes.length;
  packet.gre = { version, protocol: u16(bytes, at + 2), key: hasKey ? u32(bytes, keyAt) : undefined };
}
