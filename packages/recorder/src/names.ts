// Finds the names that a recording's events refer to by number: code addresses, stacks, devices. The program keeps the
// numbers in maps; what is new there is named while the host still knows.
import type { CodeSymbol, DeviceName, DictionaryEntries, Stack, TableChain } from "@skbtracer/format";
import type { Libbpf } from "./ffi/libbpf.js";

/** Resolves a code address. */
export type Symbolize = (address: bigint) => Omit<CodeSymbol, "address"> | undefined;

const STACK_DEPTH = 127;

const CHAIN_TABLE = 8;
const CHAIN_CHAIN = 40;
const CHAIN_SIZE = 72;

/** Files of the maps to look into. */
export interface NameMaps {
  readonly locations: number;
  readonly devices: number;
  readonly stacks: number;
  readonly chains: number;
  /** The program's `names_changed`. */
  readonly changed: BigUint64Array;
}

/** What was not in the dictionary yet. */
export class NameCollector {
  readonly #libbpf: Libbpf;
  readonly #maps: NameMaps;
  readonly #symbolize: Symbolize;
  readonly #withStacks: boolean;
  readonly #addresses = new Set<bigint>();
  readonly #devices = new Set<bigint>();
  readonly #stacks = new Set<number>();
  readonly #chains = new Set<bigint>();
  #changed = 0n;

  constructor(libbpf: Libbpf, maps: NameMaps, symbolize: Symbolize, withStacks: boolean) {
    this.#libbpf = libbpf;
    this.#maps = maps;
    this.#symbolize = symbolize;
    this.#withStacks = withStacks;
  }

  /** Entries for addresses that are known beforehand. */
  ofAddresses(addresses: readonly bigint[]): CodeSymbol[] {
    return addresses.flatMap((address) => this.#name(address));
  }

  /** What has appeared since the last call; undefined if nothing has. */
  collect(): DictionaryEntries | undefined {
    const changed = Atomics.load(this.#maps.changed, 0);
    const entries = {
      symbols: [] as CodeSymbol[],
      stacks: [] as Stack[],
      devices: [] as DeviceName[],
      chains: [] as TableChain[],
    };
    if (changed !== this.#changed) {
      this.#changed = changed;
      this.#collectLocations(entries.symbols);
      this.#collectDevices(entries.devices);
      this.#collectChains(entries.chains);
    }
    if (this.#withStacks) this.#collectStacks(entries.stacks, entries.symbols);
    const { symbols, stacks, devices, chains } = entries;
    return symbols.length + stacks.length + devices.length + chains.length > 0 ? entries : undefined;
  }

  #collectLocations(into: CodeSymbol[]): void {
    for (const key of this.#keys(this.#maps.locations, 8)) into.push(...this.#name(key.readBigUInt64LE(0)));
  }

  #collectDevices(into: DeviceName[]): void {
    const name = Buffer.alloc(16);
    for (const key of this.#keys(this.#maps.devices, 8)) {
      const id = key.readBigUInt64LE(0);
      if (this.#devices.has(id) || this.#libbpf.lookup(this.#maps.devices, key, name) < 0) continue;
      this.#devices.add(id);
      into.push({ netns: key.readUInt32LE(0), ifindex: key.readUInt32LE(4), name: nameText(name) });
    }
  }

  /** Values are struct skbt_chain of bpf/event.h. */
  #collectChains(into: TableChain[]): void {
    const value = Buffer.alloc(CHAIN_SIZE);
    for (const key of this.#keys(this.#maps.chains, 8)) {
      const id = key.readBigUInt64LE(0);
      if (this.#chains.has(id) || this.#libbpf.lookup(this.#maps.chains, key, value) < 0) continue;
      this.#chains.add(id);
      into.push({
        id,
        engine: value.readUInt8(0),
        family: value.readUInt8(1),
        table: nameText(value.subarray(CHAIN_TABLE, CHAIN_CHAIN)),
        chain: nameText(value.subarray(CHAIN_CHAIN)),
      });
    }
  }

  #collectStacks(into: Stack[], symbols: CodeSymbol[]): void {
    const value = Buffer.alloc(STACK_DEPTH * 8);
    for (const key of this.#keys(this.#maps.stacks, 4)) {
      const id = key.readUInt32LE(0);
      if (this.#stacks.has(id)) continue;
      value.fill(0);
      if (this.#libbpf.lookup(this.#maps.stacks, key, value) < 0) continue;
      this.#stacks.add(id);
      const addresses: bigint[] = [];
      for (let i = 0; i < STACK_DEPTH; i++) {
        const address = value.readBigUInt64LE(i * 8);
        if (address === 0n) break;
        addresses.push(address);
        symbols.push(...this.#name(address));
      }
      into.push({ id, addresses });
    }
  }

  #name(address: bigint): CodeSymbol[] {
    if (this.#addresses.has(address)) return [];
    this.#addresses.add(address);
    const found = this.#symbolize(address);
    return found ? [{ address, ...found }] : [];
  }

  *#keys(fd: number, size: number): Generator<Buffer> {
    let key: Buffer | null = null;
    const next = Buffer.alloc(size);
    while (this.#libbpf.nextKey(fd, key, next) === 0) {
      key = Buffer.from(next);
      yield key;
    }
  }
}

/** Names of devices, tables and chains are bytes: UTF-8 where they are, else each byte as a character. */
function nameText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const name = bytes.subarray(0, end < 0 ? bytes.length : end);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch {
    return name.toString("latin1");
  }
}
