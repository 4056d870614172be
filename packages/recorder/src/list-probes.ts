// What this kernel offers to probe, for people.
import { whyNoKprobes } from "./bpf/attach.js";
import { chooseFunctions } from "./bpf/choose.js";
import { type OfferedFunction, offeredFunctions, setsOf } from "./bpf/offer.js";
import { TRACEPOINT_PROBES } from "./bpf/probe-table.js";
import { readTraceable } from "./bpf/traceable.js";
import { BtfKind } from "./btf/btf.js";
import { KernelBtf } from "./btf/kernel-btf.js";
import { Kallsyms } from "./host/kallsyms.js";

/** A function or tracepoint. */
export interface ListedProbe {
  readonly name: string;
  readonly type: "function" | "tracepoint";
  readonly module: string | undefined;
  /** Which argument is the skb, from 1. */
  readonly argument: number;
  /** What it returns, as C writes it. */
  readonly returnType: string | undefined;
  /** Names of the sets that it is in. */
  readonly sets: readonly string[];
  /** Why it cannot be probed; undefined: it can. */
  readonly reason: string | undefined;
}

/** All that there is. */
export interface ProbeList {
  /** Why this kernel has no kprobes at all; undefined: it has. */
  readonly noKprobes: string | undefined;
  readonly probes: readonly ListedProbe[];
}

/**
 * What this kernel offers. It changes nothing, and needs the right to read the kernel's symbols.
 * @param patterns names, globs and sets, as for --probes; none: all
 * @throws RecorderError without BTF or symbols, or for a pattern that matches nothing
 */
export function listProbes(patterns: readonly string[]): ProbeList {
  const btf = KernelBtf.read();
  const noKprobes = whyNoKprobes();
  const offered = offeredFunctions(btf, Kallsyms.read(), readTraceable());
  const listed = patterns.length === 0 ? offered : chosen(patterns, offered);
  const functions = listed.map((one): ListedProbe => {
    const { name, module, argument, returnType, reason } = one;
    const common = { name, type: "function" as const, module, argument, returnType };
    return { ...common, sets: setsOf(one), reason: noKprobes ?? reason };
  });
  return { noKprobes, probes: [...(patterns.length === 0 ? tracepoints(btf) : []), ...functions] };
}

function chosen(patterns: readonly string[], offered: readonly OfferedFunction[]): OfferedFunction[] {
  const functions = chooseFunctions(patterns, offered, Number.POSITIVE_INFINITY);
  return functions.flatMap((one) => (one.offered ? [one.offered] : []));
}

function tracepoints(btf: KernelBtf): ListedProbe[] {
  return TRACEPOINT_PROBES.map(({ name }) => {
    // For every tracepoint there is a typedef of its signature.
    const there = btf.vmlinux.has(BtfKind.TYPEDEF, `btf_trace_${name.slice(name.indexOf(":") + 1)}`);
    return {
      name,
      type: "tracepoint",
      module: undefined,
      argument: 1,
      returnType: undefined,
      sets: [],
      reason: there ? undefined : "not in this kernel",
    };
  });
}
