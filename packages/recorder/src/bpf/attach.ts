// Attaches the probes that were planned, and keeps the list of what was attached and what was refused, and why.
import { existsSync } from "node:fs";
import type { Probe } from "@skbtracer/format";
import type { Pointer } from "../ffi/libbpf.js";
import type { PlannedFunction, RefusedFunction, Wishes } from "./plan.js";
import type { ProgramRole, TracepointProbe } from "./probe-table.js";
import { TRACEPOINT_PROBES } from "./probe-table.js";
import type { Attachment, Program } from "./program.js";

/** What is attached for a role: programs of bpf/, and the kind of events that come of it. */
interface RolePrograms {
  readonly event: Probe["event"];
  /** At the function's entry. */
  readonly entry?: string;
  readonly atReturn?: string;
}

const PROGRAMS: Readonly<Record<Exclude<ProgramRole, "sight">, RolePrograms>> = {
  table: { event: "traversal", entry: "ipt_entry", atReturn: "ipt_return" },
  nft: { event: "traversal", entry: "nft_entry", atReturn: "nft_return" },
  rule: { event: "rule", entry: "nft_rule" },
  hook: { event: "hook", entry: "hook_entry", atReturn: "hook_return" },
  free: { event: "free", entry: "free_arg1" },
  free_partial: { event: "free", entry: "free_partial" },
  free_stolen: { event: "free", entry: "free_stolen" },
  merge: { event: "merge", entry: "merge_entry" },
  alloc: { event: "alloc", atReturn: "alloc_return" },
  clone: { event: "clone", entry: "clone_entry", atReturn: "child_return" },
  copy: { event: "clone", entry: "copy_entry", atReturn: "child_return" },
  segment: { event: "clone", entry: "segment_entry", atReturn: "segment_return" },
  fragment: { event: "clone", entry: "fragment_entry", atReturn: "child_return" },
  head: { event: "head", entry: "head_entry", atReturn: "head_return" },
};

/**
 * A kernel that attaches many functions at once holds their modules meanwhile (from 6.3): they cannot be unloaded.
 * Functions of modules are attached one by one up to this many, as they are where it does not.
 */
const MODULE_FUNCTIONS_ONE_BY_ONE = 64;

/** Programs of a role. @param argument which is the skb, from 1 @param withReturn what it returns is wanted too */
function programsOf(role: ProgramRole, argument = 1, withReturn = false): RolePrograms {
  if (role !== "sight") return PROGRAMS[role];
  return withReturn
    ? { event: "sight", entry: `call_arg${argument}`, atReturn: "call_return" }
    : { event: "sight", entry: `sight_arg${argument}` };
}

/** Why this kernel has no kprobes, or undefined if it has. */
export function whyNoKprobes(): string | undefined {
  const places = [
    "/sys/bus/event_source/devices/kprobe/type",
    "/sys/kernel/tracing/kprobe_events",
    "/sys/kernel/debug/tracing/kprobe_events",
  ];
  return places.some((path) => existsSync(path)) ? undefined : "this kernel has no kprobes (CONFIG_KPROBES)";
}

/** The tracepoints to attach: all of them if they must stand in for kprobes. */
export function tracepoints(withKprobes: boolean, wishes: Wishes): readonly TracepointProbe[] {
  return TRACEPOINT_PROBES.filter((probe) => {
    if (probe.instead && withKprobes) return false;
    return wishes.sights || probe.event !== "sight";
  });
}

/** What is to be attached, and how. */
export interface AttachPlan {
  readonly tracepoints: readonly TracepointProbe[];
  /** Many functions at once, by a program that is told which argument is the skb. */
  readonly together: readonly PlannedFunction[];
  readonly oneByOne: readonly PlannedFunction[];
  readonly refused: readonly RefusedFunction[];
}

function isSight({ probe, withReturn }: PlannedFunction): boolean {
  return probe.role === "sight" && !withReturn;
}

/**
 * Says how to attach each function.
 * @param hasMulti whether the kernel has kprobe-multi (5.18)
 */
export function attachPlan(
  planned: readonly PlannedFunction[],
  refused: readonly RefusedFunction[],
  tracepointProbes: readonly TracepointProbe[],
  hasMulti: boolean,
): AttachPlan {
  const ofModules = planned.filter((plan) => isSight(plan) && plan.module !== undefined).length;
  const goesTogether = (plan: PlannedFunction): boolean =>
    hasMulti && isSight(plan) && (plan.module === undefined || ofModules > MODULE_FUNCTIONS_ONE_BY_ONE);
  return {
    tracepoints: tracepointProbes,
    together: planned.filter(goesTogether),
    oneByOne: planned.filter((plan) => !goesTogether(plan)),
    refused,
  };
}

/** The programs that a plan needs. */
export function programsNeeded(plan: AttachPlan): Set<string> {
  const names = new Set(plan.tracepoints.map(({ program }) => program));
  for (const { argument } of plan.together) names.add(multiProgram(argument));
  // What cannot be attached with others is tried by itself.
  for (const { probe, argument, withReturn } of [...plan.oneByOne, ...plan.together]) {
    const { entry, atReturn } = programsOf(probe.role, argument, withReturn);
    if (entry) names.add(entry);
    if (atReturn) names.add(atReturn);
  }
  return names;
}

/** A probe, and the link that it shares with those that were attached together with it. */
export interface TriedProbe {
  readonly probe: Probe;
  /** Undefined: refused. */
  readonly link?: Pointer;
}

/** Attaches all that is planned. @param onProgress told how many functions have been tried so far */
export function attachProbes(
  program: Program,
  plan: AttachPlan,
  onProgress: (done: number, of: number) => void = () => undefined,
): TriedProbe[] {
  const tried: TriedProbe[] = [];
  for (const { name, program: programName, number, event } of plan.tracepoints) {
    const attachment = program.attachRawTracepoint(programName, name.slice(name.indexOf(":") + 1));
    tried.push(outcome({ name, type: "raw_tracepoint", event, address: BigInt(number) }, attachment));
  }
  const total = plan.together.length + plan.oneByOne.length;
  let done = 0;
  const progress = (count: number): void => onProgress((done += count), total);
  for (const argument of new Set(plan.together.map((one) => one.argument))) {
    const group = plan.together.filter((one) => one.argument === argument);
    tried.push(...attachTogether(program, group));
    progress(group.length);
  }
  for (const one of plan.oneByOne) {
    tried.push(...attachFunction(program, one));
    progress(1);
  }
  for (const one of plan.refused) tried.push(...refusals(one));
  return tried;
}

function multiProgram(argument: number | undefined): string {
  return `sight_multi_arg${argument}`;
}

/** The kernel refuses all if it refuses one: halves are tried then, down to the one, which may go by itself. */
function attachTogether(program: Program, group: readonly PlannedFunction[]): TriedProbe[] {
  const [first] = group;
  if (!first) return [];
  const attachment = program.attachKprobeMulti(
    multiProgram(first.argument),
    group.map(({ address }) => address),
  );
  if (attachment.reason === undefined)
    return group.map((plan) => outcome({ ...describe(plan), type: "kprobe_multi" }, attachment));
  if (group.length === 1) return attachFunction(program, first);
  const middle = group.length >> 1;
  return [
    ...attachTogether(program, group.slice(0, middle)),
    ...attachTogether(program, group.slice(middle)),
  ];
}

function attachFunction(program: Program, plan: PlannedFunction): TriedProbe[] {
  const { entry, atReturn } = programsOf(plan.probe.role, plan.argument, plan.withReturn);
  const probe = { ...describe(plan), type: "kprobe" as const };
  // The return first: a call that is entered before its return is probed would never be paired.
  const tried: TriedProbe[] = [];
  if (atReturn !== undefined) {
    const attachment = program.attachKprobe(atReturn, plan.symbol, true);
    tried.push(
      outcome({ ...(plan.withReturn ? describeReturn(plan) : probe), type: "kretprobe" }, attachment),
    );
    if (entry !== undefined && attachment.reason !== undefined)
      return [outcome(probe, { reason: "its return cannot be probed" }), ...tried];
  }
  if (entry === undefined) return tried;
  return [outcome(probe, program.attachKprobe(entry, plan.symbol, false)), ...tried];
}

function describe({ probe, symbol, address, argument, module }: PlannedFunction) {
  return {
    name: probe.name,
    event: programsOf(probe.role).event,
    symbol,
    address,
    ...(argument === undefined ? {} : { argument }),
    ...(module === undefined ? {} : { module }),
  };
}

function describeReturn(plan: PlannedFunction) {
  const { returnType } = plan;
  return {
    ...describe(plan),
    name: `${plan.probe.name}%return`,
    event: "return" as const,
    ...(returnType === undefined ? {} : { returnType }),
  };
}

function outcome(probe: Omit<Probe, "status">, attachment: Attachment): TriedProbe {
  const { reason } = attachment;
  return reason === undefined
    ? { probe: { ...probe, status: "attached" }, link: attachment.link }
    : { probe: { ...probe, status: "refused", reason } };
}

function refusals({ probe, reason, withReturn }: RefusedFunction): TriedProbe[] {
  const refused = (name: string, type: Probe["type"], event: Probe["event"]): TriedProbe =>
    outcome({ name, type, event }, { reason });
  const { event, entry } = programsOf(probe.role);
  const one = refused(probe.name, entry === undefined ? "kretprobe" : "kprobe", event);
  return withReturn ? [one, refused(`${probe.name}%return`, "kretprobe", "return")] : [one];
}
