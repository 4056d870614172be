// ARP: https://www.rfc-editor.org/rfc/rfc826

import { ipv4Text, macText } from "./addresses.js";
import { u16 } from "./big-endian.js";
import type { PacketFields } from "./packet-fields.js";

const FIXED_LENGTH = 8;
/** Length of an ARP message of IPv4 over Ethernet. */
export const ARP_LENGTH = 28;

/** An ARP message. The addresses are of IPv4 over Ethernet; undefined for others, or if cut. */
export interface Arp {
  /** 1 request, 2 reply. */
  readonly operation: number;
  readonly senderMac: string | undefined;
  readonly senderAddress: string | undefined;
  readonly targetAddress: string | undefined;
}

/** Fills in `packet.arp` from the message at `at`. */
export function dissectArp(packet: PacketFields, at: number): void {
  const { bytes } = packet;
  if (at + FIXED_LENGTH > bytes.length) {
    packet.truncated = true;
    return;
  }
  const operation = u16(bytes, at + 6);
  const isIpv4OverEthernet = u16(bytes, at + 2) === 0x0800 && u16(bytes, at + 4) === 0x0604;
  const isWhole = at + ARP_LENGTH <= bytes.length;
  if (isIpv4OverEthernet && !isWhole) packet.truncated = true;
  const isReadable = isIpv4OverEthernet && isWhole;
  packet.arp = {
    operation,
    senderMac: isReadable ? macText(bytes, at + 8) : undefined,
    senderAddress: isReadable ? ipv4Text(bytes, at + 14) : undefined,
    targetAddress: isReadable ? ipv4Text(bytes, at + 24) : undefined,
  };
}
