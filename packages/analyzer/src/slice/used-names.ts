// The names that the events of a slice need, each once: what a DICTIONARY chunk of it says.
import {
  type CodeSymbol,
  type DeviceName,
  type Dictionary,
  type DictionaryEntries,
  type EventBatch,
  EventKind,
  type TableChain,
} from "@skbtracer/format";

/** Addresses below are numbers of tracepoints. */
const CODE_MIN = 4096n;

/** Collects what is used, and gives what is not written yet. */
export class UsedNames {
  readonly #dictionary: Dictionary;
  readonly #symbols = new Map<bigint, CodeSymbol | undefined>();
  readonly #stacks = new Map<number, readonly bigint[] | undefined>();
  readonly #devices = new Map<string, DeviceName | undefined>();
  readonly #chains = new Set<bigint>();
  #newSymbols: CodeSymbol[] = [];
  #newStacks: { id: number; addresses: readonly bigint[] }[] = [];
  #newDevices: DeviceName[] = [];
  #newChains: TableChain[] = [];
  #isStale = false;

  /** @param dictionary of the source, which grows while it is read */
  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary;
  }

  /** The source's dictionary is about to change. */
  expire(): void {
    this.#isStale = true;
  }

  /** Event `i` is kept. */
  add(batch: EventBatch, i: number): void {
    if (this.#isStale) this.#renew();
    const kind = batch.narrow("kind")[i];
    const netns = batch.narrow("netns")[i] ?? 0;
    this.#addSymbol(batch.wide("address")[i] ?? 0n);
    this.#addDevice(netns, batch.narrow("ifindex")[i] ?? 0);
    this.#addStack(batch.narrow("stack_id")[i] ?? -1);
    if (kind === EventKind.DROP) this.#addSymbol(batch.tailWide(i, "location"));
    if (kind === EventKind.TRAVERSAL || kind === EventKind.RULE) this.#addChain(batch.tailWide(i, "chain"));
    if (kind !== EventKind.TRAVERSAL && kind !== EventKind.HOOK) return;
    this.#addDevice(netns, batch.tailNumber(i, "in_ifindex"));
    this.#addDevice(netns, batch.tailNumber(i, "out_ifindex"));
  }

  /** What is not written yet; undefined if all is. */
  take(): DictionaryEntries | undefined {
    const [symbols, stacks, devices, chains] = [
      this.#newSymbols,
      this.#newStacks,
      this.#newDevices,
      this.#newChains,
    ];
    if (symbols.length + stacks.length + devices.length + chains.length === 0) return undefined;
    [this.#newSymbols, this.#newStacks, this.#newDevices, this.#newChains] = [[], [], [], []];
    return { symbols, stacks, devices, chains };
  }

  /** Names that were not known, or that are others now, are looked up again. */
  #renew(): void {
    this.#isStale = false;
    for (const [address, symbol] of this.#symbols)
      if (this.#dictionary.symbol(address) !== symbol) this.#symbols.delete(address);
    for (const [id, stack] of this.#stacks) if (this.#dictionary.stack(id) !== stack) this.#stacks.delete(id);
    for (const [key, device] of this.#devices)
      if (!device || this.#dictionary.device(device.netns, device.ifindex) !== device.name)
        this.#devices.delete(key);
  }

  #addSymbol(address: bigint): void {
    if (address < CODE_MIN || this.#symbols.has(address)) return;
    const symbol = this.#dictionary.symbol(address);
    this.#symbols.set(address, symbol);
    if (symbol) this.#newSymbols.push(symbol);
  }

  #addStack(id: number): void {
    if (id < 0 || this.#stacks.has(id)) return;
    const addresses = this.#dictionary.stack(id);
    this.#stacks.set(id, addresses);
    if (!addresses) return;
    this.#newStacks.push({ id, addresses });
    for (const address of addresses) this.#addSymbol(address);
  }

  /** An id always means the same. */
  #addChain(id: bigint): void {
    const chain = this.#chains.has(id) ? undefined : this.#dictionary.chain(id);
    if (!chain) return;
    this.#chains.add(id);
    this.#newChains.push(chain);
  }

  #addDevice(netns: number, ifindex: number): void {
    if (ifindex === 0) return;
    const key = `${netns}/${ifindex}`;
    if (this.#devices.has(key)) return;
    const name = this.#dictionary.device(netns, ifindex);
    const device = name === undefined ? undefined : { netns, ifindex, name };
    this.#devices.set(key, device);
    if (device) this.#newDevices.push(device);
  }
}
