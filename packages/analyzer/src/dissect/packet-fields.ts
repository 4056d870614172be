// What is known of a packet. The protocol files fill it in; everyone else sees it read-only, as `Packet`.

import { ipv4Text, ipv6Text, macText } from "./addresses.js";
import type { Arp } from "./arp.js";
import { NO_VLAN_IDS } from "./find-network.js";
import type { Gre } from "./gre.js";

/** Place of a fragment in its IP packet. */
export interface Fragment {
  /** Offset of its payload in the whole packet's, in bytes. */
  readonly offset: number;
  /** Whether more fragments follow. */
  readonly more: boolean;
  /** IP identification, which the fragments of a packet share. */
  readonly id: number;
}

/**
 * A dissected packet. A field is undefined if the packet has no such header or it was not captured.
 * Addresses become text when first asked for, from `bytes`: those must not be overwritten until then.
 */
export type Packet = Readonly<PacketFields>;

/** The mutable form, for the dissector alone. */
export class PacketFields {
  /** The captured bytes that all offsets point into. */
  readonly bytes: Uint8Array;
  /** Whether a header that should be there was cut by the capture. */
  truncated = false;

  /** Offset of the Ethernet header, or -1 without one before layer 3. */
  macOffset = -1;
  /** VLAN ids of the tags in band, outermost first. */
  vlanIds: readonly number[] = NO_VLAN_IDS;
  /** Ethertype of layer 3, behind VLAN tags; where layer 3 was not found, skb->protocol. */
  etherType: number | undefined = undefined;

  /** Offset of layer 3, or -1 if it was not found. */
  networkOffset = -1;
  ipVersion: 4 | 6 | undefined = undefined;
  /** Offset of the IP source address, or -1; the destination follows it. */
  addressOffset = -1;
  /** Total length of the IP packet by its header. 0 (IPv4) and 40 (IPv6) for packets over 64 KiB (BIG TCP). */
  ipLength: number | undefined = undefined;
  /** TTL or hop limit. */
  ttl: number | undefined = undefined;
  fragment: Fragment | undefined = undefined;
  /** Layer 4 protocol number, behind IPv6 extension headers. */
  protocol: number | undefined = undefined;

  /** Offset of the layer 4 header, or -1 without one (non-first fragment, not IP, cut before it). */
  transportOffset = -1;
  /** Ports of TCP, UDP and SCTP. */
  sourcePort: number | undefined = undefined;
  destinationPort: number | undefined = undefined;
  /** The TCP flags byte: FIN 0x01 ... CWR 0x80. */
  tcpFlags: number | undefined = undefined;
  /** Type and code of ICMP or ICMPv6. */
  icmpType: number | undefined = undefined;
  icmpCode: number | undefined = undefined;
  /** Identifier and sequence number of ICMP echo and other queries. */
  icmpId: number | undefined = undefined;
  icmpSeq: number | undefined = undefined;
  /** The packet that an ICMP error quotes. */
  quoted: Packet | undefined = undefined;
  arp: Arp | undefined = undefined;
  gre: Gre | undefined = undefined;

  #source: string | undefined = undefined;
  #destination: string | undefined = undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** IP source address as text. */
  get source(): string | undefined {
    return (this.#source ??= this.#address(0));
  }

  /** IP destination address as text. */
  get destination(): string | undefined {
    return (this.#destination ??= this.#address(1));
  }

  /** Ethernet destination. */
  get destMac(): string | undefined {
    return this.macOffset < 0 ? undefined : macText(this.bytes, this.macOffset);
  }

  /** Ethernet source. */
  get srcMac(): string | undefined {
    return this.macOffset < 0 ? undefined : macText(this.bytes, this.macOffset + 6);
  }

  #address(index: 0 | 1): string | undefined {
    if (this.addressOffset < 0) return undefined;
    return this.ipVersion === 4
      ? ipv4Text(this.bytes, this.addressOffset + 4 * index)
      : ipv6Text(this.bytes, this.addressOffset + 16 * index);
  }
}
