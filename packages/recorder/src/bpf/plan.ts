// Decides what to attach where: each row of the probe table, held against what this kernel has.
import type { KernelBtf } from "../btf/kernel-btf.js";
import type { Kallsyms } from "../host/kallsyms.js";
import { FUNCTION_PROBES, type FunctionProbe, type ProgramRole, SIGHT_ARGUMENTS_MAX } from "./probe-table.js";

/** What to probe for. */
export interface Wishes {
  /** Functions that packets pass through. */
  readonly sights: boolean;
  /** Only these of them, by name; all of the probe table if not given. */
  readonly functions?: readonly string[];
  /** Passes through iptables tables. */
  readonly tables: boolean;
}

/** A function that can be probed. */
export interface PlannedFunction {
  readonly probe: FunctionProbe;
  readonly symbol: string;
  readonly module: string | undefined;
  readonly address: bigint;
  /** Which argument is the skb, from 1. */
  readonly argument: number;
}

/** A function that cannot. */
export interface RefusedFunction {
  readonly probe: FunctionProbe;
  readonly reason: string;
}

/** Which argument of the table functions is which, from 1. */
export interface TableArguments {
  readonly skb: number;
  readonly state: number;
  readonly table: number;
}

/** Until 5.15, and so on 5.10, whose modules have no BTF to tell. */
const TABLE_ARGUMENTS_BEFORE_5_16: TableArguments = { skb: 1, state: 2, table: 3 };

const ROLES_ALWAYS: readonly ProgramRole[] = ["free", "clone"];

/** Splits the probe table into what this kernel can do and what it cannot. */
export function planFunctions(
  wishes: Wishes,
  kallsyms: Kallsyms,
  btf: KernelBtf,
): { planned: PlannedFunction[]; refused: RefusedFunction[] } {
  const planned: PlannedFunction[] = [];
  const refused: RefusedFunction[] = [];
  for (const probe of wantedProbes(wishes)) {
    const result = planFunction(probe, kallsyms, btf);
    if (typeof result === "string") refused.push({ probe, reason: result });
    else planned.push(result);
  }
  return { planned, refused };
}

/** The rows of the probe table that the wishes call for. */
export function wantedProbes(wishes: Wishes): readonly FunctionProbe[] {
  const roles = new Set<ProgramRole>(ROLES_ALWAYS);
  if (wishes.sights) roles.add("sight");
  if (wishes.tables) roles.add("table");
  const { functions } = wishes;
  return FUNCTION_PROBES.filter(
    ({ role, name }) => roles.has(role) && (role !== "sight" || !functions || functions.includes(name)),
  );
}

/** A function's plan, or why it has none. */
function planFunction(probe: FunctionProbe, kallsyms: Kallsyms, btf: KernelBtf): PlannedFunction | string {
  for (const name of [probe.name, ...(probe.also ?? [])]) {
    const entry = kallsyms.entryOf(name);
    if (!entry) continue;
    const argument = skbArgument(probe, name, entry.module, btf);
    if (argument === undefined) return `the kernel's BTF does not tell which argument of ${name} is the skb`;
    if (argument > SIGHT_ARGUMENTS_MAX) return `the skb is argument ${argument} of ${name}`;
    return { probe, symbol: entry.symbol, module: entry.module, address: entry.address, argument };
  }
  return probe.module
    ? `not in this kernel: is the module ${probe.module} loaded?`
    : "not in this kernel, or inlined there";
}

function skbArgument(
  probe: FunctionProbe,
  name: string,
  module: string | undefined,
  btf: KernelBtf,
): number | undefined {
  const found = btf.findFunction(name, module);
  if (found) {
    const index = found.parameters.findIndex(({ typeName }) => typeName === "struct sk_buff *");
    return index < 0 ? undefined : index + 1;
  }
  if (probe.role === "table") return tableArguments(btf).skb;
  return probe.argument;
}

/** The arguments of ipt_do_table and its IPv6 twin, which have always had the same ones. */
export function tableArguments(btf: KernelBtf): TableArguments {
  const found =
    btf.findFunction("ipt_do_table", "ip_tables") ?? btf.findFunction("ip6t_do_table", "ip6_tables");
  if (!found) return TABLE_ARGUMENTS_BEFORE_5_16;
  const at = (type: string): number => found.parameters.findIndex(({ typeName }) => typeName === type) + 1;
  const skb = at("struct sk_buff *");
  const state = at("struct nf_hook_state *");
  const table = [1, 2, 3].find((place) => place !== skb && place !== state);
  return { skb, state, table: table ?? 0 };
}
