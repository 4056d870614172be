// What this kernel offers to probe: its functions that take an skb, from the kernel's and its modules' BTF and from its
// symbols.
import type { BtfFunction } from "../btf/btf.js";
import type { KernelBtf } from "../btf/kernel-btf.js";
import type { Kallsyms, KernelFunction } from "../host/kallsyms.js";
import { FUNCTION_PROBES, SIGHT_ARGUMENTS_MAX } from "./probe-table.js";
import { PROBE_SETS } from "./probe-sets.js";
import type { WhyNotTraceable } from "./traceable.js";

/** A function that takes an skb. */
export interface OfferedFunction {
  readonly name: string;
  /** As the kernel calls it; undefined if it has no symbol of its own. */
  readonly symbol: string | undefined;
  readonly module: string | undefined;
  readonly address: bigint | undefined;
  /** Which argument is the skb, from 1. */
  readonly argument: number;
  /** What it returns, as C writes it; undefined: not known. */
  readonly returnType: string | undefined;
  /** Why it cannot be probed; undefined: it can. */
  readonly reason: string | undefined;
}

const SKB = "struct sk_buff *";

/** All of them, by name. */
export function offeredFunctions(
  btf: KernelBtf,
  kallsyms: Kallsyms,
  whyNot: WhyNotTraceable,
): OfferedFunction[] {
  const typed: { fn: BtfFunction; argument: number; module: string | undefined }[] = [];
  for (const module of [undefined, ...btf.modules]) {
    const types = module === undefined ? btf.vmlinux : btf.module(module);
    for (const fn of types?.functions() ?? []) {
      const argument = fn.parameters.findIndex(({ typeName }) => typeName === SKB) + 1;
      if (argument > 0) typed.push({ fn, argument, module });
    }
  }
  const symbols = kallsyms.byName(new Set(typed.map(({ fn }) => fn.name)));
  const offered = new Map<string, OfferedFunction>();
  const add = (one: OfferedFunction): void => void offered.set(`${one.name} ${one.module ?? ""}`, one);
  for (const { fn, argument, module } of typed) {
    const { name, parameters, returnType } = fn;
    const found = symbols.get(name)?.filter((symbol) => symbol.module === module) ?? [];
    const exact = found.find(({ symbol }) => symbol === name);
    add({
      name,
      symbol: exact?.symbol,
      module,
      address: exact?.address,
      argument,
      returnType,
      reason: exact
        ? (whyNotThere(parameters, argument) ?? whyNot(exact.symbol, module))
        : whyNoSymbol(found),
    });
  }
  // Modules without BTF (before 5.11): the prototypes of the probe table.
  for (const { name, module, argument, role } of FUNCTION_PROBES) {
    if (module === undefined || argument === undefined || role !== "sight" || btf.modules.includes(module))
      continue;
    const entry = kallsyms.entryOf(name);
    if (entry?.module !== module) continue;
    const { symbol, address } = entry;
    add({ name, symbol, module, address, argument, returnType: undefined, reason: whyNot(symbol, module) });
  }
  return [...offered.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Names of the sets that a function is in. */
export function setsOf({ name, module, argument }: OfferedFunction): string[] {
  if (argument > SIGHT_ARGUMENTS_MAX) return [];
  return PROBE_SETS.filter((set) => set.names.includes(name) || set.includes(name, module)).map(
    (set) => set.name,
  );
}

function whyNotThere(parameters: BtfFunction["parameters"], argument: number): string | undefined {
  if (argument > SIGHT_ARGUMENTS_MAX)
    return `the skb is argument ${argument}, behind the registers that are read`;
  // A struct that is passed by value takes two registers, or none.
  const before = parameters.slice(0, argument - 1);
  if (before.some(({ typeName }) => /^(struct|union) [^*]*$/.test(typeName)))
    return "a struct is passed by value before the skb";
  return undefined;
}

function whyNoSymbol(found: readonly KernelFunction[]): string {
  const [changed] = found;
  return changed
    ? `the compiler has changed its arguments (${changed.symbol})`
    : "not a function of its own in this kernel";
}
