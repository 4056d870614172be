// The DICTIONARY chunks: names of what events refer to by number. They add up as the recording goes on.
import {
  addressText,
  asAddress,
  asList,
  asNumber,
  asNumberIfAny,
  asObject,
  asText,
  asTextIfAny,
  present,
} from "./json.js";

/** The place of a code address. */
export interface CodeSymbol {
  readonly address: bigint;
  /** Of the function that contains it. */
  readonly name: string;
  /** Bytes from the function's start. */
  readonly offset: number;
  readonly module?: string;
}

/** A kernel stack, the innermost frame first. */
export interface Stack {
  readonly id: number;
  readonly addresses: readonly bigint[];
}

/** The name that a device had when a packet was seen on it. */
export interface DeviceName {
  readonly netns: number;
  readonly ifindex: number;
  readonly name: string;
}

/** A table of rules, and the base chain that was passed where its engine has several at a hook. */
export interface TableChain {
  /** A hash of the rest: struct skbt_chain, bpf/event.h. */
  readonly id: bigint;
  /** enum skbt_engine. */
  readonly engine: number;
  /** NFPROTO_* of the table; 1: inet. */
  readonly family: number;
  readonly table: string;
  /** Empty for xtables. */
  readonly chain: string;
}

/** What one chunk adds. */
export interface DictionaryEntries {
  readonly symbols: readonly CodeSymbol[];
  readonly stacks: readonly Stack[];
  readonly devices: readonly DeviceName[];
  readonly chains?: readonly TableChain[];
}

/** What is written for a chunk: 64-bit addresses as text. */
export function dictionaryJson(entries: DictionaryEntries): unknown {
  return {
    symbols: entries.symbols.map((symbol) => ({ ...symbol, address: addressText(symbol.address) })),
    stacks: entries.stacks.map(({ id, addresses }) => ({ id, addresses: addresses.map(addressText) })),
    devices: entries.devices,
    ...(entries.chains?.length && {
      chains: entries.chains.map((chain) => ({ ...chain, id: addressText(chain.id) })),
    }),
  };
}

/** Takes a chunk's entries from its JSON. */
export function readDictionary(json: unknown): DictionaryEntries {
  const object = asObject(json);
  return {
    symbols: asList(object["symbols"], readSymbol),
    stacks: asList(object["stacks"], readStack),
    devices: asList(object["devices"], readDevice),
    chains: asList(object["chains"], readChain),
  };
}

/** What is known so far of the names in a recording. */
export class Dictionary {
  readonly #symbols = new Map<bigint, CodeSymbol>();
  readonly #stacks = new Map<number, readonly bigint[]>();
  readonly #devices = new Map<string, string>();
  readonly #chains = new Map<bigint, TableChain>();

  /** Adds a chunk's JSON; later entries win. */
  add(json: unknown): void {
    const { symbols, stacks, devices, chains = [] } = readDictionary(json);
    for (const symbol of symbols) this.#symbols.set(symbol.address, symbol);
    for (const stack of stacks) this.#stacks.set(stack.id, stack.addresses);
    for (const device of devices) this.#devices.set(`${device.netns}/${device.ifindex}`, device.name);
    for (const chain of chains) this.#chains.set(chain.id, chain);
  }

  symbol(address: bigint): CodeSymbol | undefined {
    return this.#symbols.get(address);
  }

  /** Addresses of a stack, the innermost first. */
  stack(id: number): readonly bigint[] | undefined {
    return this.#stacks.get(id);
  }

  device(netns: number, ifindex: number): string | undefined {
    return this.#devices.get(`${netns}/${ifindex}`);
  }

  /** A table and chain by the id that events bear. */
  chain(id: bigint): TableChain | undefined {
    return this.#chains.get(id);
  }
}

function readSymbol(item: unknown): CodeSymbol | undefined {
  const object = asObject(item);
  const address = asAddress(object["address"]);
  const offset = asNumberIfAny(object["offset"]);
  if (address === undefined || offset === undefined) return undefined;
  return present<CodeSymbol>({
    address,
    offset,
    name: asText(object["name"]),
    module: asTextIfAny(object["module"]),
  });
}

function readStack(item: unknown): Stack | undefined {
  const object = asObject(item);
  const id = asNumberIfAny(object["id"]);
  return id === undefined ? undefined : { id, addresses: asList(object["addresses"], asAddress) };
}

function readDevice(item: unknown): DeviceName | undefined {
  const object = asObject(item);
  const netns = asNumberIfAny(object["netns"]);
  const ifindex = asNumberIfAny(object["ifindex"]);
  if (netns === undefined || ifindex === undefined) return undefined;
  return { netns, ifindex, name: asText(object["name"]) };
}

function readChain(item: unknown): TableChain | undefined {
  const object = asObject(item);
  const id = asAddress(object["id"]);
  if (id === undefined) return undefined;
  return {
    id,
    engine: asNumber(object["engine"]),
    family: asNumber(object["family"]),
    table: asText(object["table"]),
    chain: asText(object["chain"]),
  };
}
