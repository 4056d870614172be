// The ENVIRONMENT chunk: the host that recorded, and all that the events refer to and that was known from the start.
import { EVENT_KIND_NAMES, type EventKindName } from "./event-kind.js";
import { checkLayout, type EventLayout } from "./event-layout.js";
import {
  asAddress,
  asList,
  asNumber,
  asNumberIfAny,
  asObject,
  asText,
  asTextIfAny,
  present,
} from "./json.js";

/** The machine and its kernel. */
export interface Host {
  readonly hostname: string;
  /** `uname -r`. */
  readonly kernel: string;
  /** `uname -v`. */
  readonly kernelVersion: string;
  /** `uname -m`. */
  readonly machine: string;
  readonly bootId: string;
  /** Possible CPUs. */
  readonly cpus: number;
  readonly pageSize: number;
  /** As in /etc/os-release. */
  readonly distribution: string;
}

/** How a probe is attached. */
export const PROBE_TYPES = ["kprobe", "kprobe_multi", "kretprobe", "raw_tracepoint"] as const;

/** What a probe's events mean: a kind of them, but for conntrack's, which come with others; and that an skb is made. */
export type ProbeEvent = Exclude<EventKindName, "conntrack"> | "alloc";

/** All of ProbeEvent. */
export const PROBE_EVENTS: readonly ProbeEvent[] = [
  ...EVENT_KIND_NAMES.filter((name) => name !== "conntrack"),
  "alloc",
];

/** A probe that was tried. */
export interface Probe {
  /** Of the function or tracepoint, as asked for. */
  readonly name: string;
  readonly type: (typeof PROBE_TYPES)[number];
  /** What its events mean. */
  readonly event: ProbeEvent;
  readonly status: "attached" | "refused";
  /** Why it was refused. */
  readonly reason?: string;
  /** The kernel symbol attached to, which may have a suffix. */
  readonly symbol?: string;
  /** The kernel module that the symbol is in. */
  readonly module?: string;
  /** Of the symbol; of a tracepoint the number that its events bear. */
  readonly address?: bigint;
  /** Which argument is the skb, from 1. */
  readonly argument?: number;
  /** Of a return: what the function's value is, as C writes it. */
  readonly returnType?: string;
}

/** A network interface as it was when the recording began. */
export interface Interface {
  readonly ifindex: number;
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** veth, bridge, vxlan...; absent for a plain device. */
  readonly kind?: string;
  /** Name of the bridge or bond it belongs to. */
  readonly master?: string;
  readonly up?: boolean;
  /** Of the other end of a veth pair, or the device below a VLAN or tunnel; in another namespace its ifindex only. */
  readonly link?: string;
  readonly linkIndex?: number;
  /** The id that this namespace has for the other end's. */
  readonly linkNetnsid?: number;
}

/** A network namespace as it was when the recording began. */
export interface Namespace {
  readonly inode: number;
  readonly name?: string;
  readonly pid?: number;
  readonly comm?: string;
  /** Whether the recorder itself ran in it. */
  readonly self?: boolean;
  readonly interfaces: readonly Interface[];
}

/** A value of an enum and its name, without the prefix that all of them share. */
export interface NamedValue {
  readonly value: number;
  readonly name: string;
}

/** The kernel's drop reasons, from its BTF. */
export interface DropReasons {
  readonly core: readonly NamedValue[];
  /** Subsystems have reasons of their own, told by the upper 16 bits. */
  readonly subsystems: readonly {
    readonly value: number;
    readonly name: string;
    readonly reasons: readonly NamedValue[];
  }[];
}

/** A step by which a recording was made from another one. */
export interface Origin {
  readonly command: "slice" | "redact" | "unknown";
  /** UUID of the recording that it was made from; absent where that is not told. */
  readonly parent?: string;
  /** What was chosen, kept or removed, for people. */
  readonly facts: readonly string[];
}

/** All of it. */
export interface Environment {
  readonly version: string;
  readonly host: Host;
  readonly commandLine: readonly string[];
  /** What was asked for, by name of the option. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly layout: EventLayout;
  readonly probes: readonly Probe[];
  readonly dropReasons: DropReasons;
  readonly namespaces: readonly Namespace[];
  /** What could not be found out about the host. */
  readonly problems: readonly string[];
  /** How this recording was made from another one, the last step last; absent for one that was recorded. */
  readonly origins?: readonly Origin[];
}

/**
 * Takes an environment from its JSON.
 * @param offset of the chunk, for errors
 * @throws FormatError if the layout of events is wrong; anything else that is wrong counts as absent
 */
export function readEnvironment(json: unknown, offset: number): Environment {
  const object = asObject(json);
  const host = asObject(object["host"]);
  return {
    version: asText(object["version"]),
    host: {
      hostname: asText(host["hostname"]),
      kernel: asText(host["kernel"]),
      kernelVersion: asText(host["kernelVersion"]),
      machine: asText(host["machine"]),
      bootId: asText(host["bootId"]),
      cpus: asNumber(host["cpus"]),
      pageSize: asNumber(host["pageSize"]),
      distribution: asText(host["distribution"]),
    },
    commandLine: asList(object["commandLine"], asTextIfAny),
    options: asObject(object["options"]),
    layout: checkLayout(object["layout"], offset),
    probes: asList(object["probes"], readProbe),
    dropReasons: {
      core: asList(asObject(object["dropReasons"])["core"], readNamedValue),
      subsystems: asList(asObject(object["dropReasons"])["subsystems"], (item) => {
        const named = readNamedValue(item);
        return named && { ...named, reasons: asList(asObject(item)["reasons"], readNamedValue) };
      }),
    },
    namespaces: asList(object["namespaces"], readNamespace),
    problems: asList(object["problems"], asTextIfAny),
    ...(Array.isArray(object["origins"]) && { origins: asList(object["origins"], readOrigin) }),
  };
}

function readOrigin(item: unknown): Origin {
  const { command, parent, facts } = asObject(item);
  return present<Origin>({
    command: command === "slice" || command === "redact" ? command : "unknown",
    parent: asTextIfAny(parent),
    facts: asList(facts, asTextIfAny),
  });
}

/** What is written for an environment: 64-bit addresses as text. */
export function environmentJson(environment: Environment): unknown {
  return {
    ...environment,
    probes: environment.probes.map((probe) =>
      probe.address === undefined ? probe : { ...probe, address: `0x${probe.address.toString(16)}` },
    ),
  };
}

function readNamedValue(item: unknown): NamedValue | undefined {
  const { value, name } = asObject(item);
  return typeof value === "number" && typeof name === "string" ? { value, name } : undefined;
}

function readProbe(item: unknown): Probe | undefined {
  const object = asObject(item);
  const name = asTextIfAny(object["name"]);
  if (name === undefined) return undefined;
  return present<Probe>({
    name,
    type: asText(object["type"]) as Probe["type"],
    event: asText(object["event"]) as Probe["event"],
    status: object["status"] === "attached" ? "attached" : "refused",
    reason: asTextIfAny(object["reason"]),
    symbol: asTextIfAny(object["symbol"]),
    module: asTextIfAny(object["module"]),
    address: asAddress(object["address"]),
    argument: asNumberIfAny(object["argument"]),
    returnType: asTextIfAny(object["returnType"]),
  });
}

function readNamespace(item: unknown): Namespace | undefined {
  const object = asObject(item);
  const inode = asNumberIfAny(object["inode"]);
  if (inode === undefined) return undefined;
  return present<Namespace>({
    inode,
    name: asTextIfAny(object["name"]),
    pid: asNumberIfAny(object["pid"]),
    comm: asTextIfAny(object["comm"]),
    self: object["self"] === true ? true : undefined,
    interfaces: asList(object["interfaces"], readInterface),
  });
}

function readInterface(item: unknown): Interface | undefined {
  const object = asObject(item);
  const ifindex = asNumberIfAny(object["ifindex"]);
  if (ifindex === undefined) return undefined;
  return present<Interface>({
    ifindex,
    name: asText(object["name"]),
    mac: asTextIfAny(object["mac"]),
    mtu: asNumberIfAny(object["mtu"]),
    kind: asTextIfAny(object["kind"]),
    master: asTextIfAny(object["master"]),
    up: typeof object["up"] === "boolean" ? object["up"] : undefined,
    link: asTextIfAny(object["link"]),
    linkIndex: asNumberIfAny(object["linkIndex"]),
    linkNetnsid: asNumberIfAny(object["linkNetnsid"]),
  });
}
