// Tells the lives of skbs apart and follows each: the heart of the reconstruction. It takes events in the order of time,
// and holds what is in flight.
import { type EventBatch, EventFlag, EventKind } from "@skbtracer/format";
import type { Capture } from "../dissect/capture.js";
import type { Packet } from "../dissect/packet-fields.js";
import { captures } from "../event/trace-event.js";
import type { Names } from "../event/names.js";
import { hookName, verdictName } from "../event/netfilter-names.js";
import { AddressMap } from "./address-map.js";
import { CpuSets } from "./cpu-sets.js";
import { DropPlaces } from "./drop-places.js";
import { Life, type LifeEnd } from "./life.js";
import { packetFacts, type PacketFacts } from "./packet-facts.js";
import { Devices, Functions, Ways } from "./places.js";

/** What to find out beside the lives themselves; each costs time. */
export interface LivesOptions {
  /**
   * The packets' columns: of all events (paths know their packet then), of those that have a row of their own (drops and
   * passes through tables), or of none.
   */
  readonly packets: "all" | "rows" | "none";
  /** The time of each sight. */
  readonly hopTimes: boolean;
  /** Says which packets are wanted; needs `packets`. Without, all are. */
  readonly wanted?: ((packet: Packet) => boolean) | undefined;
  /** Says of an event's place whether it is wanted: process, namespace, device, function. Without, all are. */
  readonly wantedAt?:
    | ((place: { pid: number; netns: number; interface: string | undefined; function: string }) => boolean)
    | undefined;
}

/** A batch's events, with the lives that they belong to. */
export interface FollowedBatch {
  readonly batch: EventBatch;
  /** The life of each event; undefined for the end of an skb that was not seen before. */
  readonly lives: (Life | undefined)[];
  /** Of each event, whether it or an earlier one of its life was wanted. */
  readonly matched: Uint8Array;
  /** What each event showed of its packet, if asked for. */
  readonly packets: (PacketFacts | undefined)[];
  readonly functions: Int32Array;
  readonly devices: Int32Array;
  /** Lives that ended in this batch, in order. */
  readonly ended: Life[];
}

/** Follows skbs. */
export class Lives {
  readonly functions: Functions;
  readonly devices: Devices;
  readonly ways: Ways;
  readonly dropPlaces: DropPlaces;
  readonly cpuSets: CpuSets = new CpuSets();
  /** Lives so far. */
  count = 0;
  readonly #options: LivesOptions;
  readonly #endsRecorded: boolean;
  readonly #living = new AddressMap<Life>();
  readonly #cloneFunction: number;
  #packetCount = 0;
  readonly #nextPacket = (): number => ++this.#packetCount;

  /** @param endsRecorded whether every end of an skb was probed: without, its next use is told by what cannot be its own */
  constructor(names: Names, endsRecorded: boolean, options: LivesOptions) {
    this.#endsRecorded = endsRecorded;
    this.#options = options;
    this.functions = new Functions(names);
    this.devices = new Devices(names);
    this.ways = new Ways(this.functions, this.devices);
    this.dropPlaces = new DropPlaces(names);
    this.#cloneFunction = this.functions.add("skb_clone");
  }

  /** Skbs that have not ended. */
  get inFlight(): number {
    return this.#living.size;
  }

  /** The lives in flight may have lost events: a part of the file is missing. */
  markDamaged(): void {
    for (const life of this.#living.values()) life.damaged = true;
  }

  /** Takes the next events. */
  follow(batch: EventBatch): FollowedBatch {
    this.devices.refresh();
    const { length, times } = batch;
    const lives: (Life | undefined)[] = [];
    const packets: (PacketFacts | undefined)[] = [];
    const functions = new Int32Array(length);
    const devices = new Int32Array(length);
    const ended: Life[] = [];
    const matched = new Uint8Array(length);
    const followed = { batch, lives, matched, packets, functions, devices, ended };
    const skbs = batch.wideHalves("skb");
    const addresses = batch.wideHalves("address");
    const kinds = batch.narrow("kind");
    const flags = batch.narrow("flags");
    const namespaces = batch.narrow("netns");
    const ifindexes = batch.narrow("ifindex");
    const { wantedAt, wanted } = this.#options;
    let capture: ((i: number) => Capture) | undefined;
    for (let i = 0; i < length; i++) {
      const low = skbs[2 * i] ?? 0;
      const high = skbs[2 * i + 1] ?? 0;
      const kind = kinds[i] ?? 0;
      const time = times[i] ?? 0;
      const functionId =
        kind === EventKind.CLONE
          ? this.#cloneFunction
          : this.functions.id(addresses[2 * i] ?? 0, addresses[2 * i + 1] ?? 0);
      functions[i] = functionId;
      this.functions.counts[functionId] = (this.functions.counts[functionId] ?? 0) + 1;
      const device = this.devices.id(namespaces[i] ?? 0, ifindexes[i] ?? 0);
      devices[i] = device;
      let life = this.#living.get(low, high);
      if (kind === EventKind.FREE) {
        if (life) {
          this.#note(life, batch, i, time);
          this.#end(life, "freed", ended);
        }
        lives[i] = life;
        matched[i] = life?.matched ? 1 : 0;
        packets[i] = life?.lastPacket;
        continue;
      }
      const first = ((flags[i] ?? 0) & EventFlag.FIRST) !== 0;
      let packet = this.#showsPacket(kind)
        ? packetFacts((capture ??= captures(batch))(i), life?.lastPacket, wanted, this.#nextPacket)
        : undefined;
      if (
        life &&
        (first || kind === EventKind.CLONE || this.#isAnother(life, kind, functionId, device, packet))
      ) {
        this.#end(life, "reused", ended);
        life = undefined;
      }
      if (!life) {
        const [pid, len] = [batch.headNumber(i, "pid"), batch.headNumber(i, "len")];
        life = new Life(++this.count, low, high, time, pid, len, first);
        this.#living.set(low, high, life);
      }
      this.#note(life, batch, i, time);
      if (packet) {
        if (!life.firstPacket || (life.firstPacket.protocol === null && packet.protocol !== null)) {
          life.firstPacket = packet;
          life.len = batch.headNumber(i, "len");
        }
        if (packet.protocol !== null) life.lastPacket = packet;
      } else if (kind === EventKind.CLONE) {
        this.#clone(life, batch, i);
        packet = life.firstPacket;
      }
      if (kind === EventKind.SIGHT) {
        const way = this.ways.step(life.way, functionId, device);
        // The same if it has as many hops as are kept.
        if (this.#options.hopTimes && way !== life.way) (life.hopTimes ??= []).push(time - life.firstNs);
        life.way = way;
        if (life.firstFunction < 0) life.firstFunction = functionId;
        life.lastFunction = functionId;
      } else if (kind === EventKind.TRAVERSAL) this.#traverse(life, batch, i);
      else if (kind === EventKind.DROP) this.#drop(life, batch, i);
      if (!life.matched && (packet?.matches ?? wanted === undefined))
        life.matched =
          !wantedAt ||
          wantedAt({
            pid: batch.headNumber(i, "pid"),
            netns: namespaces[i] ?? 0,
            interface: this.devices.all[device]?.name,
            function: this.functions.names[functionId] ?? "",
          });
      lives[i] = life;
      matched[i] = life.matched ? 1 : 0;
      packets[i] = packet;
      if (kind === EventKind.DROP && !this.#endsRecorded) this.#end(life, "freed", ended);
    }
    return followed;
  }

  /** The recording has ended: the lives in flight, in the order in which they began. */
  finish(): Life[] {
    const open = [...this.#living.values()].toSorted((a, b) => a.id - b.id);
    this.#living.clear();
    for (const { family } of open) if (family) family.open--;
    return open;
  }

  #note(life: Life, batch: EventBatch, i: number, time: number): void {
    life.events++;
    life.lastNs = Math.max(life.lastNs, time);
    const cpu = batch.cpu(i);
    if (cpu === life.lastCpu) return;
    life.lastCpu = cpu;
    life.cpus = this.cpuSets.add(life.cpus, cpu);
  }

  #end(life: Life, end: LifeEnd, ended: Life[]): void {
    life.end = end;
    if (life.family) life.family.open--;
    this.#living.delete(life.low, life.high);
    ended.push(life);
  }

  #showsPacket(kind: number): boolean {
    const { packets } = this.#options;
    if (packets === "all") return kind !== EventKind.CLONE && kind !== EventKind.FREE;
    return packets === "rows" && (kind === EventKind.DROP || kind === EventKind.TRAVERSAL);
  }

  /**
   * Where ends are not all recorded, an address can be another packet's without a word. What cannot be the same packet
   * is taken for another: the same function at the same device again, or another flow.
   */
  #isAnother(
    life: Life,
    kind: number,
    functionId: number,
    device: number,
    packet: PacketFacts | undefined,
  ): boolean {
    if (this.#endsRecorded) return false;
    if (kind === EventKind.SIGHT && this.ways.includes(life.way, functionId, device)) return true;
    const before = life.lastPacket;
    return (
      before !== undefined &&
      packet !== undefined &&
      packet.protocol !== null &&
      (before.protocol !== packet.protocol ||
        before.source !== packet.source ||
        before.destination !== packet.destination ||
        before.icmp_seq !== packet.icmp_seq ||
        before.source_port !== packet.source_port ||
        before.destination_port !== packet.destination_port)
    );
  }

  #clone(life: Life, batch: EventBatch, i: number): void {
    const { low, high } = batch.tailHalves(i, "parent");
    const parent = this.#living.get(low, high);
    life.cloned = true;
    life.parent = parent?.id;
    if (parent) {
      parent.family ??= { open: 1 };
      life.family = parent.family;
      life.family.open++;
    }
    // A clone shares its parent's headers, which an event of its own has yet to show.
    life.firstPacket = parent?.lastPacket;
    life.lastPacket = parent?.lastPacket;
    if (parent?.matched) life.matched = true;
  }

  #traverse(life: Life, batch: EventBatch, i: number): void {
    const hook = hookName(batch.tailNumber(i, "hook"));
    const verdict = verdictName(batch.tailNumber(i, "verdict"));
    const pass = `${batch.tailText(i, "table")}.${hook}.${verdict}`;
    life.verdicts = life.verdicts === "" ? pass : `${life.verdicts} ${pass}`;
  }

  #drop(life: Life, batch: EventBatch, i: number): void {
    life.drop = this.dropPlaces.of(batch, i);
  }
}
