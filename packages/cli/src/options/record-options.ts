// Options of recording, for record and live tracing.
import { kernelFilter, type PacketFilter } from "@skbtracer/analyzer";
import { type RecordOptions, SNAPLEN_MAX } from "@skbtracer/recorder";
import type { Command } from "commander";
import { duration, size, wholeNumber } from "./numbers.js";
import type { TraceFlags } from "./trace-options.js";

/** The flags as commander gives them. */
export interface RecordFlags extends TraceFlags {
  readonly output?: string;
  readonly force?: true;
  readonly duration?: number;
  readonly snaplen?: number;
  readonly buffer?: number;
  readonly rules: boolean;
}

const BUFFER_MIN = 4096;
const BUFFER_MAX = 2 ** 30;

/** Adds the options. */
export function addRecordOptions(command: Command): Command {
  return command
    .option("--force", "write over an output that exists")
    .option("--duration <time>", "stop after 90, 500ms, 30s, 2m, 1h", duration("--duration"))
    .option(
      "--snaplen <bytes>",
      "packet bytes to keep of each event (default: 96)",
      wholeNumber("--snaplen", 0, SNAPLEN_MAX),
    )
    .option(
      "--buffer <size>",
      "perf ring of each CPU, rounded up to a power of two (default: 8M, less with very many CPUs)",
      size("--buffer", BUFFER_MIN, BUFFER_MAX),
    )
    .option("--no-rules", "do not snapshot firewall rules");
}

/** What the recorder is to do. */
export function recordOptions(
  flags: RecordFlags,
  filter: PacketFilter,
  version: string,
): Omit<RecordOptions, "sink" | "tables"> {
  const { duration: seconds, snaplen, buffer, catchCount } = flags;
  return {
    version,
    commandLine: process.argv.slice(2),
    filter: kernelFilter(filter),
    sights: !flags.noroute,
    callstack: flags.callstack ?? false,
    dropstack: flags.dropstack ?? false,
    rules: flags.rules,
    ...(snaplen === undefined ? {} : { snaplen }),
    ...(buffer === undefined ? {} : { ringBytesPerCpu: buffer }),
    ...(seconds === undefined ? {} : { duration: seconds }),
    ...(catchCount ? { count: catchCount } : {}),
  };
}
