// Options of recording, for record and live tracing.
import { filterIn, kernelFilter, type PacketFilter } from "@skbtracer/analyzer/filter";
import { findNamespaces, GLOB_MATCHES_MAX, type RecordOptions, SNAPLEN_MAX } from "@skbtracer/recorder";
import type { Command } from "commander";
import { duration, size, wholeNumber } from "./numbers.js";
import type { TraceFlags } from "./trace-options.js";
import { UsageError } from "./usage-error.js";

/** The flags as commander gives them. */
export interface RecordFlags extends TraceFlags {
  readonly output?: string;
  readonly force?: true;
  readonly duration?: number;
  readonly snaplen?: number;
  readonly buffer?: number;
  readonly rules: boolean;
  readonly nftRules?: true;
  readonly probes?: readonly string[];
  readonly probesMax?: number;
  readonly bpfStats?: true;
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
    .option("--no-rules", "do not snapshot firewall rules")
    .option(
      "--nft-rules",
      "which nftables rule decided: switches the kernel's tracing of rules on for the recording, which slows down all nftables of the host",
    )
    .option(
      "--probes <list>",
      "functions to probe: names, globs and sets, separated by commas, each perhaps with %return; may be repeated",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), ...splitPatterns(text)],
    )
    .option(
      "--probes-max <n>",
      `how many functions a glob may match (default: ${GLOB_MATCHES_MAX})`,
      wholeNumber("--probes-max", 1, 100_000),
    )
    .option("--bpf-stats", "have the kernel count the runs of the programs and their time");
}

/** Names, globs and sets, separated by commas. */
export function splitPatterns(text: string): string[] {
  const patterns = text.split(",").map((pattern) => pattern.trim());
  if (patterns.includes(""))
    throw new UsageError(`--probes: ${JSON.stringify(text)} has an empty name in it`);
  return patterns;
}

/** Fewer probes are attached before anyone could read of it. */
const PROGRESS_FROM = 32;

/** One updating line on a terminal, gone when all is done. */
function progressLine(what: string): (done: number, of: number) => void {
  return (done, of) => {
    if (of < PROGRESS_FROM) return;
    process.stderr.write(done < of ? `\r\x1b[K${what} ${done} of ${of} probes` : "\r\x1b[K");
  };
}

/** What the recorder is to do. */
export function recordOptions(
  flags: RecordFlags,
  filter: PacketFilter,
  version: string,
): Omit<RecordOptions, "sink" | "tables"> {
  const { duration: seconds, snaplen, buffer, catchCount, probes, probesMax } = flags;
  if (probes && flags.noroute)
    throw new UsageError("--probes and --noroute exclude each other: no functions are probed with --noroute");
  return {
    version,
    commandLine: process.argv.slice(2),
    filter: kernelFilter(onThisHost(filter)),
    sights: !flags.noroute,
    callstack: flags.callstack ?? false,
    dropstack: flags.dropstack ?? false,
    keep: flags.keep ?? false,
    rules: flags.rules,
    nftRules: flags.nftRules ?? false,
    ...(snaplen === undefined ? {} : { snaplen }),
    ...(buffer === undefined ? {} : { ringBytesPerCpu: buffer }),
    ...(seconds === undefined ? {} : { duration: seconds }),
    ...(catchCount ? { count: catchCount } : {}),
    ...(probes === undefined ? {} : { probes }),
    ...(probesMax === undefined ? {} : { probesMax }),
    ...(process.stderr.isTTY
      ? { onAttach: progressLine("attaching"), onDetach: progressLine("detaching") }
      : {}),
    bpfStats: flags.bpfStats ?? false,
  };
}

/** With the number of the namespace that has the filter's name now. */
function onThisHost(filter: PacketFilter): PacketFilter {
  const { netnsName } = filter;
  if (netnsName === undefined) return filter;
  const namespaces = findNamespaces();
  const found = filterIn(filter, namespaces);
  if (!Number.isNaN(found.netns)) return found;
  const names = namespaces.flatMap(({ name }) => (name === undefined ? [] : [name]));
  throw new UsageError(
    `--netns: no network namespace is called ${JSON.stringify(netnsName)}: ${names.length > 0 ? `there are ${names.join(", ")}` : "none has a name"}`,
  );
}
