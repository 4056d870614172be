// The filter flags as data, validated. All given parts must hold for a packet to pass.

import { addressText, parseAddress } from "../dissect/addresses.js";
import type { ExpressionFilter } from "../expression/expression-filter.js";
import { FilterError } from "./filter-error.js";

/** Protocols to filter by; `icmp` is ICMP and ICMPv6. */
export type FilterProtocol = "tcp" | "udp" | "icmp" | "any";

/** Which packets to trace. A part that is not given does not restrict. */
export interface PacketFilter {
  /** IPv4 or IPv6 address of either end. */
  readonly address?: string;
  /** Port of either end. */
  readonly port?: number;
  readonly protocol?: FilterProtocol;
  /** Identifier of ICMP echo requests and replies; 0 is an identifier too. */
  readonly icmpId?: number;
  readonly pid?: number;
  /** Inode number of the network namespace; NaN: of none that there is. */
  readonly netns?: number;
  /** In its place, the namespace's name in /run/netns: what its number is, `filterIn` finds. */
  readonly netnsName?: string;
  /** A filter expression. */
  readonly expression?: ExpressionFilter;
}

/** The filter flags as typed on the command line, absent ones undefined. */
export interface FilterFlags {
  readonly ipaddr?: string | undefined;
  readonly port?: string | undefined;
  readonly proto?: string | undefined;
  readonly icmpid?: string | undefined;
  readonly pid?: string | undefined;
  readonly netns?: string | undefined;
}

interface NumberFlag {
  readonly what: string;
  readonly min: number;
  readonly max: number;
}

const NUMBERS = {
  "--port": { what: "a port", min: 1, max: 65535 },
  "--icmpid": { what: "an ICMP identifier", min: 0, max: 65535 },
  // PID_MAX_LIMIT on 64-bit kernels.
  "--pid": { what: "a process id", min: 1, max: 2 ** 22 },
  "--netns": { what: "a network namespace's name or inode number", min: 1, max: 2 ** 32 - 1 },
} as const satisfies Readonly<Record<string, NumberFlag>>;

const PROTOCOLS: readonly FilterProtocol[] = ["tcp", "udp", "icmp", "any"];

/**
 * Validates the filter flags. Numbers are decimal, without sign, space, exponent or leading zero.
 * The address becomes its canonical text; an IPv4-mapped IPv6 address becomes the IPv4 address.
 *
 * @throws FilterError naming the flag, its value and what is allowed.
 */
export function parsePacketFilter(flags: FilterFlags): PacketFilter {
  return {
    ...(flags.ipaddr !== undefined && { address: parseAddressFlag(flags.ipaddr) }),
    ...(flags.port !== undefined && { port: parseNumber("--port", flags.port) }),
    ...(flags.proto !== undefined && { protocol: parseProtocol(flags.proto) }),
    ...(flags.icmpid !== undefined && { icmpId: parseNumber("--icmpid", flags.icmpid) }),
    ...(flags.pid !== undefined && { pid: parseNumber("--pid", flags.pid) }),
    ...(flags.netns !== undefined && parseNetns(flags.netns)),
  };
}

/** A filter as it is where network namespaces have these names. */
export function filterIn(
  filter: PacketFilter,
  namespaces: readonly { readonly inode: number; readonly name?: string }[],
): PacketFilter {
  const { netnsName, ...rest } = filter;
  if (netnsName === undefined) return filter;
  return { ...rest, netns: namespaces.find(({ name }) => name === netnsName)?.inode ?? Number.NaN };
}

/** What begins like a number is one. */
function parseNetns(value: string): Pick<PacketFilter, "netns" | "netnsName"> {
  return /^[A-Za-z_][^/]*$/.test(value) && value !== "Infinity" && value !== "NaN"
    ? { netnsName: value }
    : { netns: parseNumber("--netns", value) };
}

function parseAddressFlag(value: string): string {
  const address = parseAddress(value);
  if (address !== undefined) return addressText(address);
  const hint = value.includes("%") ? " (packets carry no zone: leave out what follows the %)" : "";
  throw new FilterError("--ipaddr", value, `is not an IPv4 or IPv6 address${hint}`);
}

function parseNumber(flag: keyof typeof NUMBERS, value: string): number {
  const { what, min, max } = NUMBERS[flag];
  const number = /^(?:0|[1-9][0-9]*)$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new FilterError(flag, value, `is not ${what}; expected a decimal number from ${min} to ${max}`);
}

function parseProtocol(value: string): FilterProtocol {
  const protocol = PROTOCOLS.find((name) => name === value);
  if (protocol !== undefined) return protocol;
  throw new FilterError("--proto", value, `is not a protocol; expected one of ${PROTOCOLS.join(", ")}`);
}
