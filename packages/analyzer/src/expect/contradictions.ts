// What can be said in a file of expectations, and cannot be meant: no recording would satisfy it, or any would.
import {
  type AddressPattern,
  type AddressWanted,
  type Expectation,
  isVariable,
  type PortPattern,
  type PortWanted,
  type Where,
} from "./expectation.js";
import type { Reading } from "./forms.js";
import { areFlags, canHaveInfo, WITH_INFO } from "./info-words.js";
import { overlap } from "./patterns.js";
import type { Position } from "./problem.js";
import { variablesOf } from "./variables.js";
import { canBeProtocol, nameOfProtocol, WITH_PORTS } from "./where.js";

/** Complains of all of them. */
export function findContradictions(expectations: readonly Expectation[], reading: Reading): void {
  const names = new Map<string, Position>();
  const binders = new Map<string, Expectation>();
  for (const expectation of expectations) {
    const place = reading.placeOf(expectation, "name");
    const earlier = names.get(expectation.name);
    if (earlier)
      reading.complain(
        place,
        `another expectation has this name, in line ${earlier.line}: reports need one for each`,
      );
    else names.set(expectation.name, place);
    ofCount(expectation, reading);
    ofFunctions(expectation, reading);
    ofDrops(expectation, reading);
    ofWhere(expectation.where, reading);
    ofNat(expectation, reading);
    ofTime(expectation, reading);
    ofVariables(expectation, binders, reading);
  }
}

const ABOUT_PACKETS = ["through", "not_through", "outcome", "drops", "traversals", "nat", "time"] as const;

function ofCount(expectation: Expectation, reading: Reading): void {
  const { paths } = expectation;
  if (!paths) return;
  const place = reading.placeOf(expectation, "paths");
  if (paths.atLeast > paths.atMost)
    reading.complain(place, `paths: at least ${paths.atLeast} and at most ${paths.atMost} cannot both be`);
  const isAnything = paths.atLeast === 0 && paths.atMost === Number.POSITIVE_INFINITY;
  if (isAnything && ABOUT_PACKETS.every((key) => expectation[key] === undefined))
    reading.complain(place, "paths: at least 0 is always so, and nothing else is expected");
  if (paths.atMost > 0) return;
  for (const key of ABOUT_PACKETS)
    if (expectation[key] !== undefined)
      reading.complain(
        reading.placeOf(expectation, key),
        `${key} says something about packets, and paths says that there are none: leave one of them out`,
      );
}

function ofFunctions(expectation: Expectation, reading: Reading): void {
  const { through = [], not_through: never = [], time = [] } = expectation;
  const place = reading.placeOf(expectation, "not_through");
  for (const name of through.filter((one) => never.includes(one)))
    reading.complain(place, `not_through: ${name} stands in through as well`);
  for (const { from, to } of time)
    for (const name of [from, to])
      if (name !== undefined && never.includes(name))
        reading.complain(place, `not_through: time is measured at ${name}`);
}

function ofDrops(expectation: Expectation, reading: Reading): void {
  const { outcome, drops, traversals } = expectation;
  if (drops === "none" && outcome?.every((one) => one === "dropped"))
    reading.complain(
      reading.placeOf(expectation, "drops"),
      "drops: none, and outcome says that they are dropped",
    );
  if (drops === "none" && traversals !== "none" && traversals?.some(({ verdict }) => verdict === "DROP"))
    reading.complain(
      reading.placeOf(expectation, "drops"),
      "drops: none, and traversals says that a table drops them",
    );
}

type Complain = (key: keyof Where, message: string) => undefined;

function ofWhere(where: Where | undefined, reading: Reading): void {
  if (!where) return;
  const complain: Complain = (key, message) => reading.complain(reading.placeOf(where, key), message);
  ofAddresses(where, complain);
  ofPorts(where, complain);
  ofInfo(where, complain);
}

/** Protocols whose addresses are of one family. */
const FAMILIES: Readonly<Record<string, 4 | 6>> = { icmpv6: 6, "ipv6-icmp": 6, arp: 4, ipv4: 4 };

function ofAddresses({ source, destination, address, protocol = [] }: Where, complain: Complain): void {
  const families = [source, destination, address].map(familiesOf);
  if (families[0]?.size === 1 && families[1]?.size === 1 && [...families[0]][0] !== [...families[1]][0])
    complain("destination", "source and destination are of different families: no packet has both");
  else if (address?.every((one) => !fitsEnd(one, source, destination) && !fitsEnd(one, destination, source)))
    complain("address", "address: neither source nor destination can be it");
  const [family, ...others] = new Set(families.flatMap((one) => [...one]));
  const isOfOther = (one: string): boolean => (FAMILIES[one.toLowerCase()] ?? family) !== family;
  if (family !== undefined && others.length === 0 && protocol.length > 0 && protocol.every(isOfOther))
    complain("protocol", `${protocol.join(" and ")} has no IPv${family} addresses`);
}

/** Whether one end of a packet can have an address, where the other end is of the same family. */
function fitsEnd(
  address: AddressPattern,
  end: AddressWanted | undefined,
  other: AddressWanted | undefined,
): boolean {
  const isIt = patternsOf(end)?.some((one) => overlap(one, address)) ?? true;
  return isIt && (patternsOf(other)?.some(({ family }) => family === address.family) ?? true);
}

/** Undefined if it can be any. */
function patternsOf(wanted: AddressWanted | undefined): readonly AddressPattern[] | undefined {
  return wanted === undefined || isVariable(wanted) ? undefined : wanted;
}

const isPortless = (protocol: string): boolean =>
  !WITH_PORTS.some((name) => canBeProtocol(protocol, name.toLowerCase()));

function ofPorts(where: Where, complain: Complain): void {
  const { source_port: source, destination_port: destination, port, protocol = [], info = [] } = where;
  if (excludesPort(port, source) && excludesPort(port, destination))
    complain("port", "port: neither source_port nor destination_port can be it");
  const keys = (["source_port", "destination_port", "port"] as const).filter(
    (key) => where[key] !== undefined,
  );
  for (const key of keys) {
    if (protocol.length > 0 && protocol.every(isPortless))
      complain(key, `${key}: ${protocol.join(" and ")} has no ports`);
    // Messages of ICMP and ARP, and fragments other than the first.
    else if (info.length > 0 && !info.some((one) => areFlags(one.toLowerCase())))
      complain(key, `${key}: packets with info ${info.join(" or ")} have no ports`);
  }
}

function ofInfo({ protocol, info }: Where, complain: Complain): void {
  if (!protocol || !info) return;
  const fits = (one: string): boolean =>
    [...WITH_INFO, nameOfProtocol(one)].some(
      (found) => canBeProtocol(one, found) && info.some((wanted) => canHaveInfo(found, wanted.toLowerCase())),
    );
  if (!protocol.some(fits))
    complain("info", `info: no packet of ${protocol.join(" or ")} has ${info.join(" or ")}`);
}

function familiesOf(wanted: AddressWanted | undefined): ReadonlySet<4 | 6> {
  if (wanted === undefined || isVariable(wanted)) return new Set();
  return new Set(wanted.map(({ family }) => family));
}

function ofNat(expectation: Expectation, reading: Reading): void {
  const { nat, where } = expectation;
  if (nat === undefined || nat === "none" || !nat.before || !where) return;
  for (const key of ["source", "destination"] as const)
    if (excludes(where[key], nat.before[key]))
      reading.complain(reading.placeOf(nat.before, key), `before: where asks for another ${key}`);
  for (const key of ["source_port", "destination_port"] as const)
    if (excludesPort(where[key], nat.before[key]))
      reading.complain(reading.placeOf(nat.before, key), `before: where asks for another ${key}`);
}

function excludes(a: AddressWanted | undefined, b: AddressWanted | undefined): boolean {
  if (a === undefined || b === undefined || isVariable(a) || isVariable(b)) return false;
  const fits = (one: AddressPattern): boolean => b.some((other) => overlap(one, other));
  return !a.some(fits);
}

function excludesPort(a: PortWanted | undefined, b: PortWanted | undefined): boolean {
  if (a === undefined || b === undefined || isVariable(a) || isVariable(b)) return false;
  const fits = (one: PortPattern): boolean => b.some(({ from, to }) => one.from <= to && from <= one.to);
  return !a.some(fits);
}

function ofTime(expectation: Expectation, reading: Reading): void {
  for (const limits of expectation.time ?? []) {
    const { from, to, p50, p99, max } = limits;
    const place = reading.placeOf(expectation, "time");
    if (p50 === undefined && p99 === undefined && max === undefined)
      reading.complain(place, "time: give a limit: p50, p99 or max");
    if (from !== undefined && from === to)
      reading.complain(reading.placeOf(limits, "to"), "time: from and to are the same function");
  }
}

/** A name that is asked for has its values from one earlier expectation, so that those of one packet stay together. */
function ofVariables(expectation: Expectation, binders: Map<string, Expectation>, reading: Reading): void {
  const names = [...new Set(variablesOf(expectation).map(({ variable }) => variable))];
  const sources = new Set(names.flatMap((name) => binders.get(name) ?? []));
  if (sources.size > 1)
    reading.complain(
      reading.placeOf(expectation, "name"),
      `${names.map((name) => `$${name}`).join(" and ")} have their values from different expectations: use names of one`,
    );
  for (const name of names) if (!binders.has(name)) binders.set(name, expectation);
}
