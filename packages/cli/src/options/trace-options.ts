// The original's flags, the same for live tracing, record and replay.
import { type EventKindName, type PacketFilter, parsePacketFilter } from "@skbtracer/analyzer/filter";
import type { Command } from "commander";
import { addExpressionOption, expressionFilter, type ExpressionFlags } from "./expression-option.js";
import { wholeNumber } from "./numbers.js";

/** The flags as commander gives them. */
export interface TraceFlags extends ExpressionFlags {
  readonly ipaddr?: string;
  readonly port?: string;
  readonly proto?: string;
  readonly icmpid?: string;
  readonly pid?: string;
  readonly netns?: string;
  readonly catchCount?: number;
  readonly callstack?: true;
  readonly dropstack?: true;
  readonly iptable?: true;
  readonly keep?: true;
  readonly noroute?: true;
}

/** How the table looks. */
export interface PrintFlags {
  readonly time?: true;
  readonly timestamp?: true;
  readonly json?: true;
  readonly lifecycle?: true;
}

/** Adds the flags that say which packets and which events. */
export function addTraceOptions(command: Command): Command {
  return addExpressionOption(command)
    .option("-H, --ipaddr <address>", "only packets from or to this IPv4 or IPv6 address")
    .option("--proto <protocol>", "only tcp, udp, icmp (ICMPv6 too) or any")
    .option("-P, --port <port>", "only packets from or to this TCP, UDP or SCTP port")
    .option("--icmpid <id>", "only ICMP echo requests and replies with this identifier")
    .option("-p, --pid <pid>", "only events while this process runs")
    .option(
      "-N, --netns <namespace>",
      "only this network namespace: its name or number (`ls -L -i /run/netns`)",
    )
    .option(
      "-c, --catch-count <n>",
      "stop after this many events (0: no limit)",
      wholeNumber("--catch-count", 0, 1e15),
    )
    .option("--iptable", "passes through tables of iptables and nftables, with verdict and time spent")
    .option("--noroute", "not the functions that packets pass through: only drops and --iptable")
    .option("--callstack", "the kernel stack of every event")
    .option("--dropstack", "the kernel stack of every drop")
    .option("--keep", "follow what matched once to its end, also through NAT and into tunnels");
}

/** Adds the flags that say how events are printed. */
export function addPrintOptions(command: Command): Command {
  return command
    .option("-T, --time", "print the time of day, HH:MM:SS (the default)")
    .option("-t, --timestamp", "print seconds since the first event, to the microsecond")
    .option("--json", "print NDJSON: an object a line for every event")
    .option("--lifecycle", "print clones and ends of skbs too");
}

/**
 * The packet filter that the flags mean.
 * @param words of a filter expression
 */
export async function packetFilter(flags: TraceFlags, words: readonly string[] = []): Promise<PacketFilter> {
  const { ipaddr, port, proto, icmpid, pid, netns } = flags;
  return {
    ...parsePacketFilter({ ipaddr, port, proto, icmpid, pid, netns }),
    ...(await expressionFilter(flags, words)),
  };
}

/** The kinds of events that the flags ask to see. */
export function shownKinds(flags: TraceFlags & PrintFlags): ReadonlySet<EventKindName> {
  const kinds = new Set<EventKindName>(["drop"]);
  if (!flags.noroute) kinds.add("sight").add("return");
  if (flags.iptable) for (const kind of ["traversal", "hook", "rule", "conntrack"] as const) kinds.add(kind);
  if (flags.lifecycle) for (const kind of ["clone", "head", "merge", "free"] as const) kinds.add(kind);
  return kinds;
}
