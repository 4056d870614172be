// The filter in the form of the BPF program's configuration.

import type { ClassicProgram } from "@skbtracer/format";
import { parseAddress } from "../dissect/addresses.js";
import { IP_PROTOCOL } from "../dissect/ip-protocol-names.js";
import { FilterError } from "./filter-error.js";
import type { FilterProtocol, PacketFilter } from "./packet-filter.js";

/** A filter as numbers and bytes; what is not given has a value that cannot be asked for. */
export interface KernelFilter {
  /** 0 without an address. */
  readonly family: 0 | 4 | 6;
  /** 16 bytes, network order; an IPv4 address is the first 4, the rest 0. */
  readonly address: Uint8Array;
  /** Host order, 0 without one. */
  readonly port: number;
  /** 0 any, 6 TCP, 17 UDP, 1 ICMP (protocol 1) and ICMPv6 (protocol 58) both. */
  readonly protocol: 0 | 1 | 6 | 17;
  /** Host order, -1 without one. */
  readonly icmpId: number;
  /** 0 without one. */
  readonly pid: number;
  /** 0 without one. */
  readonly netns: number;
  readonly expression?: { readonly text: string; readonly program: ClassicProgram };
}

const PROTOCOL_NUMBERS: Readonly<Record<FilterProtocol, KernelFilter["protocol"]>> = {
  any: 0,
  icmp: IP_PROTOCOL.icmp,
  tcp: IP_PROTOCOL.tcp,
  udp: IP_PROTOCOL.udp,
};

/**
 * The filter for the BPF program's configuration.
 *
 * @throws FilterError if the address is none (a filter from parsePacketFilter never does).
 */
export function kernelFilter(filter: PacketFilter): KernelFilter {
  const bytes = new Uint8Array(16);
  let family: KernelFilter["family"] = 0;
  if (filter.address !== undefined) {
    const address = parseAddress(filter.address);
    if (address === undefined) {
      throw new FilterError("--ipaddr", filter.address, "is not an IPv4 or IPv6 address");
    }
    bytes.set(address.bytes);
    family = address.family;
  }
  return {
    family,
    address: bytes,
    port: filter.port ?? 0,
    protocol: PROTOCOL_NUMBERS[filter.protocol ?? "any"],
    icmpId: filter.icmpId ?? -1,
    pid: filter.pid ?? 0,
    netns: filter.netns ?? 0,
    ...(filter.expression && { expression: filter.expression }),
  };
}
