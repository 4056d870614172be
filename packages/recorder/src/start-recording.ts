// Begins a recording: looks at the host, loads and attaches the program, writes the first chunks.
import { randomFillSync } from "node:crypto";
import {
  ChunkType,
  dictionaryJson,
  encodeClock,
  type Environment,
  environmentJson,
  EVENT_LAYOUT,
  layoutId,
  LogEncoder,
  type Probe,
} from "@skbtracer/format";
import { attachProbes, programsNeeded, refuseFunctions, tracepoints, whyNoKprobes } from "./bpf/attach.js";
import type { ProgramConfig } from "./bpf/config.js";
import { Counters } from "./bpf/counters.js";
import { type PlannedFunction, planFunctions, type RefusedFunction, tableArguments } from "./bpf/plan.js";
import { Program } from "./bpf/program.js";
import { KernelBtf } from "./btf/kernel-btf.js";
import { RecorderError } from "./errors.js";
import { type Libbpf, openLibbpf } from "./ffi/libbpf.js";
import { Clock, clockNs } from "./ffi/libc.js";
import { dropReasons } from "./host/drop-reasons.js";
import { Kallsyms } from "./host/kallsyms.js";
import { describeMachine, onlineCpus } from "./host/machine.js";
import { findNamespaces, snapshotNamespaces } from "./host/namespaces.js";
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
  /** Only these of them, by name. */
  readonly functions?: readonly string[];
  /** Passes through iptables tables. */
  readonly tables: boolean;
  /** A kernel stack with every event. */
  readonly callstack: boolean;
  /** A kernel stack with every drop. */
  readonly dropstack: boolean;
  /** Snapshot the firewall rules at start and end. */
  readonly rules: boolean;
  /** 0 to SNAPLEN_MAX. */
  readonly snaplen?: number;
  readonly ringBytesPerCpu?: number;
  /** Told what takes time or is not as it should be. */
  readonly onNote?: (text: string) => void;
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
  const kallsyms = Kallsyms.read();
  const machine = describeMachine();
  const cpus = onlineCpus();
  const noKprobes = whyNoKprobes();
  const { planned, refused } = plan(options, kallsyms, btf, noKprobes);
  const tracepointProbes = tracepoints(noKprobes === undefined, options);
  const found = findNamespaces();
  const { namespaces, problems } = await snapshotNamespaces(found);
  const rules = options.rules ? await snapshotRules(found) : { rules: [], problems: [] };

  const config = programConfig(options, btf, noKprobes !== undefined);
  const program = Program.load(libbpf, config, programsNeeded(planned, tracepointProbes));
  let rings: PerfRings | undefined;
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
      changed: new BigUint64Array(program.variable("names_changed")),
    };
    const withStacks = options.callstack || options.dropstack;
    const names = new NameCollector(libbpf, maps, (address) => kallsyms.resolve(address), withStacks);
    const recordingSwitch = new BigUint64Array(program.variable("recording"));
    const startNs = clockNs(Clock.MONOTONIC);
    const probes = attachProbes(program, planned, refused, tracepointProbes);
    failIfNothing(probes);
    noteRefusals(probes, noKprobes, options);

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
    const symbols = names.ofAddresses(
      probes.flatMap(({ address }) => (address && address > 4096n ? [address] : [])),
    );
    sink.write(encoder.json(ChunkType.DICTIONARY, dictionaryJson({ symbols, stacks: [], devices: [] })));
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
        detach: () => {
          Atomics.store(recordingSwitch, 0, 0n);
          program.detach();
        },
        release: () => {
          openRings.close();
          program.close();
        },
        failuresByProbe: () => readFailures(libbpf, program.mapFd("failures")),
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
    rings?.close();
    program.close();
    throw error;
  }
}

function plan(
  options: RecordOptions,
  kallsyms: Kallsyms,
  btf: KernelBtf,
  noKprobes: string | undefined,
): { planned: PlannedFunction[]; refused: RefusedFunction[] } {
  if (noKprobes !== undefined) return { planned: [], refused: refuseFunctions(options, noKprobes) };
  const { planned, refused } = planFunctions(options, kallsyms, btf);
  // The program that reads a table's name does not load where the kernel has no such type to relocate against.
  if (btf.hasStruct("xt_table", ["x_tables", "ip_tables", "ip6_tables"])) return { planned, refused };
  const without = planned.filter(({ probe }) => probe.role !== "table");
  const tables = planned.filter(({ probe }) => probe.role === "table");
  const reason = "struct xt_table is in no BTF of this kernel";
  return { planned: without, refused: [...refused, ...tables.map(({ probe }) => ({ probe, reason }))] };
}

function programConfig(options: RecordOptions, btf: KernelBtf, endsAtTracepoints: boolean): ProgramConfig {
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
    // The typedef's first parameter is the tracepoint's data; then come skb, location and, from 5.17, reason.
    kfree_skb_has_reason: kfreeSkb[3]?.typeName === "enum skb_drop_reason",
    ends_at_tracepoints: endsAtTracepoints,
    ipt_skb_arg: tables.skb,
    ipt_state_arg: tables.state,
    ipt_table_arg: tables.table,
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
      options.onNote?.(`${refused} probe(s) are not in this kernel; \`skbtracer info\` lists them`);
  }
}

function optionsToRecord(options: RecordOptions, ringBytes: number): Record<string, unknown> {
  const { filter, sights, tables, callstack, dropstack, duration, count } = options;
  return {
    filter: { ...filter, address: Buffer.from(filter.address).toString("hex") },
    sights,
    tables,
    callstack,
    dropstack,
    snaplen: options.snaplen ?? SNAPLEN_DEFAULT,
    ringBytesPerCpu: ringBytes,
    duration,
    count,
  };
}

function readFailures(libbpf: Libbpf, fd: number): { address: string; count: number }[] {
  const failures: { address: string; count: number }[] = [];
  const next = Buffer.alloc(8);
  const value = new BigUint64Array(1);
  let key: Buffer | null = null;
  while (libbpf.nextKey(fd, key, next) === 0) {
    key = Buffer.from(next);
    if (libbpf.lookup(fd, key, value) < 0) continue;
    failures.push({ address: `0x${key.readBigUInt64LE(0).toString(16)}`, count: Number(value[0]) });
  }
  return failures;
}
