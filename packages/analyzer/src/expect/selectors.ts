// Which expectations ask for a packet, found by what they ask for: the part of `where` that the fewest others share.
import { type AddressPattern, type Expectation, isVariable, type Where } from "./expectation.js";
import { AddressClasses, PortClasses, portText } from "./classes.js";
import { type Candidate, directionOf, infoKind, isCopy, isPortless, matchOf, versionOf } from "./where.js";

/** Expectations that are about the same packets. */
export interface Selector {
  readonly where: Where | undefined;
  readonly expectations: readonly Expectation[];
}

/** Those that ask for a packet, and those that may. */
export interface Selected {
  readonly sure: readonly Selector[];
  readonly perhaps: readonly Selector[];
}

const ADDRESS_KEYS = ["source", "destination", "address"] as const;
const PORT_KEYS = ["source_port", "destination_port", "port"] as const;
const ANY = "";

/** The values of `where` by which it could be found: one list for each key, of which a packet has to be in one. */
function anchorsOf(where: Where | undefined): string[][] {
  const anchors: string[][] = [];
  for (const key of ADDRESS_KEYS) {
    const wanted = where?.[key];
    if (wanted !== undefined && !isVariable(wanted)) anchors.push(wanted.map(({ text }) => `${key} ${text}`));
  }
  for (const key of PORT_KEYS) {
    const wanted = where?.[key];
    if (wanted !== undefined && !isVariable(wanted))
      anchors.push(wanted.map((pattern) => `${key} ${portText(pattern)}`));
  }
  return anchors;
}

/** Finds selectors. */
export class Selectors {
  readonly all: readonly Selector[];
  readonly addresses: AddressClasses = new AddressClasses();
  readonly ports: PortClasses = new PortClasses();
  readonly #byAnchor = new Map<string, Selector[]>();
  readonly #asked: { readonly info: boolean; readonly interface: boolean; readonly namespace: boolean };
  readonly #asksNat: boolean;

  constructor(expectations: readonly Expectation[]) {
    const byWhere = new Map<string, { where: Where | undefined; expectations: Expectation[] }>();
    for (const expectation of expectations) {
      const key = JSON.stringify(expectation.where ?? null);
      const selector = byWhere.get(key);
      if (selector) selector.expectations.push(expectation);
      else byWhere.set(key, { where: expectation.where, expectations: [expectation] });
    }
    this.all = [...byWhere.values()];
    const asks = (key: keyof Where): boolean => this.all.some(({ where }) => where?.[key] !== undefined);
    this.#asked = { info: asks("info"), interface: asks("interface"), namespace: asks("namespace") };
    this.#asksNat = expectations.some(({ nat }) => nat !== undefined);
    for (const expectation of expectations) this.#addPatterns(expectation);
    this.#index();
  }

  /** Whether the names of network namespaces matter. */
  get asksNamespace(): boolean {
    return this.#asked.namespace;
  }

  /** What all packets have in common that are the same to every `where` and `nat`, apart from names' values. */
  keyOf(candidate: Candidate): string {
    const { path, namespaces } = candidate;
    const { addresses, ports } = this;
    const { info, interface: devices, namespace } = this.#asked;
    const ends = `${addresses.of(path.source).id} ${addresses.of(path.destination).id} ${ports.of(path.source_port).id} ${ports.of(path.destination_port).id}`;
    const nat = this.#asksNat
      ? `${addresses.of(path.last_source).id} ${addresses.of(path.last_destination).id} ${ports.of(path.last_source_port).id} ${ports.of(path.last_destination_port).id}`
      : "";
    return `${ends}|${nat}|${path.protocol ?? ""}|${versionOf(path) ?? ""}|${directionOf(path)}|${isCopy(path) ? 1 : 0}${isPortless(candidate) ? 1 : 0}${path.hops === 0 ? 1 : 0}|${info ? infoKind(path.info) : ""}|${devices ? path.interfaces : ""}|${namespace ? namespaces.join(" ") : ""}`;
  }

  /** The selectors that a packet is for. */
  of(candidate: Candidate): Selected {
    const sure: Selector[] = [];
    const perhaps: Selector[] = [];
    for (const selector of this.#candidates(candidate)) {
      const match = matchOf(selector.where, candidate);
      if (match === "yes") sure.push(selector);
      else if (match === "perhaps") perhaps.push(selector);
    }
    return { sure, perhaps };
  }

  #candidates(candidate: Candidate): Iterable<Selector> {
    const { path } = candidate;
    // Without its headers a packet may be any.
    if (isPortless(candidate)) return this.all;
    const found = new Set<Selector>(this.#byAnchor.get(ANY));
    const add = (key: string, patterns: readonly string[]): void => {
      for (const pattern of patterns)
        for (const selector of this.#byAnchor.get(`${key} ${pattern}`) ?? []) found.add(selector);
    };
    const source = this.addresses.of(path.source).patterns;
    const destination = this.addresses.of(path.destination).patterns;
    add("source", source);
    add("address", source);
    add("destination", destination);
    add("address", destination);
    const sourcePort = this.ports.of(path.source_port).patterns;
    const destinationPort = this.ports.of(path.destination_port).patterns;
    add("source_port", sourcePort);
    add("port", sourcePort);
    add("destination_port", destinationPort);
    add("port", destinationPort);
    return found;
  }

  #addPatterns({ where, nat }: Expectation): void {
    const ofNat = nat === undefined || nat === "none" ? [] : [nat.before, nat.after];
    const addAddresses = (wanted: readonly AddressPattern[]): void =>
      wanted.forEach((pattern) => this.addresses.add(pattern));
    for (const ends of [where, ...ofNat]) {
      for (const wanted of [ends?.source, ends?.destination])
        if (wanted !== undefined && !isVariable(wanted)) addAddresses(wanted);
      for (const wanted of [ends?.source_port, ends?.destination_port])
        if (wanted !== undefined && !isVariable(wanted)) wanted.forEach((pattern) => this.ports.add(pattern));
    }
    addAddresses(where?.address ?? []);
    where?.port?.forEach((pattern) => this.ports.add(pattern));
  }

  /** Each selector under the anchor that the fewest share. */
  #index(): void {
    const shares = new Map<string, number>();
    const anchors = this.all.map(({ where }) => anchorsOf(where));
    for (const anchor of anchors.flat(2)) shares.set(anchor, (shares.get(anchor) ?? 0) + 1);
    const cost = (keys: readonly string[]): number =>
      keys.reduce((sum, key) => sum + (shares.get(key) ?? 0), 0);
    for (const [i, selector] of this.all.entries()) {
      const [best = [ANY]] = (anchors[i] ?? []).toSorted((a, b) => cost(a) - cost(b));
      for (const key of best) {
        const selectors = this.#byAnchor.get(key);
        if (selectors) selectors.push(selector);
        else this.#byAnchor.set(key, [selector]);
      }
    }
  }
}
