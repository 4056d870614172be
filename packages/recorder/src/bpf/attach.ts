// Attaches the probes that were planned, and keeps the list of what was attached and what was refused, and why.
import { existsSync } from "node:fs";
import type { Probe } from "@skbtracer/format";
import type { PlannedFunction, RefusedFunction, Wishes } from "./plan.js";
import { wantedProbes } from "./plan.js";
import type { FunctionProbe, ProgramRole, TracepointProbe } from "./probe-table.js";
import { TRACEPOINT_PROBES } from "./probe-table.js";
import type { Program } from "./program.js";

const EVENT_OF_ROLE: Readonly<Record<ProgramRole, Probe["event"]>> = {
  sight: "sight",
  free: "free",
  clone: "clone",
  table: "traversal",
};

/** Programs that a role attaches: at the entry, and at the return. */
function programsOf(role: ProgramRole, argument: number): { entry: string; atReturn?: string } {
  switch (role) {
    case "sight":
      return { entry: `sight_arg${argument}` };
    case "free":
      return { entry: "free_arg1" };
    case "clone":
      return { entry: "clone_entry", atReturn: "clone_return" };
    default:
      return { entry: "ipt_entry", atReturn: "ipt_return" };
  }
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

/** The programs that a plan needs. */
export function programsNeeded(
  planned: readonly PlannedFunction[],
  tracepointProbes: readonly TracepointProbe[],
): Set<string> {
  const names = new Set(tracepointProbes.map((probe) => probe.program));
  for (const { probe, argument } of planned) {
    const { entry, atReturn } = programsOf(probe.role, argument);
    names.add(entry);
    if (atReturn) names.add(atReturn);
  }
  return names;
}

/** Attaches all that is planned. */
export function attachProbes(
  program: Program,
  planned: readonly PlannedFunction[],
  refused: readonly RefusedFunction[],
  tracepointProbes: readonly TracepointProbe[],
): Probe[] {
  const probes: Probe[] = [];
  for (const { name, program: programName, number, event } of tracepointProbes) {
    const reason = program.attachRawTracepoint(programName, name.slice(name.indexOf(":") + 1));
    probes.push({ name, type: "raw_tracepoint", event, address: BigInt(number), ...outcome(reason) });
  }
  for (const plan of planned) probes.push(...attachFunction(program, plan));
  for (const { probe, reason } of refused) probes.push(refusal(probe, reason));
  return probes;
}

/** The functions that a kernel without kprobes does not give, as refused probes. */
export function refuseFunctions(wishes: Wishes, reason: string): RefusedFunction[] {
  return wantedProbes(wishes).map((probe) => ({ probe, reason }));
}

function attachFunction(program: Program, plan: PlannedFunction): Probe[] {
  const { probe, symbol, module, address, argument } = plan;
  const { entry, atReturn } = programsOf(probe.role, argument);
  const common = {
    name: probe.name,
    event: EVENT_OF_ROLE[probe.role],
    symbol,
    address,
    argument,
    ...(module === undefined ? {} : { module }),
  };
  // The return first: a call that is entered before its return is probed would never be paired.
  const probes: Probe[] = [];
  if (atReturn !== undefined) {
    const reason = program.attachKprobe(atReturn, symbol, true);
    probes.push({ ...common, type: "kretprobe", ...outcome(reason) });
    if (reason !== undefined)
      return [
        { ...common, type: "kprobe", status: "refused", reason: "its return cannot be probed" },
        ...probes,
      ];
  }
  return [{ ...common, type: "kprobe", ...outcome(program.attachKprobe(entry, symbol, false)) }, ...probes];
}

function outcome(reason: string | undefined): { status: "attached" } | { status: "refused"; reason: string } {
  return reason === undefined ? { status: "attached" } : { status: "refused", reason };
}

function refusal(probe: FunctionProbe, reason: string): Probe {
  return { name: probe.name, type: "kprobe", event: EVENT_OF_ROLE[probe.role], status: "refused", reason };
}
