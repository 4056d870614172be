// The flags that all commands with answers share.
import { type PacketFilter, parsePacketFilter } from "@skbtracer/analyzer";
import type { Command } from "commander";
import type { ReadMode } from "@skbtracer/format";
import { type Conditions, type Moment, parseMoment } from "../answers/conditions.js";
import { readMode } from "../io/recording-file.js";
import { addExpressionOption, expressionFilter, type ExpressionFlags } from "./expression-option.js";
import { wholeNumber } from "./numbers.js";

/** As commander gives them. */
export interface ReadFlags extends ExpressionFlags {
  readonly ipaddr?: string;
  readonly port?: string;
  readonly proto?: string;
  readonly icmpid?: string;
  readonly pid?: string;
  readonly netns?: string;
  readonly catchCount?: number;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly iface?: string;
  readonly func?: string;
  readonly reason?: string;
  readonly incomplete?: true;
  readonly strict?: true;
  readonly salvage?: true;
  readonly json?: true;
}

/** Adds the packet filter of `record`. */
export function addFilterOptions(command: Command): Command {
  return addExpressionOption(command)
    .option("-H, --ipaddr <address>", "only packets from or to this IPv4 or IPv6 address")
    .option("--proto <protocol>", "only tcp, udp, icmp (ICMPv6 too) or any")
    .option("-P, --port <port>", "only packets from or to this TCP, UDP or SCTP port")
    .option("--icmpid <id>", "only ICMP echo requests and replies with this identifier")
    .option("-p, --pid <pid>", "only what was seen while this process ran")
    .option("-N, --netns <namespace>", "only what was seen in this network namespace (name or inode)");
}

/** Adds the flags that say how a damaged recording is read. */
export function addModeOptions(command: Command): Command {
  return command
    .option("--strict", "refuse a damaged recording")
    .option("--salvage", "look for whole parts behind damage");
}

/** Adds the flags that say which rows are wanted. */
export function addRowOptions(command: Command): Command {
  addFilterOptions(command)
    .option(
      "--since <time>",
      "only from here: 1.5s after the start, or 2026-11-23T14:53:29",
      parseMoment("--since"),
    )
    .option("--until <time>", "only up to here", parseMoment("--until"))
    .option("--iface <name>", "only what passed this interface")
    .option("--func <name>", "only what was at this function, or dropped by it")
    .option("--reason <name>", "only what was dropped for this reason")
    .option("--incomplete", "only paths of which something may be missing");
  return addModeOptions(command);
}

/** Adds all of them. */
export function addReadOptions(command: Command): Command {
  return addRowOptions(command)
    .option(
      "-c, --catch-count <n>",
      "stop after this many (0: no limit)",
      wholeNumber("--catch-count", 0, 1e15),
    )
    .option("--json", "print NDJSON: an object a line");
}

/** What the flags mean. */
export async function readOptions(flags: ReadFlags): Promise<{
  filter: PacketFilter;
  mode: ReadMode;
  conditions: Conditions;
}> {
  const { ipaddr, port, proto, icmpid, pid, netns, since, until, iface, func, reason, incomplete } = flags;
  return {
    filter: {
      ...parsePacketFilter({ ipaddr, port, proto, icmpid, pid, netns }),
      ...(await expressionFilter(flags)),
    },
    mode: readMode(flags),
    conditions: {
      ...(since && { since }),
      ...(until && { until }),
      ...(iface !== undefined && { iface }),
      ...(func !== undefined && { func }),
      ...(reason !== undefined && { reason }),
      ...(incomplete && { incomplete }),
    },
  };
}
