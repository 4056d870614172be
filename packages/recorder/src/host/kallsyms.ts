// The kernel's symbols: names of code addresses, and addresses of functions. proc(5), /proc/kallsyms.
import { readFileSync } from "node:fs";
import { RecorderError } from "../errors.js";
import { readSymbolTable, type SymbolTable, stemHash } from "./symbol-table.js";

/** A function in the kernel. */
export interface KernelFunction {
  /** As the kernel calls it, with suffixes like `.constprop.0`. */
  readonly symbol: string;
  readonly address: bigint;
  readonly module: string | undefined;
}

/** A function that can be probed at its entry. */
export interface KernelEntry extends KernelFunction {
  /** How many symbols answer to the name as well as this one; with more than one, the name alone does not tell which. */
  readonly candidates: number;
}

/** Code is given out in pages, but no function of ours is this long: an address further on belongs to nothing known. */
const FUNCTION_MAX = 0x20_0000n;

/** Compilers append these to functions that they have changed, in any number. `.cold` is not an entry. */
const ENTRY_SUFFIXES = /^(?:\.(?:isra|constprop|part)\.\d+)+$/;

/** The text symbols of one moment. */
export class Kallsyms {
  readonly #table: SymbolTable;

  private constructor(table: SymbolTable) {
    this.#table = table;
  }

  /** @throws RecorderError if there is no such file, or if it hides the addresses */
  static read(path = "/proc/kallsyms"): Kallsyms {
    let text: Buffer;
    try {
      text = readFileSync(path);
    } catch (error) {
      throw new RecorderError(
        `the kernel's symbols cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
    return Kallsyms.parse(text);
  }

  /**
   * @param text lines of address, type, name and, for a module's, its name in brackets
   * @throws RecorderError if the addresses are hidden
   */
  static parse(text: string | Buffer): Kallsyms {
    const table = readSymbolTable(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    if (table.addresses.length === 0)
      throw new RecorderError(
        "the kernel lists no functions in kallsyms: use one built with CONFIG_KALLSYMS",
      );
    if (table.addresses.at(-1) === 0n)
      throw new RecorderError(
        "the kernel hides its symbols' addresses: run as root, or with sysctl kernel.kptr_restrict=0",
      );
    return new Kallsyms(table);
  }

  /** How many symbols there are. */
  get size(): number {
    return this.#table.addresses.length;
  }

  /**
   * The function that contains an address, and how many bytes in. Of several names of one address it is the first of the
   * kernel's table, as in the kernel's own stack traces.
   */
  resolve(address: bigint): { name: string; offset: number; module?: string } | undefined {
    const { addresses } = this.#table;
    let low = 0;
    let high = addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((addresses[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const start = addresses[low - 1];
    if (start === undefined || address - start > FUNCTION_MAX) return undefined;
    let first = low - 1;
    while (first > 0 && addresses[first - 1] === start) first--;
    const { name, module } = this.#symbol(first);
    const place = { name, offset: Number(address - start) };
    return module === undefined ? place : { ...place, module };
  }

  /** All functions of exactly this name, by address: static ones can share it. */
  lookup(name: string): KernelFunction[] {
    return this.#ofStem(name).filter(({ symbol }) => symbol === name);
  }

  /**
   * Where a function can be probed at its entry: under its own name, else one with a compiler's suffixes. A `.part` comes
   * last, for it is entered on some of the function's ways only. Of several, the lowest address.
   */
  entryOf(name: string): KernelEntry | undefined {
    const all = this.#ofStem(name);
    const exact = all.filter(({ symbol }) => symbol === name);
    const suffixed = all.filter(
      ({ symbol }) => symbol.startsWith(name) && ENTRY_SUFFIXES.test(symbol.slice(name.length)),
    );
    const whole = suffixed.filter(({ symbol }) => !symbol.includes(".part."));
    const best = [exact, whole, suffixed].find(({ length }) => length > 0) ?? [];
    return best[0] && { ...best[0], candidates: best.length };
  }

  /** The functions of some names, and under the same name those that a compiler made of them (`name.isra.0`). */
  byName(names: ReadonlySet<string>): Map<string, KernelFunction[]> {
    const found = new Map<string, KernelFunction[]>();
    const { addresses } = this.#table;
    for (let i = 0; i < addresses.length; i++) {
      const { name: symbol, module } = this.#symbol(i);
      const dot = symbol.indexOf(".");
      const name = dot > 0 ? symbol.slice(0, dot) : symbol;
      if (!names.has(name) || (dot > 0 && !ENTRY_SUFFIXES.test(symbol.slice(dot)))) continue;
      const entry = { symbol, address: addresses[i] ?? 0n, module };
      const same = found.get(name);
      if (same) same.push(entry);
      else found.set(name, [entry]);
    }
    return found;
  }

  /** Symbols whose name up to its first dot may be that of the given one, by address. */
  #ofStem(name: string): KernelFunction[] {
    const found: KernelFunction[] = [];
    const { stems, addresses } = this.#table;
    const hash = stemHash(Buffer.from(name, "latin1"));
    for (let i = stems.indexOf(hash); i >= 0; i = stems.indexOf(hash, i + 1)) {
      const symbol = this.#symbol(i);
      found.push({ symbol: symbol.name, address: addresses[i] ?? 0n, module: symbol.module });
    }
    return found;
  }

  /** Decodes a symbol: its name ends at a tab, after which comes its module, or with the line. */
  #symbol(index: number): { name: string; module: string | undefined } {
    const { text, names } = this.#table;
    const start = names[index] ?? 0;
    const newline = text.indexOf(0x0a, start);
    const [name = "", module] = text
      .toString("latin1", start, newline < 0 ? text.length : newline)
      .split("\t");
    return { name, module: module?.slice(1, -1) };
  }
}
