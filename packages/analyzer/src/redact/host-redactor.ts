// What a recording says of its host, without what identifies it. Only members that are known here are written.
import {
  addressText,
  type DictionaryEntries,
  type DropReasons,
  type Environment,
  type Interface,
  type NamedValue,
  type Namespace,
  type Probe,
  PROBE_EVENTS,
  PROBE_TYPES,
} from "@skbtracer/format";
import { ipText, parseIpText } from "../dissect/addresses.js";
import type { Pseudonyms } from "./pseudonyms.js";

/** Names of probes: functions and tracepoints. */
const PROBE_NAME = /^[\w.:$+%-]{1,128}$/;
/** Names of functions and modules. */
const SYMBOL = /^[\w.:$+-]{1,128}$/;
/** Types as C writes them. */
const C_TYPE = /^\w[\w *]{0,80}$/;
/** Names of enum members and kinds of devices. */
const WORD = /^\w{1,64}$/;
/** What the recorder says of a probe that it could not attach. */
const PLAIN_TEXT = /^[\w ,.:;'?()=-]{1,200}$/;
const MACHINES: ReadonlySet<string> = new Set(["x86_64", "aarch64", "riscv64", "s390x", "ppc64le", "armv7l"]);
/** Distributions that everybody has. */
const DISTRIBUTION =
  /^(?:Debian GNU\/Linux|Ubuntu|Fedora Linux|CentOS(?: Stream)?|Rocky Linux|AlmaLinux|Alpine Linux|Arch Linux|openSUSE Leap|Amazon Linux|Red Hat Enterprise Linux|Oracle Linux Server)(?: [\w. ()/]{0,40})?$/;
/** Parts of `uname -r` that everybody has. */
const RELEASE_PART =
  /^(?:\d{1,5}|(?:deb|el|fc|bpo|arch)\d{1,3}|x86|amd64|arm64|aarch64|cloud|generic|lts|default|aws|azure|gcp|oracle|kvm|rt|virt|lowlatency)$/;
const VERSION = /^\d{1,5}\.\d{1,5}\.\d{1,5}$/;
const TYPES: ReadonlySet<string> = new Set(PROBE_TYPES);
const EVENTS: ReadonlySet<string> = new Set(PROBE_EVENTS);

/** The release up to the first part that somebody may have given it: `6.1.0-50-amd64`. */
export function redactRelease(release: string): string {
  let kept = "";
  for (const [, separator = "", part = ""] of release.matchAll(/([-.+~_]?)([^-.+~_]*)/g)) {
    if (!RELEASE_PART.test(part)) break;
    kept += separator + part;
  }
  return kept;
}

/** Of one redaction. */
export class HostRedactor {
  readonly #pseudonyms: Pseudonyms;
  /** What was done, for people. */
  readonly #facts: readonly string[];

  constructor(pseudonyms: Pseudonyms, facts: readonly string[]) {
    this.#pseudonyms = pseudonyms;
    this.#facts = facts;
  }

  /** The environment to write. */
  environment(environment: Environment): Environment {
    const { host, probes, namespaces, dropReasons, layout, options, origins = [], version } = environment;
    const names = this.#pseudonyms;
    return {
      version: VERSION.test(version) ? version : "",
      host: {
        hostname: names.name("host", host.hostname),
        kernel: redactRelease(host.kernel),
        kernelVersion: "",
        machine: MACHINES.has(host.machine) ? host.machine : "",
        bootId: host.bootId === "" ? "" : names.uuid(host.bootId),
        cpus: host.cpus,
        pageSize: host.pageSize,
        distribution: DISTRIBUTION.test(host.distribution) ? host.distribution : "",
      },
      commandLine: [],
      options: this.#options(options),
      layout,
      probes: probes
        .filter(({ type, event }) => TYPES.has(type) && EVENTS.has(event))
        .map((probe) => this.#probe(probe)),
      dropReasons: redactReasons(dropReasons),
      namespaces: namespaces.map((namespace) => this.#namespace(namespace)),
      problems: [],
      origins: [
        ...origins.map(({ command, facts }) => ({ command, facts: facts.map(redactFact) })),
        { command: "redact", facts: this.#facts },
      ],
    };
  }

  /** What a dictionary chunk names. */
  dictionary({ symbols, stacks, devices, chains = [] }: DictionaryEntries): DictionaryEntries {
    const names = this.#pseudonyms;
    return {
      symbols: symbols
        .filter(({ name, module = "m" }) => SYMBOL.test(name) && SYMBOL.test(module))
        .map((symbol) => ({ ...symbol, address: names.kernelAddress(symbol.address) })),
      stacks: stacks.map(({ id, addresses }) => ({
        id: names.stackId(id),
        addresses: addresses.map((address) => names.kernelAddress(address)),
      })),
      devices: devices.map(({ netns, ifindex, name }) => ({ netns, ifindex, name: names.name("if", name) })),
      chains: chains.map(({ id, engine, family, table, chain }) => ({
        id: names.hash(id),
        engine,
        family,
        table: names.name("table", table),
        chain: chain === "" ? "" : names.name("chain", chain),
      })),
    };
  }

  #options(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const name of ["sights", "tables", "nftRules", "callstack", "dropstack", "keep"])
      if (typeof options[name] === "boolean") kept[name] = options[name];
    for (const name of ["snaplen", "ringBytesPerCpu", "duration", "count"])
      if (typeof options[name] === "number") kept[name] = options[name];
    const filter = options["filter"];
    if (typeof filter === "object" && filter !== null) kept["filter"] = this.#filter({ ...filter });
    return kept;
  }

  #filter(filter: Record<string, unknown>): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const name of ["family", "port", "protocol", "icmpId", "netns"])
      if (typeof filter[name] === "number") kept[name] = filter[name];
    if (typeof filter["pid"] === "number") kept["pid"] = this.#pseudonyms.pid(filter["pid"]);
    // That there was one says that packets are missing.
    if (typeof filter["expression"] === "string") kept["expression"] = "removed";
    const { address, family } = filter;
    if (typeof address === "string" && /^[0-9a-f]{32}$/.test(address)) {
      const bytes = Buffer.from(address, "hex");
      if (family === 4 || family === 6)
        bytes.set(this.#pseudonyms.ip(Uint8Array.from(bytes.subarray(0, family === 4 ? 4 : 16))));
      else bytes.fill(0);
      kept["address"] = bytes.toString("hex");
    }
    // It has addresses and names. That there was one has to be known: of other packets the recording says nothing.
    if (typeof filter["expression"] === "string") kept["expression"] = "removed";
    return kept;
  }

  #probe({ name, type, event, status, reason, symbol, module, address, argument, returnType }: Probe): Probe {
    return {
      name: PROBE_NAME.test(name) ? name : "removed",
      type,
      event,
      status,
      ...(reason !== undefined && PLAIN_TEXT.test(reason) && { reason }),
      ...(symbol !== undefined && SYMBOL.test(symbol) && { symbol }),
      ...(module !== undefined && SYMBOL.test(module) && { module }),
      ...(address !== undefined && { address: this.#pseudonyms.kernelAddress(address) }),
      ...(argument !== undefined && { argument }),
      ...(returnType !== undefined && C_TYPE.test(returnType) && { returnType }),
    };
  }

  #namespace({ inode, name, pid, self, interfaces }: Namespace): Namespace {
    return {
      inode,
      ...(name !== undefined && { name: this.#pseudonyms.name("ns", name) }),
      ...(pid !== undefined && { pid: this.#pseudonyms.pid(pid) }),
      ...(self !== undefined && { self }),
      interfaces: interfaces.map((device) => this.#interface(device)),
    };
  }

  #interface({
    ifindex,
    name,
    mac,
    mtu,
    kind,
    master,
    up,
    link,
    linkIndex,
    linkNetnsid,
  }: Interface): Interface {
    const names = this.#pseudonyms;
    const redactedMac = mac === undefined ? undefined : redactLinkAddress(mac, names);
    return {
      ifindex,
      name: names.name("if", name),
      ...(redactedMac !== undefined && { mac: redactedMac }),
      ...(mtu !== undefined && { mtu }),
      ...(kind !== undefined && WORD.test(kind) && { kind }),
      ...(master !== undefined && { master: names.name("if", master) }),
      ...(up !== undefined && { up }),
      ...(link !== undefined && { link: names.name("if", link) }),
      ...(linkIndex !== undefined && { linkIndex }),
      ...(linkNetnsid !== undefined && { linkNetnsid }),
    };
  }
}

/** A MAC address, or the IP address that a tunnel has in its place; undefined for anything else. */
export function redactLinkAddress(text: string, names: Pseudonyms): string | undefined {
  if (/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    const mac = names.mac(Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16)));
    return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
  }
  const ip = parseIpText(text);
  return ip && ipText(names.ip(ip));
}

/** What a slice has chosen, if that is no address: who reads it has to know what is not in it. */
function redactFact(fact: string): string {
  return /^(?:all|events|families of paths|(?:port|protocol|icmpId) \w{1,12})$/.test(fact) ? fact : "removed";
}

const isWord = ({ name }: NamedValue): boolean => WORD.test(name);

function redactReasons({ core, subsystems }: DropReasons): DropReasons {
  return {
    core: core.filter(isWord),
    subsystems: subsystems
      .filter(isWord)
      .map((subsystem) => ({ ...subsystem, reasons: subsystem.reasons.filter(isWord) })),
  };
}

/** Members of STATS that are numbers. */
const COUNTERS: ReadonlySet<string> = new Set([
  "atNs",
  "attempts",
  "failed",
  "untracked",
  "unpaired",
  "unstacked",
  "unnamed",
  "faults",
  "reused",
  "undecided",
  "others",
  "runs",
  "runTimeNs",
  "skipped",
  "count",
  "userMicroseconds",
  "systemMicroseconds",
  "maxResidentKib",
]);
/** Members with members. */
const GROUPS: ReadonlySet<string> = new Set([
  "counters",
  "failures",
  "recorder",
  "cost",
  "misses",
  "programs",
  "unwanted",
]);
/** Members that name a function, a program of ours, or the type of a probe. */
const FUNCTION_NAMES: ReadonlySet<string> = new Set(["probe", "name", "type"]);

/** Counters, by addresses of probes. */
export function redactStats(stats: unknown, names: Pseudonyms): unknown {
  if (Array.isArray(stats)) return stats.map((item: unknown) => redactStats(item, names));
  if (typeof stats !== "object" || stats === null) return undefined;
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stats as Record<string, unknown>)) {
    if (COUNTERS.has(name) && typeof value === "number") kept[name] = value;
    else if (GROUPS.has(name)) kept[name] = redactStats(value, names);
    else if (name === "missesKnown" && typeof value === "boolean") kept[name] = value;
    else if (FUNCTION_NAMES.has(name) && typeof value === "string" && PROBE_NAME.test(value))
      kept[name] = value;
    else if (name === "address" && typeof value === "string" && /^0x[0-9a-f]{1,16}$/.test(value))
      kept[name] = addressText(names.kernelAddress(BigInt(value)));
  }
  return kept;
}
