// Reads the text of /proc/kallsyms into columns: 100,000 and more symbols without an object for each.

const NEWLINE = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const DOT = 0x2e;
/** nm(1): local and global text, and weak symbols. */
const TEXT_TYPES: ReadonlySet<number> = new Set(Buffer.from("tTwW"));
/** The shortest line: an address of 8 digits, two spaces, a type and a name. */
const LINE_MIN = 12;

/** Text symbols by address, and in the order of the text where an address has several. */
export interface SymbolTable {
  /** As read; names are in it. */
  readonly text: Buffer;
  /** Ascending. */
  readonly addresses: BigUint64Array;
  /** Offset of each name in the text. */
  readonly names: Uint32Array;
  /** Hash of each name up to its first dot. */
  readonly stems: Uint32Array;
}

/** Lines that are no symbols are skipped. */
export function readSymbolTable(text: Buffer): SymbolTable {
  let capacity = 0;
  for (let at = 0; at >= 0 && at < text.length; at = text.indexOf(NEWLINE, at) + 1 || -1) capacity++;
  const addresses = new BigUint64Array(capacity);
  const halves = new DataView(addresses.buffer);
  const names = new Uint32Array(capacity);
  const stems = new Uint32Array(capacity);
  let count = 0;
  let ascending = true;
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf(NEWLINE, start);
    const end = newline < 0 ? text.length : newline;
    const space = text.indexOf(SPACE, start);
    const name = space + 3;
    if (end - start >= LINE_MIN && name < end && TEXT_TYPES.has(text[space + 1] ?? 0)) {
      // Two halves: 64 bits do not fit a number, and a bigint for each would cost more than all the rest.
      const high = hex(text, start, space - 8);
      const low = hex(text, space - 8, space);
      halves.setUint32(count * 8, low, true);
      halves.setUint32(count * 8 + 4, high, true);
      names[count] = name;
      stems[count] = hashUntilDot(text, name, end);
      if (count > 0 && isBefore(halves, count, count - 1)) ascending = false;
      count++;
    }
    start = end + 1;
  }
  const table = {
    text,
    addresses: addresses.slice(0, count),
    names: names.slice(0, count),
    stems: stems.slice(0, count),
  };
  return ascending ? table : sorted(table);
}

/** Hash of a name up to its first dot (FNV-1a). */
export function stemHash(name: Buffer): number {
  return hashUntilDot(name, 0, name.length);
}

function hashUntilDot(text: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    const byte = text[at] ?? 0;
    if (byte === DOT || byte === TAB) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

function hex(text: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = text[at] ?? 0;
    // Digits are 0x30 to 0x39, letters 0x61 to 0x66.
    value = (value << 4) | (byte > 0x39 ? byte - 0x57 : byte - 0x30);
  }
  return value >>> 0;
}

function isBefore(halves: DataView, a: number, b: number): boolean {
  const high = halves.getUint32(a * 8 + 4, true) - halves.getUint32(b * 8 + 4, true);
  return high < 0 || (high === 0 && halves.getUint32(a * 8, true) < halves.getUint32(b * 8, true));
}

/** Modules follow the kernel in the text whatever their addresses. */
function sorted({ text, addresses, names, stems }: SymbolTable): SymbolTable {
  const order = Uint32Array.from(addresses, (_, i) => i).toSorted((a, b) => {
    const left = addresses[a] ?? 0n;
    const right = addresses[b] ?? 0n;
    return left < right ? -1 : left > right ? 1 : a - b;
  });
  return {
    text,
    addresses: addresses.map((_, i) => addresses[order[i] ?? 0] ?? 0n),
    names: names.map((_, i) => names[order[i] ?? 0] ?? 0),
    stems: stems.map((_, i) => stems[order[i] ?? 0] ?? 0),
  };
}
