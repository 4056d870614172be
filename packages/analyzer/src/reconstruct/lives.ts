// Tells the lives of skbs apart and follows each: the heart of the reconstruction. It takes events in the order of time,
// and holds what is in flight.
import { AddressMap, CloneHow, type EventBatch, EventFlag, EventKind } from "@skbtracer/format";
import type { Capture, HeaderPlace } from "../dissect/capture.js";
import type { Packet } from "../dissect/packet-fields.js";
import { Captures } from "../event/captures.js";
import { KnownPasses } from "../event/known-passes.js";
import type { Names } from "../event/names.js";
import { ruleStep } from "../event/table-pass.js";
import { bornOf, entryNs, returnValue } from "../event/trace-event.js";
import { Connections, translationOf } from "./connections.js";
import { CpuSets } from "./cpu-sets.js";
import { DropPlaces } from "./drop-places.js";
import { type Decision, Life, type LifeEnd } from "./life.js";
import { packetFacts, type PacketFacts, showsSame } from "./packet-facts.js";
import { Devices, Functions, Ways } from "./places.js";
import { Returning } from "./returning.js";

/** What to find out beside the lives themselves; each costs time. */
export interface LivesOptions {
  /**
   * The packets' columns: of all events (paths know their packet then), of drops, or of none.
   */
  readonly packets: "all" | "drops" | "none";
  /** The time of each sight. */
  readonly hopTimes: boolean;
  /** Says which packets are wanted; needs `packets`. Without, all are. */
  readonly wanted?: ((packet: Packet) => boolean) | undefined;
  /** Says of the bytes of a packet which the above wants whether it is; needs `packets`. */
  readonly wantedFrame?: ((capture: Capture, skbLength: number) => boolean) | undefined;
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
  /** What decided passes through nftables, by event, where rules were traced. */
  readonly decisions: Map<number, Decision>;
  readonly functions: Int32Array;
  readonly devices: Int32Array;
  /** What functions returned, by number of the event. */
  readonly returnValues: ReadonlyMap<number, string>;
  /** Lives that ended in this batch, in order. */
  readonly ended: Life[];
}

const KINDS = 2 ** 8;

/** 1 for kinds that tell nothing of the packet. */
const WITHOUT_PACKET = new Uint8Array(KINDS);
for (const kind of [
  EventKind.CLONE,
  EventKind.FREE,
  EventKind.HEAD,
  EventKind.MERGE,
  EventKind.HOOK,
  EventKind.RULE,
  EventKind.CONNTRACK,
])
  WITHOUT_PACKET[kind] = 1;

function showsPacket(kind: number, { packets }: LivesOptions): boolean {
  if (packets === "all") return WITHOUT_PACKET[kind] === 0;
  return packets === "drops" && kind === EventKind.DROP;
}

/** Follows skbs. */
export class Lives {
  readonly functions: Functions;
  readonly devices: Devices;
  readonly ways: Ways;
  readonly dropPlaces: DropPlaces;
  readonly passes: KnownPasses;
  readonly cpuSets: CpuSets = new CpuSets();
  /** Lives so far. */
  count = 0;
  readonly #options: LivesOptions;
  readonly #names: Names;
  readonly #endsRecorded: boolean;
  readonly #living = new AddressMap<Life>();
  readonly #connections = new Connections();
  readonly #returning = new Returning();
  #mayLackNames = false;
  readonly #cloneFunction: number;
  /** By kind, 1 if such an event's packet is looked at. */
  readonly #showsPacket: Uint8Array;
  #packetCount = 0;
  /** Of the event that is followed now. */
  readonly #headers: HeaderPlace = {
    view: new DataView(new ArrayBuffer(0)),
    network: -1,
    end: 0,
    protocol: 0,
  };

  /** @param endsRecorded whether every end of an skb was probed: without, its next use is told by what cannot be its own */
  constructor(names: Names, endsRecorded: boolean, options: LivesOptions) {
    this.#names = names;
    this.#endsRecorded = endsRecorded;
    this.#options = options;
    this.functions = new Functions(names);
    this.devices = new Devices(names);
    this.ways = new Ways(this.functions, this.devices);
    this.dropPlaces = new DropPlaces(names);
    this.passes = new KnownPasses(names);
    this.#showsPacket = Uint8Array.from({ length: KINDS }, (_, kind) => Number(showsPacket(kind, options)));
    this.#cloneFunction = this.functions.add("skb_clone");
  }

  /** Skbs that have not ended. */
  get inFlight(): number {
    return this.#living.size + this.#returning.size;
  }

  /** The lives in flight may have lost events, and later ones names: a part of the file is missing. */
  markDamaged(): void {
    this.#mayLackNames = true;
    for (const life of this.#living.values()) life.damaged = true;
  }

  /** Takes the next events. */
  follow(batch: EventBatch): FollowedBatch {
    this.devices.refresh();
    const { length, times } = batch;
    const lives: (Life | undefined)[] = [];
    const packets: (PacketFacts | undefined)[] = [];
    // Room for all at once.
    lives.length = length;
    packets.length = length;
    const functions = new Int32Array(length);
    const devices = new Int32Array(length);
    const ended: Life[] = [];
    const matched = new Uint8Array(length);
    const decisions = new Map<number, Decision>();
    const returnValues = new Map<number, string>();
    const followed = {
      batch,
      lives,
      matched,
      packets,
      decisions,
      functions,
      devices,
      returnValues,
      ended,
    };
    const skbs = batch.wideHalves("skb");
    const addresses = batch.wideHalves("address");
    const kinds = batch.narrow("kind");
    const flags = batch.narrow("flags");
    const namespaces = batch.narrow("netns");
    const ifindexes = batch.narrow("ifindex");
    const pids = batch.narrow("pid");
    const lens = batch.narrow("len");
    const { cpus } = batch;
    const { wantedAt, wanted, wantedFrame } = this.#options;
    const captures = this.#options.packets === "none" ? undefined : new Captures(batch);
    for (let i = 0; i < length; i++) {
      const low = skbs[2 * i] ?? 0;
      const high = skbs[2 * i + 1] ?? 0;
      const kind = kinds[i] ?? 0;
      const time = times[i] ?? 0;
      const addressLow = addresses[2 * i] ?? 0;
      const addressHigh = addresses[2 * i + 1] ?? 0;
      // The first recordings knew clones by skb_clone only, and did not say so.
      const functionId =
        addressLow === 0 && addressHigh === 0 && kind === EventKind.CLONE
          ? this.#cloneFunction
          : kind === EventKind.RETURN
            ? this.functions.returnId(addressLow, addressHigh)
            : this.functions.id(addressLow, addressHigh);
      functions[i] = functionId;
      this.functions.counts[functionId] = (this.functions.counts[functionId] ?? 0) + 1;
      const device = this.devices.id(namespaces[i] ?? 0, ifindexes[i] ?? 0);
      devices[i] = device;
      // In a slice, of a packet that was left out.
      if (kind === EventKind.CONNTRACK && low === 0 && high === 0) {
        this.#connections.add(batch, i);
        continue;
      }
      let life = this.#living.get(low, high);
      if (kind === EventKind.FREE) {
        if (life) {
          this.#note(life, cpus[i] ?? 0, time);
          this.#end(life, "freed", ended);
        }
        lives[i] = life;
        matched[i] = life?.matched ? 1 : 0;
        packets[i] = life?.lastPacket;
        continue;
      }
      if (kind === EventKind.RETURN) {
        life = this.#return(life, followed, i);
        returnValues.set(i, returnValue(batch, i, this.#names));
        lives[i] = life;
        matched[i] = life?.matched ? 1 : 0;
        packets[i] = life?.lastPacket;
        continue;
      }
      const first = ((flags[i] ?? 0) & EventFlag.FIRST) !== 0 && !(life && time <= life.hookUntilNs);
      let packet =
        captures && this.#showsPacket[kind] ? this.#packet(captures, i, life?.lastPacket) : undefined;
      if (
        life &&
        (first || this.#isNewChild(batch, i, kind) || this.#isAnother(life, kind, functionId, device, packet))
      ) {
        this.#end(life, "reused", ended);
        life = undefined;
      }
      if (!life) {
        life = new Life(++this.count, low, high, time, pids[i] ?? 0, lens[i] ?? 0, first);
        this.#living.set(low, high, life);
      }
      this.#note(life, cpus[i] ?? 0, time);
      // A pass that its packet did not outlive shows nothing of it.
      if (kind === EventKind.TRAVERSAL && packet?.protocol === null && batch.captureLength(i) === 0)
        packet = life.lastPacket ?? packet;
      if (packet) {
        if (
          !life.firstPacket ||
          ((life.hasParentsPacket || life.firstPacket.protocol === null) && packet.protocol !== null)
        ) {
          life.firstPacket = packet;
          life.hasParentsPacket = false;
          life.len = lens[i] ?? 0;
        } else if (life.hasParentsLen) life.len = lens[i] ?? 0;
        life.hasParentsLen = false;
        if (packet.protocol !== null) life.lastPacket = packet;
      } else if (kind === EventKind.CLONE) {
        this.#clone(life, batch, i);
        packet = life.firstPacket;
      } else if (WITHOUT_PACKET[kind]) packet = life.lastPacket;
      if (kind === EventKind.SIGHT) {
        const way = this.ways.step(life.way, functionId, device);
        // The same if it has as many hops as are kept.
        if (this.#options.hopTimes && way !== life.way) (life.hopTimes ??= []).push(time - life.firstNs);
        life.way = way;
        if (life.firstFunction < 0) life.firstFunction = functionId;
        life.lastFunction = functionId;
        if (this.functions.returns[functionId]) life.calls++;
      } else if (kind === EventKind.TRAVERSAL || kind === EventKind.HOOK)
        this.#traverse(life, batch, i, decisions);
      else if (kind === EventKind.RULE) this.#decide(life, batch, i);
      else if (kind === EventKind.CONNTRACK) this.#connections.add(batch, i);
      else if (kind === EventKind.DROP) this.#drop(life, batch, i);
      else if (kind === EventKind.MERGE) life.mergedInto = this.#lifeAt(batch, i, "into")?.id;
      if (!life.matched && (packet?.matches ?? wanted === undefined))
        life.matched =
          (!wantedAt ||
            wantedAt({
              pid: pids[i] ?? 0,
              netns: namespaces[i] ?? 0,
              interface: this.devices.all[device]?.name,
              function: this.functions.names[functionId] ?? "",
            })) &&
          (!wantedFrame ||
            (captures !== undefined &&
              this.#showsPacket[kind] === 1 &&
              wantedFrame(captures.of(i), lens[i] ?? 0)));
      lives[i] = life;
      matched[i] = life.matched ? 1 : 0;
      packets[i] = packet;
      if (kind === EventKind.DROP && !this.#endsRecorded) this.#end(life, "freed", ended);
    }
    for (const life of this.#returning.expire(times[length - 1] ?? 0)) this.#finish(life, ended);
    return followed;
  }

  /** The recording has ended: the lives in flight, in the order in which they began. */
  finish(): Life[] {
    const waiting = this.#returning.expire(Number.POSITIVE_INFINITY);
    const open = [...this.#living.values(), ...waiting].toSorted((a, b) => a.id - b.id);
    this.#living.clear();
    for (const life of open) {
      life.endHook();
      if (life.family) life.family.open--;
    }
    return open;
  }

  #note(life: Life, cpu: number, time: number): void {
    life.events++;
    if (life.openHook && time > life.hookUntilNs) life.endHook();
    if (time > life.lastNs) life.lastNs = time;
    if (cpu === life.lastCpu) return;
    life.lastCpu = cpu;
    life.cpus = this.cpuSets.add(life.cpus, cpu);
  }

  #end(life: Life, end: LifeEnd, ended: Life[]): void {
    life.end = end;
    life.endHook();
    this.#living.delete(life.low, life.high);
    const done = life.calls > 0 ? this.#returning.hold(life) : life;
    if (done) this.#finish(done, ended);
  }

  #finish(life: Life, ended: Life[]): void {
    if (life.family) life.family.open--;
    ended.push(life);
  }

  /** The life that a return is of: the skb can have ended since the call, and its address be another's. */
  #return(living: Life | undefined, { batch, ended }: FollowedBatch, i: number): Life | undefined {
    const enteredNs = entryNs(batch, i);
    if (living && living.firstNs <= enteredNs) {
      living.calls = Math.max(0, living.calls - 1);
      this.#note(living, batch.cpu(i), batch.times[i] ?? 0);
      return living;
    }
    const skbs = batch.wideHalves("skb");
    const life = this.#returning.find(skbs[2 * i] ?? 0, skbs[2 * i + 1] ?? 0, enteredNs);
    if (!life) return undefined;
    life.events++;
    life.calls--;
    if (life.calls > 0) return life;
    this.#returning.release(life);
    this.#finish(life, ended);
    return life;
  }

  /** What an event shows of its packet; `before`, if its skb has the same headers as when it was last seen. */
  #packet(captures: Captures, i: number, before: PacketFacts | undefined): PacketFacts {
    const headers = this.#headers;
    captures.locate(i, headers);
    if (before && showsSame(headers, before)) return before;
    return packetFacts(captures.of(i), headers, this.#options.wanted, ++this.#packetCount);
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

  /**
   * What is made from another is new at its address. Only a segment may have been made by a clone within the same call:
   * then its first event was that one.
   */
  #isNewChild(batch: EventBatch, i: number, kind: number): boolean {
    return kind === EventKind.CLONE && batch.tailNumber(i, "how") !== CloneHow.SEGMENT;
  }

  #lifeAt(batch: EventBatch, i: number, field: string): Life | undefined {
    const { low, high } = batch.tailHalves(i, field);
    return this.#living.get(low, high);
  }

  #clone(life: Life, batch: EventBatch, i: number): void {
    const parent = this.#lifeAt(batch, i, "parent");
    life.born = bornOf(batch, i);
    life.parent = parent?.id;
    if (parent && parent !== life) {
      parent.family ??= { root: parent.id, open: 1 };
      if (life.family) life.family.open--;
      life.family = parent.family;
      life.family.open++;
    }
    // It has its parent's headers, more or less, until an event of its own shows them.
    life.firstPacket = parent?.lastPacket;
    life.lastPacket = parent?.lastPacket;
    life.hasParentsPacket = life.born !== "cloned";
    // A segment or fragment is a part, and how long it is, is not known yet.
    life.hasParentsLen = parent !== undefined && (life.born === "cloned" || life.born === "copied");
    if (parent && life.hasParentsLen) life.len = parent.len;
    if (parent?.matched) life.matched = true;
  }

  #traverse(life: Life, batch: EventBatch, i: number, decisions: Map<number, Decision>): void {
    const { pass, text, hook, state } = this.passes.of(batch, i);
    if (pass.engine === "hooks") {
      life.endHook();
      life.hookUntilNs = (batch.times[i] ?? 0) + batch.tailNumber(i, "duration_ns");
      life.openHook = { hook, text };
      return;
    }
    if (pass.table.startsWith("table 0x")) this.#lacksName(life);
    life.addVerdict(text);
    if (pass.verdict !== "ACCEPT" && life.openHook?.hook === hook) life.openHook = undefined;
    if (life.decision) {
      if (life.decision.chain === batch.tailWide(i, "chain")) decisions.set(i, life.decision);
      life.decision = undefined;
    }
    if (!state) return;
    if (life.lastConntrack !== state.name) {
      life.lastConntrack = state.name;
      life.conntrack = life.conntrack === "" ? state.name : `${life.conntrack} ${state.name}`;
    }
    const connection = this.#connections.get(batch.tailWide(i, "conntrack"));
    if (!connection) return;
    life.lastTranslation = translationOf(connection, state.isReply);
    life.firstTranslation ??= life.lastTranslation;
  }

  /** The last rule, or policy, before a pass ends is what decided it. */
  #decide(life: Life, batch: EventBatch, i: number): void {
    const { isReturn, handle, tableFamily, table } = ruleStep(batch, i, this.#names);
    if (isReturn) return;
    const netns = batch.headNumber(i, "netns");
    const text = handle === undefined ? "policy" : this.#names.rule(netns, tableFamily, table, handle)?.text;
    life.decision = { chain: batch.tailWide(i, "chain"), handle, text };
  }

  /** What became of it may not be told by what is left. */
  #lacksName(life: Life): void {
    if (this.#mayLackNames) life.damaged = true;
  }

  #drop(life: Life, batch: EventBatch, i: number): void {
    life.drop = this.dropPlaces.of(batch, i);
    if (life.drop.location.startsWith("0x")) this.#lacksName(life);
  }
}
