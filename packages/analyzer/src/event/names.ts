// Names of what events refer to by number, from what the recording has said so far.
import type { CodeSymbol, Dictionary, Environment, NamedValue } from "@skbtracer/format";

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
  readonly #probes: readonly { address: bigint; name: string }[];

  constructor(environment: Environment | undefined, dictionary: Dictionary) {
    this.#dictionary = dictionary;
    this.#probes = (environment?.probes ?? []).flatMap((probe) =>
      probe.address === undefined
        ? []
        : [{ address: probe.address, name: withoutSuffix(probe.symbol ?? probe.name) }],
    );
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

  /** Of a device, as packets were seen on it; undefined if it is not known. */
  device(netns: number, ifindex: number): string | undefined {
    if (ifindex === 0) return undefined;
    return this.#dictionary.device(netns, ifindex) ?? this.#devices.get(`${netns}/${ifindex}`);
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
    const probe = this.#probes.find((candidate) =>
      address < 4096n
        ? candidate.address === address
        : address >= candidate.address && address - candidate.address < ENTRY_REACH,
    );
    return probe?.name ?? this.code(address);
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
