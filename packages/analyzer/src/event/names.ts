// Names of what events refer to by number, from what the recording has said so far.
import type { CodeSymbol, Dictionary, Environment, NamedValue, TableChain } from "@skbtracer/format";
import { type RuleText, RuleTexts } from "./rule-texts.js";

/** A kprobe's event bears an address this close behind the function's entry: 1 to 5 on x86-64, and not past its end. */
const ENTRY_REACH = 16n;

/** Frames of a stack among which our own may be. */
const PROGRAM_FRAMES = 4;

/** Names for the events of one recording. */
export class Names {
  readonly #dictionary: Dictionary;
  readonly #functions = new Map<bigint, string>();
  readonly #stackTexts = new Map<number, string>();
  readonly #devices = new Map<string, string>();
  readonly #reasons = new Map<number, string>();
  readonly #subsystems = new Map<number, string>();
  /** By address. */
  readonly #probes: readonly { address: bigint; name: string }[];
  readonly #ruleTexts: RuleTexts;
  /** Of the functions whose returns are probed. */
  readonly #returnTypes = new Map<string, string | undefined>();

  /** @param rules the recording's snapshots of rules, which may grow */
  constructor(environment: Environment | undefined, dictionary: Dictionary, rules: readonly unknown[] = []) {
    this.#dictionary = dictionary;
    this.#ruleTexts = new RuleTexts(rules);
    this.#probes = (environment?.probes ?? [])
      .flatMap((probe) =>
        probe.address === undefined
          ? []
          : [{ address: probe.address, name: withoutSuffix(probe.symbol ?? probe.name) }],
      )
      .toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    for (const { name, event, status, symbol = name, returnType } of environment?.probes ?? [])
      if (event === "return" && status === "attached")
        this.#returnTypes.set(withoutSuffix(symbol), returnType);
    for (const { inode, interfaces } of environment?.namespaces ?? [])
      for (const { ifindex, name } of interfaces) this.#devices.set(`${inode}/${ifindex}`, name);
    const named = (value: NamedValue): void => void this.#reasons.set(value.value, value.name);
    environment?.dropReasons.core.forEach(named);
    for (const { value, name, reasons } of environment?.dropReasons.subsystems ?? []) {
      this.#subsystems.set(value, name);
      reasons.forEach(named);
    }
  }

  /** Of the function or tracepoint whose probe an event bears the address of. */
  function(address: bigint): string {
    let name = this.#functions.get(address);
    if (name === undefined) {
      name = this.#findFunction(address);
      this.#functions.set(address, name);
    }
    return name;
  }

  /** Of a return from the function whose probe an event bears the address of: `ip_rcv%return`. */
  return(address: bigint): string {
    return `${this.function(address)}%return`;
  }

  /** What that function returns, as C writes it; undefined if it is not known. */
  returnType(address: bigint): string | undefined {
    return this.#returnTypes.get(this.function(address));
  }

  /** Whether the returns of a function of this name are probed. */
  returns(name: string): boolean {
    return this.#returnTypes.has(name);
  }

  /** Of a device, as packets were seen on it; undefined if it is not known. */
  device(netns: number, ifindex: number): string | undefined {
    if (ifindex === 0) return undefined;
    return this.#dictionary.device(netns, ifindex) ?? this.#devices.get(`${netns}/${ifindex}`);
  }

  /** A table and base chain by the id that events bear. */
  chain(id: bigint): TableChain | undefined {
    return this.#dictionary.chain(id);
  }

  /** An nftables rule by its handle, if a snapshot has it. @param family of the table, as nft writes it */
  rule(netns: number, family: string, table: string, handle: number): RuleText | undefined {
    return this.#ruleTexts.find(netns, family, table, handle);
  }

  /** `nf_hook_slow+0x9f [module]`, or the bare address. */
  code(address: bigint): string {
    const symbol = this.#dictionary.symbol(address);
    return symbol ? symbolText(symbol) : `0x${address.toString(16)}`;
  }

  /** Of a drop reason; one that the recording has no name for as `reason 77` or `openvswitch 3`. */
  dropReason(reason: number): string {
    const known = this.#reasons.get(reason);
    if (known !== undefined) return known;
    const subsystem = this.#subsystems.get(reason >>> 16);
    return subsystem !== undefined && reason >>> 16 !== 0
      ? `${subsystem} ${reason & 0xffff}`
      : `reason ${reason}`;
  }

  /** The frames of a stack, the innermost first; undefined if it was not recorded. */
  stack(id: number): string[] | undefined {
    if (id < 0) return undefined;
    const frames = this.#dictionary.stack(id)?.map((address) => this.code(address));
    if (!frames) return undefined;
    // At a raw tracepoint the stack begins with our own program, and the kernel's function that called it.
    const ours = frames.findIndex((frame, i) => i < PROGRAM_FRAMES && frame.startsWith("bpf_trace_run"));
    return frames.slice(ours + 1);
  }

  /** The same as one text, frames separated by `; `. */
  stackText(id: number): string | undefined {
    if (id < 0) return undefined;
    let text = this.#stackTexts.get(id);
    if (text === undefined) {
      text = this.stack(id)?.join("; ");
      if (text !== undefined) this.#stackTexts.set(id, text);
    }
    return text;
  }

  #findFunction(address: bigint): string {
    // The last probe at or before the address
    let low = 0;
    let high = this.#probes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#probes[middle]?.address ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const probe = this.#probes[low - 1];
    const reach = address < 4096n ? 1n : ENTRY_REACH;
    return probe && address - probe.address < reach ? probe.name : this.code(address);
  }
}

/** A function is called what its source calls it, so that kernels can be compared; `info` has the symbol. */
function withoutSuffix(symbol: string): string {
  return symbol.replace(/(\.(?:isra|constprop|part)\.\d+)+$/, "");
}

function symbolText({ name, offset, module }: CodeSymbol): string {
  const place = `${name}+0x${offset.toString(16)}`;
  return module === undefined ? place : `${place} [${module}]`;
}
