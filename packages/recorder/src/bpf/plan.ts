// Decides what to attach where: each row of the probe table, held against what this kernel has.
import type { KernelBtf } from "../btf/kernel-btf.js";
import type { Kallsyms } from "../host/kallsyms.js";
import { chooseFunctions, type ChosenFunction } from "./choose.js";
import type { OfferedFunction } from "./offer.js";
import { FUNCTION_PROBES, type FunctionProbe, type ProgramRole, SIGHT_ARGUMENTS_MAX } from "./probe-table.js";

/** What to probe for. */
export interface Wishes {
  /** Functions that packets pass through. */
  readonly sights: boolean;
  /** Names, globs and sets of them, each perhaps with `%return`; the set `default` if not given. */
  readonly probes?: readonly string[];
  /** How many functions a glob may match. */
  readonly probesMax?: number;
  /** Passes through tables of rules, and what hooks did not let pass. */
  readonly tables: boolean;
  /** Each nftables rule that matched. */
  readonly nftRules?: boolean;
}

/** A function that can be probed. */
export interface PlannedFunction {
  readonly probe: FunctionProbe;
  readonly symbol: string;
  readonly module: string | undefined;
  readonly address: bigint;
  /** Which argument is the skb, from 1, if one is. */
  readonly argument?: number;
  /** What it returns is wanted too. */
  readonly withReturn?: boolean;
  /** As C writes it. */
  readonly returnType?: string | undefined;
}

/** A function that cannot. */
export interface RefusedFunction {
  readonly probe: FunctionProbe;
  readonly reason: string;
  readonly withReturn?: boolean;
}

/** Which argument of the table functions is which, from 1. */
export interface TableArguments {
  readonly skb: number;
  readonly state: number;
  readonly table: number;
}

/** Until 5.15, and so on 5.10, whose modules have no BTF to tell. */
const TABLE_ARGUMENTS_BEFORE_5_16: TableArguments = { skb: 1, state: 2, table: 3 };

/** Roles of functions that are probed only if asked for. */
const ROLES_ON_REQUEST: readonly ProgramRole[] = ["sight", "table", "nft", "hook", "rule"];

/** Something to probe: a row of the probe table, or any other function of the kernel. */
interface WantedFunction {
  readonly probe: FunctionProbe;
  readonly withReturn: boolean;
  /** What the kernel has of it, where it was asked. */
  readonly offered?: OfferedFunction | undefined;
}

/**
 * Splits what the wishes call for into what this kernel can do and what it cannot.
 * @param offered what this kernel has; not asked if no probes are named
 * @throws RecorderError for a name that is not known, a glob without or with too many matches
 */
export function planFunctions(
  wishes: Wishes,
  kallsyms: Kallsyms,
  btf: KernelBtf,
  offered: () => readonly OfferedFunction[],
): { planned: PlannedFunction[]; refused: RefusedFunction[] } {
  const planned: PlannedFunction[] = [];
  const refused: RefusedFunction[] = [];
  for (const wanted of wantedFunctions(wishes, offered)) {
    const { probe, withReturn } = wanted;
    const result = wanted.offered ? planOffered(probe, wanted.offered) : planFunction(probe, kallsyms, btf);
    if (typeof result === "string") refused.push({ probe, withReturn, reason: result });
    else planned.push({ ...result, withReturn });
  }
  return { planned, refused };
}

/** What cannot be probed at all, for one reason. */
export function refuseAll(
  wishes: Wishes,
  offered: () => readonly OfferedFunction[],
  reason: string,
): RefusedFunction[] {
  return wantedFunctions(wishes, offered).map(({ probe, withReturn }) => ({ probe, withReturn, reason }));
}

/** What the wishes call for, in the order of the probe table; functions that are not in it come first. */
function wantedFunctions(wishes: Wishes, offered: () => readonly OfferedFunction[]): WantedFunction[] {
  const { sights, probes, probesMax, tables, nftRules } = wishes;
  const roles = new Set<ProgramRole>();
  if (sights && !probes) roles.add("sight");
  if (tables) for (const role of ["table", "nft", "hook"] as const) roles.add(role);
  if (nftRules) roles.add("rule");
  const rows = FUNCTION_PROBES.filter(({ role }) => roles.has(role) || !ROLES_ON_REQUEST.includes(role));
  const chosen = sights && probes ? chooseFunctions(probes, offered(), probesMax) : [];
  return [
    ...chosen.flatMap(wantedSight),
    ...rows.map((probe): WantedFunction => ({ probe, withReturn: false })),
  ];
}

/** Functions of another role than sights have events of their own, which say more. */
function wantedSight({ name, module, offered, withReturn }: ChosenFunction): WantedFunction[] {
  const row = FUNCTION_PROBES.find((probe) => probe.name === name);
  if (row && row.role !== "sight") return [];
  const probe = row ?? { name, role: "sight", ...(module === undefined ? {} : { module }) };
  // For functions of the table it is known that what the compiler made of them can be probed as well.
  return [{ probe, withReturn, offered: row && offered?.reason !== undefined ? undefined : offered }];
}

function planOffered(probe: FunctionProbe, offered: OfferedFunction): PlannedFunction | string {
  const { symbol, module, address, argument, returnType, reason } = offered;
  if (reason !== undefined || symbol === undefined || address === undefined)
    return reason ?? "it has no symbol";
  return { probe, symbol, module, address, argument, returnType };
}

/** A function's plan, or why it has none. */
function planFunction(probe: FunctionProbe, kallsyms: Kallsyms, btf: KernelBtf): PlannedFunction | string {
  for (const name of [probe.name, ...(probe.also ?? [])]) {
    const entry = kallsyms.entryOf(name);
    if (!entry) continue;
    // What takes no skb, or two, has a program of its own that knows them.
    if (probe.role === "alloc" || probe.role === "merge")
      return { probe, symbol: entry.symbol, module: entry.module, address: entry.address };
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
  if (probe.role === "nft" || probe.role === "rule") return probe.argument;
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
