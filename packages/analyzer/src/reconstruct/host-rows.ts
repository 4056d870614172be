// Rows of the tables that do not come from events: the host, its devices and rules, the probes, and what is missing.
import { NO_CPU, type RecordingReader } from "@skbtracer/format";
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
  return {
    meta: [metaRow(reader, facts)],
    losses: [...ringLosses(reader, facts.recording, failures), ...facts.damageGaps],
    probes: probeRows(reader, facts, failures),
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
    damaged_ranges: reader.damage.length,
    closed: ended ? 1 : 0,
    end_reason: ended?.reason ?? null,
    ends_recorded: facts.endsRecorded ? 1 : 0,
  };
}

/** Refusals by the address of the probe, of the last STATS; undefined if there is none. */
function failuresByAddress(stats: unknown): ReadonlyMap<bigint, number> | undefined {
  const list = (stats as { failures?: unknown } | undefined)?.failures;
  if (!Array.isArray(list)) return undefined;
  const failures = new Map<bigint, number>();
  for (const item of list as unknown[]) {
    const { address, count } = (item ?? {}) as { address?: unknown; count?: unknown };
    if (typeof address === "string" && typeof count === "number" && /^0x[0-9a-f]{1,16}$/i.test(address))
      failures.set(BigInt(address), count);
  }
  return failures;
}

/** An event bears an address a few bytes behind its function's: see Names. */
const ENTRY_REACH = 16n;

function lostOf(address: bigint | undefined, failures: ReadonlyMap<bigint, number>): number {
  if (address === undefined) return 0;
  let lost = failures.get(address) ?? 0;
  if (address >= 4096n)
    for (const [at, count] of failures) if (at > address && at - address < ENTRY_REACH) lost += count;
  return lost;
}

function ringLosses(
  reader: RecordingReader,
  recording: string,
  failures: ReadonlyMap<bigint, number> | undefined,
): LossRow[] {
  const guilty = (reader.environment?.probes ?? []).filter(
    ({ address, status }) => failures && status === "attached" && lostOf(address, failures) > 0,
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

function probeRows(
  reader: RecordingReader,
  { recording, functions }: HostFacts,
  failures: ReadonlyMap<bigint, number> | undefined,
): AnyRow[] {
  return (reader.environment?.probes ?? []).map((probe) => ({
    recording,
    probe: probe.name,
    type: probe.type,
    event: probe.event,
    status: probe.status,
    reason: probe.reason ?? null,
    symbol: probe.symbol ?? null,
    module: probe.module ?? null,
    argument: probe.argument ?? null,
    events: countOf(probe.event === "clone" ? "skb_clone" : probe.name, probe.symbol, functions),
    lost: failures ? lostOf(probe.address, failures) : null,
  }));
}

function countOf(name: string, symbol: string | undefined, functions: Functions | undefined): number {
  if (!functions) return 0;
  const id = functions.names.findIndex((known) => known === name || known === symbol);
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
