// Rows of the tables that do not come from events: the host, its devices and rules, the probes, and what is missing.
import {
  type AddressCount,
  type Cost,
  NO_CPU,
  type Probe,
  readAddressCounts,
  readCost,
  type RecordingReader,
} from "@skbtracer/format";
import { filterText } from "./filter-text.js";
import type { AnyRow, LossRow } from "../tables/rows.js";
import type { Functions } from "./places.js";

/** What the reconstruction knows beside the reader. */
export interface HostFacts {
  readonly recording: string;
  readonly startUnixNs: bigint | null;
  readonly paths: number;
  readonly incompletePaths: number;
  readonly endsRecorded: boolean;
  readonly damageGaps: readonly LossRow[];
  readonly functions: Functions | undefined;
}

/** Rows by table. */
export interface HostRows {
  readonly meta: readonly AnyRow[];
  readonly losses: readonly LossRow[];
  readonly probes: readonly AnyRow[];
  readonly interfaces: readonly AnyRow[];
  readonly rules: readonly AnyRow[];
}

/** All of them, once the recording has been read to its end. */
export function hostRows(reader: RecordingReader, facts: HostFacts): HostRows {
  const failures = failuresByAddress(reader.stats);
  const cost = readCost(reader.stats);
  return {
    meta: [metaRow(reader, facts)],
    losses: [
      ...ringLosses(reader, facts.recording, failures),
      ...missRows(reader, facts.recording, cost),
      ...facts.damageGaps,
    ],
    probes: probeRows(reader, facts, failures, cost),
    interfaces: interfaceRows(reader, facts.recording),
    rules: ruleRows(reader, facts.recording),
  };
}

/** Events that the program wrote to the rings and that the file does not hold; 0 where it is not known. */
export function missingEvents({ ended, events }: RecordingReader): number {
  return ended ? Math.max(0, ended.attempts - ended.failed - events) : 0;
}

function metaRow(reader: RecordingReader, facts: HostFacts): AnyRow {
  const { environment, ended } = reader;
  const host = environment?.host;
  return {
    recording: facts.recording,
    host: host?.hostname ?? null,
    distribution: host?.distribution ?? null,
    kernel: host?.kernel ?? null,
    kernel_version: host?.kernelVersion ?? null,
    machine: host?.machine ?? null,
    cpus: host?.cpus ?? null,
    boot_id: host?.bootId ?? null,
    version: environment?.version ?? null,
    command_line: (environment?.commandLine ?? []).join(" "),
    filter: filterText(environment),
    start_unix_ns: facts.startUnixNs,
    start_monotonic_ns: reader.startNs,
    first_ns: reader.firstNs ?? null,
    last_ns: reader.lastNs ?? null,
    events: reader.events,
    lost: reader.lost,
    missing: missingEvents(reader),
    late: reader.late,
    paths: facts.paths,
    incomplete_paths: facts.incompletePaths,
    damaged_ranges: reader.damagedPlaces,
    closed: ended ? 1 : 0,
    end_reason: ended?.reason ?? null,
    ends_recorded: facts.endsRecorded ? 1 : 0,
  };
}

/** Refusals by the address of the probe, of the last STATS; undefined if there is none. */
function failuresByAddress(stats: unknown): Counts | undefined {
  const list = (stats as { failures?: unknown } | undefined)?.failures;
  return Array.isArray(list) ? byAddress(readAddressCounts(list)) : undefined;
}

type Counts = ReadonlyMap<bigint, number>;

function byAddress(counts: readonly AddressCount[]): Counts {
  return new Map(counts.map(({ address, count }) => [BigInt(address), count]));
}

/** An event bears an address a few bytes behind its function's: see Names. */
const ENTRY_REACH = 16n;

function countAt(address: bigint | undefined, counts: Counts): number {
  if (address === undefined) return 0;
  let sum = counts.get(address) ?? 0;
  if (address >= 4096n)
    for (let at = address + 1n; at - address < ENTRY_REACH; at++) sum += counts.get(at) ?? 0;
  return sum;
}

function ringLosses(reader: RecordingReader, recording: string, failures: Counts | undefined): LossRow[] {
  const guilty = (reader.environment?.probes ?? []).filter(
    ({ address, status }) => failures && status === "attached" && countAt(address, failures) > 0,
  );
  const [probe] = guilty.length === 1 ? guilty : [];
  return reader.losses().map(({ cpu, afterNs, beforeNs, count }) => ({
    recording,
    cpu: cpu === NO_CPU ? null : cpu,
    after_ns: afterNs,
    before_ns: beforeNs,
    count,
    probe: probe?.name ?? null,
    cause: "ring full",
  }));
}

/** Hits that the kernel did not give to the programs: when and where is not known, only that it was while recording. */
function missRows(reader: RecordingReader, recording: string, cost: Cost | undefined): LossRow[] {
  const { misses = [], programs = [] } = cost ?? {};
  const row = (probe: string | null, count: number): LossRow => ({
    recording,
    cpu: null,
    after_ns: 0,
    before_ns: reader.ended?.atNs ?? reader.lastNs ?? 0,
    count,
    probe,
    cause: "missed",
  });
  const skipped = programs.reduce((sum, program) => sum + (program.skipped ?? 0), 0);
  return [
    ...misses.map(({ probe, others, count }) => row(others === 0 ? probe : null, count)),
    ...(skipped > 0 ? [row(null, skipped)] : []),
  ];
}

function probeRows(
  reader: RecordingReader,
  { recording, functions }: HostFacts,
  failures: Counts | undefined,
  cost: Cost | undefined,
): AnyRow[] {
  // They are written at the end.
  const unwanted = cost && reader.ended ? byAddress(cost.unwanted) : undefined;
  return (reader.environment?.probes ?? []).map((probe) => {
    const { address, event, type } = probe;
    const events = countOf(probe, functions);
    const lost = failures && event !== "return" ? countAt(address, failures) : null;
    const counted = type !== "kretprobe" && COUNTS_UNWANTED.has(event);
    return {
      recording,
      probe: probe.name,
      type,
      event,
      status: probe.status,
      reason: probe.reason ?? null,
      symbol: probe.symbol ?? null,
      module: probe.module ?? null,
      argument: probe.argument ?? null,
      events,
      lost,
      hits: counted && unwanted && lost !== null ? events + lost + countAt(address, unwanted) : null,
      missed: missedOf(probe, cost),
    };
  });
}

/**
 * Probes that count the packets that the filter did not want. Those of ends, begins and hooks look at every skb, and returns at
 * every call, whether it is told of or not.
 */
const COUNTS_UNWANTED: ReadonlySet<string> = new Set(["sight", "drop", "traversal"]);

/** Of a probe that was attached by itself; null if it is not known. */
function missedOf({ name, type, status }: Probe, cost: Cost | undefined): number | null {
  if (!cost?.missesKnown || status !== "attached" || type === "kprobe_multi" || type === "raw_tracepoint")
    return null;
  const miss = cost.misses.find((one) => one.probe === name && one.type === type && one.others === 0);
  return miss?.count ?? 0;
}

/** Returns are counted under names of their own. */
function countOf({ name, symbol, event }: Probe, functions: Functions | undefined): number {
  if (!functions) return 0;
  const id = functions.names.findIndex((known) => known === name || (event !== "return" && known === symbol));
  return functions.counts[id] ?? 0;
}

function interfaceRows({ environment }: RecordingReader, recording: string): AnyRow[] {
  return (environment?.namespaces ?? []).flatMap(({ inode, name, interfaces }) =>
    interfaces.map((device) => ({
      recording,
      netns: inode,
      netns_name: name ?? null,
      ifindex: device.ifindex,
      interface: device.name,
      mac: device.mac ?? null,
      mtu: device.mtu ?? null,
      kind: device.kind ?? null,
      master: device.master ?? null,
      up: device.up === undefined ? null : Number(device.up),
      link: device.link ?? null,
    })),
  );
}

function ruleRows({ rules }: RecordingReader, recording: string): AnyRow[] {
  return rules.flatMap((snapshot) => {
    const { at, rules: sets } = (snapshot ?? {}) as { at?: unknown; rules?: unknown };
    if (!Array.isArray(sets)) return [];
    return (sets as unknown[]).map((item) => {
      const { netns, kind, text } = (item ?? {}) as { netns?: unknown; kind?: unknown; text?: unknown };
      return {
        recording,
        moment: at === "end" ? "end" : "start",
        netns: typeof netns === "number" ? netns : 0,
        kind: String(kind),
        text: typeof text === "string" ? text : "",
      };
    });
  });
}
