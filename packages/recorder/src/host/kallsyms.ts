// The kernel's symbols: names of code addresses, and addresses of functions. proc(5), /proc/kallsyms.
import { readFileSync } from "node:fs";
import { RecorderError } from "../errors.js";

/** A function in the kernel. */
export interface KernelFunction {
  /** As the kernel calls it, with suffixes like `.constprop.0`. */
  readonly symbol: string;
  readonly address: bigint;
  readonly module: string | undefined;
}

/** Code is given out in pages, but no function of ours is this long: an address further on belongs to nothing known. */
const FUNCTION_MAX = 0x20_0000n;

/** Compilers append these to functions that they have changed, in any number. `.cold` is not an entry. */
const ENTRY_SUFFIXES = /^(?:\.(?:isra|constprop|part)\.\d+)+$/;

/** The text symbols of one moment. */
export class Kallsyms {
  /** Ascending. */
  readonly #addresses: BigUint64Array;
  readonly #names: readonly string[];
  readonly #modules: readonly (string | undefined)[];
  #byName: Map<string, number[]> | undefined;

  private constructor(addresses: BigUint64Array, names: string[], modules: (string | undefined)[]) {
    this.#addresses = addresses;
    this.#names = names;
    this.#modules = modules;
  }

  /** @throws RecorderError if the addresses are hidden */
  static read(path = "/proc/kallsyms"): Kallsyms {
    return Kallsyms.parse(readFileSync(path, "latin1"));
  }

  /** @param text lines of address, type, name and, for a module's, its name in brackets */
  static parse(text: string): Kallsyms {
    const found: { address: bigint; name: string; module: string | undefined }[] = [];
    let hidden = true;
    for (const line of text.split("\n")) {
      const type = line[17];
      if (type !== "t" && type !== "T" && type !== "w" && type !== "W") continue;
      const tab = line.indexOf("\t", 19);
      const address = BigInt(`0x${line.slice(0, 16)}`);
      if (address !== 0n) hidden = false;
      const module = tab < 0 ? undefined : line.slice(tab + 2, -1);
      found.push({ address, name: tab < 0 ? line.slice(19) : line.slice(19, tab), module });
    }
    if (hidden)
      throw new RecorderError(
        "the kernel hides its symbols' addresses: run as root, or with sysctl kernel.kptr_restrict=0",
      );
    found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    return new Kallsyms(
      BigUint64Array.from(found, ({ address }) => address),
      found.map(({ name }) => name),
      found.map(({ module }) => module),
    );
  }

  /** The function that contains an address, and how far in. */
  resolve(address: bigint): { name: string; offset: number; module?: string } | undefined {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const start = this.#addresses[low - 1];
    if (start === undefined || address - start > FUNCTION_MAX) return undefined;
    // Of several names of one address, the first of the table.
    let first = low - 1;
    while (first > 0 && this.#addresses[first - 1] === start) first--;
    const module = this.#modules[first];
    const place = { name: this.#names[first] ?? "", offset: Number(address - start) };
    return module === undefined ? place : { ...place, module };
  }

  /** Where a function can be probed at its entry: under its own name, or one with a compiler's suffix. */
  entryOf(name: string): KernelFunction | undefined {
    const exact = this.#find(name)[0];
    if (exact !== undefined) return this.#function(exact);
    for (const [candidate, indexes] of this.#index()) {
      if (!candidate.startsWith(name) || !ENTRY_SUFFIXES.test(candidate.slice(name.length))) continue;
      const first = indexes[0];
      if (first !== undefined) return this.#function(first);
    }
    return undefined;
  }

  #function(index: number): KernelFunction {
    return {
      symbol: this.#names[index] ?? "",
      address: this.#addresses[index] ?? 0n,
      module: this.#modules[index],
    };
  }

  #find(name: string): readonly number[] {
    return this.#index().get(name) ?? [];
  }

  #index(): Map<string, number[]> {
    if (!this.#byName) {
      const byName = new Map<string, number[]>();
      this.#names.forEach((name, i) => {
        const indexes = byName.get(name);
        if (indexes) indexes.push(i);
        else byName.set(name, [i]);
      });
      this.#byName = byName;
    }
    return this.#byName;
  }
}
