// An IP packet: its header, then the layer 4 header where this packet carries one.

import { dissectGre } from "./gre.js";
import { dissectIcmp } from "./icmp.js";
import { IP_PROTOCOL } from "./ip-protocol-names.js";
import { dissectIpv4 } from "./ipv4.js";
import { dissectIpv6 } from "./ipv6.js";
import type { PacketFields } from "./packet-fields.js";
import { dissectSctp } from "./sctp.js";
import { dissectTcp } from "./tcp.js";
import { dissectUdp } from "./udp.js";

type Dissector = (packet: PacketFields, at: number) => void;

const TRANSPORTS: ReadonlyMap<number, Dissector> = new Map<number, Dissector>([
  [IP_PROTOCOL.tcp, dissectTcp],
  [IP_PROTOCOL.udp, dissectUdp],
  [IP_PROTOCOL.icmp, dissectIcmp],
  [IP_PROTOCOL.icmpv6, dissectIcmp],
  [IP_PROTOCOL.sctp, dissectSctp],
  [IP_PROTOCOL.gre, dissectGre],
]);

/** Fills in layers 3 and 4 of the IP packet at `at`, whose first byte is known to be of that version. */
export function dissectIp(packet: PacketFields, at: number, version: 4 | 6): void {
  const transport = version === 4 ? dissectIpv4(packet, at) : dissectIpv6(packet, at);
  if (transport < 0 || packet.protocol === undefined) return;
  packet.transportOffset = transport;
  TRANSPORTS.get(packet.protocol)?.(packet, transport);
}
