// The DICTIONARY chunks: names of what events refer to by number. They add up as the recording goes on.
import {
  addressText,
  asAddress,
  asList,
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

/** What one chunk adds. */
export interface DictionaryEntries {
  readonly symbols: readonly CodeSymbol[];
  readonly stacks: readonly Stack[];
  readonly devices: readonly DeviceName[];
}

/** What is written for a chunk: 64-bit addresses as text. */
export function dictionaryJson(entries: DictionaryEntries): unknown {
  return {
    symbols: entries.symbols.map((symbol) => ({ ...symbol, address: addressText(symbol.address) })),
    stacks: entries.stacks.map(({ id, addresses }) => ({ id, addresses: addresses.map(addressText) })),
    devices: entries.devices,
  };
}

/** What is known so far of the names in a recording. */
export class Dictionary {
  readonly #symbols = new Map<bigint, CodeSymbol>();
  readonly #stacks = new Map<number, readonly bigint[]>();
  readonly #devices = new Map<string, string>();

  /** Adds a chunk's JSON; later entries win. */
  add(json: unknown): void {
    const object = asObject(json);
    for (const symbol of asList(object["symbols"], readSymbol)) this.#symbols.set(symbol.address, symbol);
    for (const stack of asList(object["stacks"], readStack)) this.#stacks.set(stack.id, stack.addresses);
    for (const device of asList(object["devices"], readDevice))
      this.#devices.set(`${device.netns}/${device.ifindex}`, device.name);
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
