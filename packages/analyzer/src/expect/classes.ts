// Addresses and ports by which of the wanted patterns they fit. Packets whose ends are of the same classes are the same to
// every expectation, so that these are asked once for a class and not once for a packet.
import { type Address, parseAddress } from "../dissect/addresses.js";
import type { AddressPattern, PortPattern } from "./expectation.js";
import { masking } from "./kinds.js";

/** Values that fit the same patterns. */
export interface ValueClass {
  /** The same for the same patterns; 0 for a value that is absent. */
  readonly id: number;
  /** The patterns' texts. */
  readonly patterns: readonly string[];
}

const ABSENT: ValueClass = { id: 0, patterns: [] };
/** Values remembered; there are hardly more in a recording, but for an attack's. */
const REMEMBERED_MAX = 1_000_000;

/** Gives the same class for the same list of patterns. */
class ClassIds {
  readonly #classes = new Map<string, ValueClass>();

  of(patterns: readonly string[]): ValueClass {
    const key = patterns.join(" ");
    let found = this.#classes.get(key);
    if (!found) {
      found = { id: this.#classes.size + 1, patterns };
      this.#classes.set(key, found);
    }
    return found;
  }
}

/** Of addresses. */
export class AddressClasses {
  readonly #ids = new ClassIds();
  /** Patterns by family and length of their prefix, then by the prefix. */
  readonly #byLength = new Map<string, { readonly length: number; readonly texts: Map<string, string> }>();
  readonly #known = new Map<string, ValueClass>();

  add({ family, bytes, length, text }: AddressPattern): void {
    const key = `${family}/${length}`;
    let patterns = this.#byLength.get(key);
    if (!patterns) {
      patterns = { length, texts: new Map() };
      this.#byLength.set(key, patterns);
    }
    patterns.texts.set(bytes.join("."), text);
  }

  of(address: string | null): ValueClass {
    if (address === null) return ABSENT;
    const known = this.#known.get(address);
    if (known) return known;
    const found = this.#ids.of(this.#fitting(parseAddress(address)));
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }

  #fitting(address: Address | undefined): string[] {
    if (!address) return [];
    const texts: string[] = [];
    for (const [key, { length, texts: ofPrefixes }] of this.#byLength) {
      if (!key.startsWith(`${address.family}/`)) continue;
      const text = ofPrefixes.get(masking(address.bytes, length).join("."));
      if (text !== undefined) texts.push(text);
    }
    return texts;
  }
}

/** `80`, `8000-8080`. */
export function portText({ from, to }: PortPattern): string {
  return from === to ? String(from) : `${from}-${to}`;
}

/** Of ports. */
export class PortClasses {
  readonly #ids = new ClassIds();
  readonly #single = new Set<number>();
  readonly #ranges = new Map<string, PortPattern>();
  readonly #known = new Map<number, ValueClass>();

  add(pattern: PortPattern): void {
    if (pattern.from === pattern.to) this.#single.add(pattern.from);
    else this.#ranges.set(portText(pattern), pattern);
  }

  of(port: number | null): ValueClass {
    if (port === null) return ABSENT;
    let found = this.#known.get(port);
    if (!found) {
      const texts = this.#single.has(port) ? [String(port)] : [];
      for (const [text, { from, to }] of this.#ranges) if (port >= from && port <= to) texts.push(text);
      found = this.#ids.of(texts);
      this.#known.set(port, found);
    }
    return found;
  }
}
