// Begins a recording: looks at the host, loads and attaches the program, writes the first chunks.
import { randomFillSync } from "node:crypto";
import {
  ChunkType,
  type ClassicProgram,
  dictionaryJson,
  encodeClock,
  type Environment,
  environmentJson,
  EVENT_LAYOUT,
  layoutId,
  LogEncoder,
  type Probe,
} from "@skbtracer/format";
import {
  attachPlan,
  type AttachPlan,
  attachProbes,
  programsNeeded,
  tracepoints,
  whyNoKprobes,
} from "./bpf/attach.js";
import type { ProgramConfig } from "./bpf/config.js";
import { Counters } from "./bpf/counters.js";
import { type NftLayout, NO_NFT_LAYOUT, nftLayout } from "./bpf/nft-layout.js";
import { offeredFunctions } from "./bpf/offer.js";
import {
  type PlannedFunction,
  planFunctions,
  refuseAll,
  type RefusedFunction,
  tableArguments,
} from "./bpf/plan.js";
import type { ProgramRole } from "./bpf/probe-table.js";
import { Program } from "./bpf/program.js";
import { readTraceable } from "./bpf/traceable.js";
import { CostMeter } from "./cost.js";
import { BtfKind } from "./btf/btf.js";
import { KernelBtf } from "./btf/kernel-btf.js";
import { RecorderError } from "./errors.js";
import { countsByAddress } from "./ffi/count-map.js";
import { openLibbpf } from "./ffi/libbpf.js";
import { Clock, clockNs } from "./ffi/libc.js";
import { dropReasons } from "./host/drop-reasons.js";
import type { Kallsyms } from "./host/kallsyms.js";
import { Symbols } from "./host/symbols.js";
import { describeMachine, onlineCpus } from "./host/machine.js";
import { findNamespaces, snapshotNamespaces } from "./host/namespaces.js";
import { NftTrace, removeLeftovers } from "./host/nft-trace.js";
import { snapshotRules } from "./host/rules.js";
import type { LogSink } from "./log/sink.js";
import { NameCollector } from "./names.js";
import { type Limits, Recording, sampleClocks } from "./recording.js";
import { PerfRings } from "./rings/perf-rings.js";
import { defaultRingBytes, roundRingBytes } from "./rings/ring-size.js";

/** The most packet bytes of an event: SKBT_SNAPLEN_MAX of bpf/event.h. */
export const SNAPLEN_MAX = 256;
const SNAPLEN_DEFAULT = 96;

/** Which packets to record; zeros (and -1 for icmpId) mean any. */
export interface KernelFilter {
  readonly family: 0 | 4 | 6;
  /** 16 bytes, network order; an IPv4 address in the first 4. */
  readonly address: Uint8Array;
  readonly port: number;
  /** 1: ICMP and ICMPv6. */
  readonly protocol: number;
  readonly icmpId: number;
  readonly pid: number;
  readonly netns: number;
  /** A filter expression, compiled for Ethernet; with all else. */
  readonly expression?: { readonly text: string; readonly program: ClassicProgram };
}

/** What to record, and where to. */
export interface RecordOptions extends Limits {
  readonly sink: LogSink;
  /** Of the program that records. */
  readonly version: string;
  readonly commandLine: readonly string[];
  readonly filter: KernelFilter;
  /** Functions that packets pass through. */
  readonly sights: boolean;
  /** Names, globs and sets of them, each perhaps with `%return`; the set `default` if not given. */
  readonly probes?: readonly string[];
  /** How many functions a glob may match: GLOB_MATCHES_MAX if not given. */
  readonly probesMax?: number;
  /** Passes through tables of rules, and what hooks did not let pass. */
  readonly tables: boolean;
  /** Each nftables rule that matched: the kernel's tracing is switched on for the recording. */
  readonly nftRules?: boolean;
  /** A kernel stack with every event. */
  readonly callstack: boolean;
  /** A kernel stack with every drop. */
  readonly dropstack: boolean;
  /** Follow what has matched the filter once to its end, and what is made from it, whatever becomes of its headers. */
  readonly keep: boolean;
  /** Snapshot the firewall rules at start and end. */
  readonly rules: boolean;
  /** 0 to SNAPLEN_MAX. */
  readonly snaplen?: number;
  readonly ringBytesPerCpu?: number;
  /** Told what takes time or is not as it should be. */
  readonly onNote?: (text: string) => void;
  /** Told how many functions have been attached so far. */
  readonly onAttach?: (done: number, of: number) => void;
  /** The same when they are detached. */
  readonly onDetach?: (done: number, of: number) => void;
  /** Have the kernel count the runs of the programs and their time, which costs a little at each. */
  readonly bpfStats?: boolean;
}

/**
 * Begins to record. The returned recording runs until it is stopped or reaches a limit.
 * @throws RecorderError if this host cannot record, SinkError if the log cannot be written
 */
export async function startRecording(options: RecordOptions): Promise<Recording> {
  try {
    return await begin(options);
  } catch (error) {
    options.sink.close();
    throw error;
  }
}

async function begin(options: RecordOptions): Promise<Recording> {
  const libbpf = openLibbpf();
  const btf = KernelBtf.read();
  const symbols = new Symbols();
  const { kallsyms } = symbols;
  const machine = describeMachine();
  const cpus = onlineCpus();
  const noKprobes = whyNoKprobes();
  if (options.keep && noKprobes !== undefined)
    throw new RecorderError(
      `${noKprobes}: --keep cannot be done, as not all ends of packets are seen, and others at their addresses would be kept`,
    );
  const nft = nftLayout(btf, machine.kernel);
  const { planned, refused } = plan(options, kallsyms, btf, nft, noKprobes);
  for (const { recorderPid } of removeLeftovers())
    options.onNote?.(
      `switched off tracing of nftables rules that a recorder (process ${recorderPid}) had left on`,
    );
  const attaching = attachPlan(
    planned,
    refused,
    tracepoints(noKprobes === undefined, options),
    btf.vmlinux.has(BtfKind.STRUCT, "bpf_kprobe_multi_link"),
  );
  const found = findNamespaces();
  const { namespaces, problems } = await snapshotNamespaces(found);
  const rules = options.rules ? await snapshotRules(found) : { rules: [], problems: [] };

  const config = programConfig(options, btf, nft, noKprobes !== undefined);
  const program = Program.load(
    libbpf,
    config,
    programsNeeded(attaching),
    probeMapEntries(attaching),
    options.filter.expression?.program,
  );
  let rings: PerfRings | undefined;
  let nftTrace: NftTrace | undefined;
  try {
    const ringBytes = roundRingBytes(
      options.ringBytesPerCpu ?? defaultRingBytes(cpus.length),
      machine.pageSize,
    );
    rings = new PerfRings(libbpf, program.mapFd("events"), {
      bytesPerCpu: ringBytes,
      wakeBytes: ringBytes / 4,
      pageSize: machine.pageSize,
      onlineCpus: cpus,
    });
    const counters = new Counters(program.variable("counters"), machine.cpus);
    const maps = {
      locations: program.mapFd("locations"),
      devices: program.mapFd("devices"),
      stacks: program.mapFd("stacks"),
      chains: program.mapFd("chains"),
      changed: new BigUint64Array(program.variable("names_changed")),
    };
    const withStacks = options.callstack || options.dropstack;
    const names = new NameCollector(libbpf, maps, (address) => symbols.resolve(address), withStacks);
    const recordingSwitch = new BigUint64Array(program.variable("recording"));
    const startNs = clockNs(Clock.MONOTONIC);
    const tried = attachProbes(program, attaching, options.onAttach);
    const probes = tried.map(({ probe }) => probe);
    const cost = new CostMeter(libbpf, program, tried, machine.cpus, options.bpfStats ?? false);
    failIfNothing(probes);
    noteRefusals(probes, noKprobes, options);
    nftTrace = await startNftTrace(probes, options);

    const encoder = new LogEncoder(randomFillSync(new Uint8Array(16)), layoutId(EVENT_LAYOUT), startNs);
    const environment: Environment = {
      version: options.version,
      host: machine,
      commandLine: options.commandLine,
      options: optionsToRecord(options, ringBytes),
      layout: EVENT_LAYOUT,
      probes,
      dropReasons: dropReasons(btf),
      namespaces,
      problems: [...problems, ...rules.problems],
    };
    const { sink } = options;
    sink.write([encoder.fileHeader()]);
    sink.write(encoder.json(ChunkType.ENVIRONMENT, environmentJson(environment)));
    sink.write(encoder.chunk(ChunkType.CLOCK, [encodeClock(sampleClocks())]));
    const probed = names.ofAddresses(
      probes.flatMap(({ address }) => (address && address > 4096n ? [address] : [])),
    );
    sink.write(
      encoder.json(ChunkType.DICTIONARY, dictionaryJson({ symbols: probed, stacks: [], devices: [] })),
    );
    if (options.rules) sink.write(encoder.json(ChunkType.RULES, { at: "start", ...rules }));

    const openRings = rings;
    Atomics.store(recordingSwitch, 0, 1n);
    return new Recording(
      {
        sink,
        encoder,
        rings,
        counters,
        names,
        cpus,
        startNs,
        stopProbes: () => {
          Atomics.store(recordingSwitch, 0, 0n);
          cost.stop();
        },
        release: () => {
          program.detach(options.onDetach);
          openRings.close();
          program.close();
        },
        restoreHost: () => nftTrace?.stop() ?? Promise.resolve(),
        failuresByProbe: () => countsByAddress(libbpf, program.mapFd("failures")),
        cost: () => cost.read(),
        finish: async (write) => {
          const now = findNamespaces();
          const { namespaces: atEnd, problems: newProblems } = await snapshotNamespaces(now);
          const allProblems = [...new Set([...environment.problems, ...newProblems])];
          write(
            ChunkType.ENVIRONMENT,
            environmentJson({ ...environment, namespaces: atEnd, problems: allProblems }),
          );
          if (options.rules) write(ChunkType.RULES, { at: "end", ...(await snapshotRules(now)) });
        },
      },
      options,
    );
  } catch (error) {
    await nftTrace?.stop();
    rings?.close();
    program.close();
    throw error;
  }
}

/** Switches on what the probe of rules needs, if it is wanted and there is something to trace. */
async function startNftTrace(
  probes: readonly Probe[],
  { nftRules, onNote }: RecordOptions,
): Promise<NftTrace | undefined> {
  if (!nftRules) return undefined;
  const rule = probes.find(({ event }) => event === "rule");
  if (rule?.status === "attached") return NftTrace.start();
  onNote?.(`--nft-rules: rules cannot be traced here: ${rule?.reason ?? "no probe for them"}`);
  return undefined;
}

function plan(
  options: RecordOptions,
  kallsyms: Kallsyms,
  btf: KernelBtf,
  nft: NftLayout | string,
  noKprobes: string | undefined,
): { planned: PlannedFunction[]; refused: RefusedFunction[] } {
  const offered = () => offeredFunctions(btf, kallsyms, readTraceable());
  if (noKprobes !== undefined) return { planned: [], refused: refuseAll(options, offered, noKprobes) };
  const { planned, refused } = planFunctions(options, kallsyms, btf, offered);
  const why = new Map<ProgramRole, string>();
  // The program that reads a table's name does not load where the kernel has no such type to relocate against.
  if (!btf.hasStruct("xt_table", ["x_tables", "ip_tables", "ip6_tables"]))
    why.set("table", "struct xt_table is in no BTF of this kernel");
  if (typeof nft === "string") for (const role of ["nft", "rule"] as const) why.set(role, nft);
  return {
    planned: planned.filter(({ probe }) => !why.has(probe.role)),
    refused: [
      ...refused,
      ...planned.flatMap(({ probe }) => {
        const reason = why.get(probe.role);
        return reason === undefined ? [] : [{ probe, reason }];
      }),
    ],
  };
}

/** Maps with an entry for each probe. */
function probeMapEntries({ together, oneByOne }: AttachPlan): Record<string, number> {
  const entries = Math.max(256, 2 * (together.length + oneByOne.length));
  return { failures: entries, unwanted: entries };
}

function programConfig(
  options: RecordOptions,
  btf: KernelBtf,
  nft: NftLayout | string,
  endsAtTracepoints: boolean,
): ProgramConfig {
  const { filter } = options;
  const tables = tableArguments(btf);
  const kfreeSkb = btf.vmlinux.typedefParameters("btf_trace_kfree_skb") ?? [];
  return {
    snaplen: options.snaplen ?? SNAPLEN_DEFAULT,
    pid: filter.pid,
    netns: filter.netns,
    port: filter.port,
    icmp_id: filter.icmpId,
    protocol: filter.protocol,
    family: filter.family,
    address: filter.address,
    callstack: options.callstack,
    dropstack: options.dropstack,
    keep: options.keep,
    // The typedef's first parameter is the tracepoint's data; then come skb, location and, from 5.17, reason.
    kfree_skb_has_reason: kfreeSkb[3]?.typeName === "enum skb_drop_reason",
    ends_at_tracepoints: endsAtTracepoints,
    ipt_skb_arg: tables.skb,
    ipt_state_arg: tables.state,
    ipt_table_arg: tables.table,
    ...(typeof nft === "string" ? NO_NFT_LAYOUT : nft),
    expression: filter.expression !== undefined,
  };
}

function failIfNothing(probes: readonly Probe[]): void {
  if (probes.some(({ status }) => status === "attached")) return;
  const reason = probes.find((probe) => probe.reason !== undefined)?.reason ?? "unknown reason";
  throw new RecorderError(`no probe can be attached: ${reason}; \`skbtracer doctor\` may know why`);
}

function noteRefusals(probes: readonly Probe[], noKprobes: string | undefined, options: RecordOptions): void {
  if (noKprobes !== undefined)
    options.onNote?.(`${noKprobes}: recording from tracepoints, which see fewer places than functions would`);
  else {
    const refused = probes.filter(({ status }) => status === "refused").length;
    if (refused > 0)
      options.onNote?.(
        `${refused} probe(s) cannot be recorded on this kernel; \`skbtracer info\` lists them, and says why`,
      );
  }
}

function optionsToRecord(options: RecordOptions, ringBytes: number): Record<string, unknown> {
  const { filter, sights, tables, nftRules = false, callstack, dropstack, keep, duration, count } = options;
  return {
    filter: {
      ...filter,
      address: Buffer.from(filter.address).toString("hex"),
      expression: filter.expression?.text,
    },
    sights,
    tables,
    nftRules,
    callstack,
    dropstack,
    keep,
    snaplen: options.snaplen ?? SNAPLEN_DEFAULT,
    ringBytesPerCpu: ringBytes,
    duration,
    count,
  };
}
