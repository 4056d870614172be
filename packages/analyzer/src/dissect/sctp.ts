// SCTP common header: https://www.rfc-editor.org/rfc/rfc9260#section-3.1

import type { PacketFields } from "./packet-fields.js";
import { dissectPorts } from "./ports.js";

const COMMON_HEADER_LENGTH = 12;

/** Fills in the ports from the header at `at`. */
export function dissectSctp(packet: PacketFields, at: number): void {
  dissectPorts(packet, at, COMMON_HEADER_LENGTH);
}
