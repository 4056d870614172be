// UDP header: https://www.rfc-editor.org/rfc/rfc768

import type { PacketFields } from "./packet-fields.js";
import { dissectPorts } from "./ports.js";

const LENGTH = 8;

/** Fills in the ports from the header at `at`. */
export function dissectUdp(packet: PacketFields, at: number): void {
  dissectPorts(packet, at, LENGTH);
}
