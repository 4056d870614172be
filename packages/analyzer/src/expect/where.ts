// Whether a packet is one of those that an expectation is about.
import { type AddressWanted, isVariable, type PortWanted, type Where } from "./expectation.js";
import { ipProtocolName } from "../dissect/ip-protocol-names.js";
import { stageOf } from "../reconstruct/stages.js";
import type { PathRow } from "../tables/rows.js";
import { WITH_INFO } from "./info-words.js";
import { passesOf } from "./passes.js";
import { addressHolds, portHolds } from "./patterns.js";

/** A path, and what is known of it beside its row. */
export interface Candidate {
  readonly path: PathRow;
  /** Names of its network namespaces, and their inodes. */
  readonly namespaces: readonly string[];
  /** It was in a namespace that came after the recording began: whether that has a name is not known. */
  readonly isElsewhere: boolean;
}

/** A part of `where`, held against a packet. */
interface Condition {
  readonly key: keyof Where;
  holds(where: Where, candidate: Candidate): boolean;
  /** Where it does not hold: whether it might, had more of the packet been recorded. */
  isUnknown(candidate: Candidate, where: Where): boolean;
  /** What the packet has there. */
  found(candidate: Candidate): string;
}

const shown = (value: string | number | null): string => (value === null ? "none" : String(value));
const anyOf = (wanted: readonly string[] | undefined, found: readonly string[]): boolean =>
  wanted === undefined || wanted.some((one) => found.includes(one));

function addressFits(wanted: AddressWanted | undefined, address: string | null): boolean {
  if (wanted === undefined) return true;
  return isVariable(wanted) ? address !== null : wanted.some((pattern) => addressHolds(pattern, address));
}

function portFits(wanted: PortWanted | undefined, port: number | null): boolean {
  if (wanted === undefined) return true;
  return isVariable(wanted) ? port !== null : wanted.some((pattern) => portHolds(pattern, port));
}

/** The headers were not recorded. */
const isHeadless = ({ path }: Candidate): boolean => path.protocol === null;

/** Protocols with ports, as paths have them. */
export const WITH_PORTS: readonly string[] = ["TCP", "UDP", "SCTP", "DCCP", "UDPLite"];

/** The ports were not recorded; fragments other than the first have none. */
export function isPortless({ path }: Candidate): boolean {
  if (path.protocol === null) return true;
  const isFragment = path.info?.startsWith("fragment") === true;
  return path.source_port === null && WITH_PORTS.includes(path.protocol) && !isFragment;
}

/** ICMPv6's name in paths, and in filters. */
const ICMPV6 = ["icmpv6", "ipv6-icmp"];

/** Names of protocols by their numbers, in small letters. */
const NUMBERED: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 256 }, (_, number) => [String(number), ipProtocolName(number).toLowerCase()]),
);

/** What paths call a protocol that is wanted, in small letters. */
export function nameOfProtocol(wanted: string): string {
  const name = wanted.toLowerCase();
  return NUMBERED.get(name) ?? name;
}

/** Whether a protocol is one that is wanted; both in small letters. */
function isProtocol(wanted: string, found: string): boolean {
  if (nameOfProtocol(wanted) === found) return true;
  return ICMPV6.includes(found) && (wanted === "icmp" || ICMPV6.includes(wanted));
}

/** Whether packets of a protocol, as paths have it, can be ones that are wanted; in small letters. */
export function canBeProtocol(wanted: string, found: string): boolean {
  const name = wanted.toLowerCase();
  if (name === "ipv4" || name === "ipv6") return found !== "arp";
  return isProtocol(name, found);
}

/** The version of IP, as `protocol` asks for it; ARP has addresses too. */
export function versionOf({ protocol, source }: PathRow): "ipv4" | "ipv6" | undefined {
  if (source === null || protocol === "ARP") return undefined;
  return source.includes(":") ? "ipv6" : "ipv4";
}

function protocolFits(wanted: readonly string[] | undefined, path: PathRow): boolean {
  if (wanted === undefined) return true;
  const found = path.protocol?.toLowerCase() ?? "";
  const version = versionOf(path);
  return wanted.some((one) => {
    const name = one.toLowerCase();
    return name === version || isProtocol(name, found);
  });
}

/** `unreachable(port)` of `unreachable(port) of UDP 10.0.0.1:5->10.0.0.2:7`. */
export function infoKind(info: string | null): string {
  return (info ?? "").replace(/ of .*$/s, "");
}

function infoFits(wanted: readonly string[] | undefined, info: string | null): boolean {
  if (wanted === undefined) return true;
  const kind = infoKind(info).toLowerCase();
  return wanted.some((one) => {
    const name = one.toLowerCase();
    // `unreachable` is every kind of it.
    return (
      name === kind || isSameFlags(name, kind) || kind.startsWith(`${name}(`) || kind.startsWith(`${name}@`)
    );
  });
}

/** TCP's flags that say something of congestion alone (RFC 3168): a SYN that offers ECN is one. */
const CONGESTION = ["cwr", "ece"];

function isSameFlags(wanted: string, found: string): boolean {
  const asked = flagsOf(wanted);
  const there = flagsOf(found).filter((flag) => asked.includes(flag) || !CONGESTION.includes(flag));
  return asked.toSorted().join() === there.toSorted().join();
}

const flagsOf = (text: string): string[] => [...new Set(text.split(/[, ]+/))];

const CONDITIONS: readonly Condition[] = [
  {
    key: "protocol",
    holds: ({ protocol }, { path }) => protocolFits(protocol, path),
    isUnknown: isHeadless,
    found: ({ path }) => shown(path.protocol),
  },
  {
    key: "info",
    holds: ({ info }, { path }) => infoFits(info, path.info),
    isUnknown: ({ path }) =>
      path.info === null &&
      (path.protocol === null || WITH_INFO.some((one) => one === path.protocol?.toLowerCase())),
    found: ({ path }) => shown(path.info),
  },
  {
    key: "source",
    holds: ({ source }, { path }) => addressFits(source, path.source),
    isUnknown: isHeadless,
    found: ({ path }) => shown(path.source),
  },
  {
    key: "destination",
    holds: ({ destination }, { path }) => addressFits(destination, path.destination),
    isUnknown: isHeadless,
    found: ({ path }) => shown(path.destination),
  },
  {
    key: "address",
    holds: ({ address }, { path }) =>
      addressFits(address, path.source) || addressFits(address, path.destination),
    isUnknown: isHeadless,
    found: ({ path }) => `${shown(path.source)} and ${shown(path.destination)}`,
  },
  {
    key: "source_port",
    holds: ({ source_port }, { path }) => portFits(source_port, path.source_port),
    isUnknown: isPortless,
    found: ({ path }) => shown(path.source_port),
  },
  {
    key: "destination_port",
    holds: ({ destination_port }, { path }) => portFits(destination_port, path.destination_port),
    isUnknown: isPortless,
    found: ({ path }) => shown(path.destination_port),
  },
  {
    key: "port",
    holds: ({ port }, { path }) => portFits(port, path.source_port) || portFits(port, path.destination_port),
    isUnknown: isPortless,
    found: ({ path }) => `${shown(path.source_port)} and ${shown(path.destination_port)}`,
  },
  {
    key: "interface",
    holds: (where, { path }) => anyOf(where.interface, path.interfaces.split(" ")),
    isUnknown: ({ path }) => path.hops === 0 || /(^| )ifindex\d+( |$)/.test(path.interfaces),
    found: ({ path }) => path.interfaces || "none",
  },
  {
    key: "namespace",
    holds: ({ namespace }, { namespaces }) => anyOf(namespace, namespaces),
    isUnknown: ({ path, isElsewhere }, { namespace = [] }) =>
      path.hops === 0 || (isElsewhere && namespace.some((name) => !/^\d+$/.test(name))),
    found: ({ namespaces }) => namespaces.join(" ") || "none",
  },
  {
    key: "direction",
    holds: ({ direction }, { path }) => direction === undefined || directionOf(path) === direction,
    isUnknown: ({ path }) => directionOf(path) === "unknown",
    found: ({ path }) => directionOf(path),
  },
];

/** Hooks that only packets of one direction come to first (enum nf_inet_hooks, include/uapi/linux/netfilter.h). */
const DIRECTIONS: Readonly<Record<string, string>> = {
  INGRESS: "received",
  PREROUTING: "received",
  INPUT: "received",
  OUTPUT: "sent",
};

/**
 * How the packet began here; TCP sends clones of what it keeps, so clones have a direction too. What a firewall drops at
 * the hook OUTPUT has entered no function of a device yet: then the hook tells.
 */
export function directionOf(path: PathRow): string {
  const { begin } = stageOf(path.functions.split(" ", 1)[0] ?? "");
  if (begin !== "unknown") return begin;
  return DIRECTIONS[passesOf(path)[0]?.hook ?? ""] ?? begin;
}

/** Copies of packets that were seen themselves. Segments and fragments are packets: the whole does not go on. */
export function isCopy({ parent, begin }: PathRow): boolean {
  return parent !== null && begin !== "segmented" && begin !== "fragmented";
}

/** Messages between processes of the host are skbs too, and no packets. */
export function isPacket(path: PathRow): boolean {
  return path.protocol !== null || path.hops > 0 || path.outcome === "dropped";
}

/** Whether a packet is wanted; "perhaps" where too little of it was recorded. */
export function matchOf(where: Where | undefined, candidate: Candidate): "yes" | "no" | "perhaps" {
  if (isCopy(candidate.path) && where?.clones !== true) return "no";
  if (!where) return "yes";
  let match: "yes" | "perhaps" = "yes";
  for (const condition of CONDITIONS) {
    if (condition.holds(where, candidate)) continue;
    if (!condition.isUnknown(candidate, where)) return "no";
    match = "perhaps";
  }
  return match;
}

/** What of a packet that is perhaps wanted is not known, for people. */
export function unknownOf(where: Where, candidate: Candidate): string {
  if (isHeadless(candidate)) return "their headers were not recorded";
  const failed = CONDITIONS.find((condition) => !condition.holds(where, candidate));
  return `their ${failed?.key ?? "headers"} is not known`;
}

/** How near a packet comes: what holds, and what it has in the place of the rest. */
export function nearness(
  where: Where,
  candidate: Candidate,
): { readonly held: number; readonly departures: readonly { key: keyof Where; found: string }[] } {
  const asked = CONDITIONS.filter(({ key }) => where[key] !== undefined);
  const failed = asked.filter((condition) => !condition.holds(where, candidate));
  return {
    held: asked.length - failed.length,
    departures: failed.map((condition) => ({ key: condition.key, found: condition.found(candidate) })),
  };
}
