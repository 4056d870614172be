// The original's flags, the same for live tracing, record and replay.
import { type EventKindName, type PacketFilter, parsePacketFilter } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { wholeNumber } from "./numbers.js";
import { UsageError } from "./usage-error.js";

/** The flags as commander gives them. */
export interface TraceFlags {
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
  return command
    .option("-H, --ipaddr <address>", "only packets from or to this IPv4 or IPv6 address")
    .option("--proto <protocol>", "only tcp, udp, icmp (ICMPv6 too) or any")
    .option("-P, --port <port>", "only packets from or to this TCP, UDP or SCTP port")
    .option("--icmpid <id>", "only ICMP echo requests and replies with this identifier")
    .option("-p, --pid <pid>", "only events while this process runs")
    .option("-N, --netns <inode>", "only this network namespace (the number in `ls -L -i /run/netns`)")
    .option(
      "-c, --catch-count <n>",
      "stop after this many events (0: no limit)",
      wholeNumber("--catch-count", 0, 1e15),
    )
    .option("--iptable", "passes through iptables tables, with verdict and time spent")
    .option("--noroute", "not the functions that packets pass through: only drops and --iptable")
    .option("--callstack", "the kernel stack of every event")
    .option("--dropstack", "the kernel stack of every drop")
    .option("--keep", "follow a packet that matched once (not in this version)");
}

/** Adds the flags that say how events are printed. */
export function addPrintOptions(command: Command): Command {
  return command
    .option("-T, --time", "print the time of day, HH:MM:SS (the default)")
    .option("-t, --timestamp", "print seconds since the first event, to the microsecond")
    .option("--json", "print NDJSON: an object a line for every event")
    .option("--lifecycle", "print clones and ends of skbs too");
}

/** The packet filter that the flags mean. */
export function packetFilter(flags: TraceFlags): PacketFilter {
  if (flags.keep)
    throw new UsageError(
      "--keep is not built yet in this version: a packet is matched at each function by itself, not followed",
    );
  const { ipaddr, port, proto, icmpid, pid, netns } = flags;
  return parsePacketFilter({ ipaddr, port, proto, icmpid, pid, netns });
}

/** The kinds of events that the flags ask to see. */
export function shownKinds(flags: TraceFlags & PrintFlags): ReadonlySet<EventKindName> {
  const kinds = new Set<EventKindName>(["drop"]);
  if (!flags.noroute) kinds.add("sight");
  if (flags.iptable) kinds.add("traversal");
  if (flags.lifecycle) kinds.add("clone").add("free");
  return kinds;
}
