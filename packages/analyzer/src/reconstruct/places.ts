// Numbers for what events refer to again and again (functions, devices, ways through both), so that following a packet
// compares and counts numbers. What is kept grows with the variety of a recording, not with its length.
import { AddressMap } from "@skbtracer/format";
import type { Names } from "../event/names.js";
import { type Stage, stageOf } from "./stages.js";

/** The functions of a recording. */
export class Functions {
  readonly names: string[] = [];
  readonly stages: Stage[] = [];
  /** Events at each. */
  readonly counts: number[] = [];
  /** Whether the returns of each are recorded. */
  readonly returns: boolean[] = [];
  readonly #names: Names;
  readonly #ids = new AddressMap<number>();
  readonly #returnIds = new AddressMap<number>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Number of the function at an address, given as halves. */
  id(low: number, high: number): number {
    let id = this.#ids.get(low, high);
    if (id === undefined) {
      id = this.add(this.#names.function((BigInt(high) << 32n) | BigInt(low)));
      this.#ids.set(low, high, id);
    }
    return id;
  }

  /** Number of the returns from the function at an address, which have a name of their own. */
  returnId(low: number, high: number): number {
    let id = this.#returnIds.get(low, high);
    if (id === undefined) {
      id = this.add(this.#names.return((BigInt(high) << 32n) | BigInt(low)));
      this.#returnIds.set(low, high, id);
    }
    return id;
  }

  /** Number of a name. */
  add(name: string): number {
    const known = this.names.indexOf(name);
    if (known >= 0) return known;
    this.stages.push(stageOf(name));
    this.counts.push(0);
    this.returns.push(this.#names.returns(name));
    return this.names.push(name) - 1;
  }
}

/** A device where packets were seen; `name` undefined: none, or not known. */
export interface Device {
  readonly netns: number;
  readonly ifindex: number;
  readonly name: string | undefined;
}

/** The devices of a recording; one that was renamed is two. */
export class Devices {
  readonly all: Device[] = [];
  readonly #names: Names;
  readonly #ids = new Map<string, number>();
  /** By ifindex and namespace, until names may have changed. */
  readonly #current = new AddressMap<number>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Devices may have been renamed since. */
  refresh(): void {
    this.#current.clear();
  }

  id(netns: number, ifindex: number): number {
    return this.#current.get(ifindex, netns) ?? this.#find(netns, ifindex);
  }

  #find(netns: number, ifindex: number): number {
    const name = this.#names.device(netns, ifindex);
    const key = `${netns}/${ifindex}/${name ?? ""}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.all.push({ netns, ifindex, name }) - 1;
      this.#ids.set(key, id);
    }
    this.#current.set(ifindex, netns, id);
    return id;
  }
}

/** A way: what packets that took it have in common. */
export interface Way {
  readonly hops: number;
  /** Separated by spaces, as are the others. */
  readonly functions: string;
  readonly interfaces: string;
  readonly namespaces: string;
}

interface Step {
  readonly parent: number;
  readonly functionId: number;
  readonly deviceId: number;
  readonly hops: number;
  way: Way | undefined;
  /** The step that last came next: most packets take the way of those before them. */
  next: { readonly functionId: number; readonly deviceId: number; readonly way: number } | undefined;
}

/** No path has more: what is seen more often is one whose end was missed again and again. */
export const HOPS_MAX = 1000;

const FUNCTION_ROOM = 2 ** 14;
const DEVICE_ROOM = 2 ** 16;

/** All ways that packets took, as a tree of steps. Way 0 is that of no step. */
export class Ways {
  readonly #functions: Functions;
  readonly #devices: Devices;
  readonly #steps: Step[] = [newStep(-1, -1, -1, 0)];
  readonly #children = new Map<number, number>();

  constructor(functions: Functions, devices: Devices) {
    this.#functions = functions;
    this.#devices = devices;
  }

  /** The way `way` and then a function, at a device. */
  step(way: number, functionId: number, deviceId: number): number {
    const from = this.#steps[way];
    const last = from?.next;
    if (last && last.functionId === functionId && last.deviceId === deviceId) return last.way;
    const next = this.#child(way, functionId, deviceId);
    if (from) from.next = { functionId, deviceId, way: next };
    return next;
  }

  #child(way: number, functionId: number, deviceId: number): number {
    // Exact as long as there are fewer than 2^23 ways.
    const key = (way * FUNCTION_ROOM + functionId) * DEVICE_ROOM + deviceId;
    let next = this.#children.get(key);
    if (next === undefined) {
      const hops = this.hops(way) + 1;
      if (hops > HOPS_MAX || this.#steps.length >= 2 ** 23) return way;
      next = this.#steps.push(newStep(way, functionId, deviceId, hops)) - 1;
      this.#children.set(key, next);
    }
    return next;
  }

  hops(way: number): number {
    return this.#steps[way]?.hops ?? 0;
  }

  /** Whether a step of the way is at this function and device already. */
  includes(way: number, functionId: number, deviceId: number): boolean {
    for (let step = this.#steps[way]; step && step.parent >= 0; step = this.#steps[step.parent])
      if (step.functionId === functionId && step.deviceId === deviceId) return true;
    return false;
  }

  /** The way in words. */
  describe(way: number): Way {
    const step = this.#steps[way];
    if (!step) return { hops: 0, functions: "", interfaces: "", namespaces: "" };
    return (step.way ??= this.#describe(way));
  }

  #describe(way: number): Way {
    const steps: Step[] = [];
    for (let step = this.#steps[way]; step && step.parent >= 0; step = this.#steps[step.parent])
      steps.unshift(step);
    const devices = steps.map(({ deviceId }) => this.#devices.all[deviceId]);
    return {
      hops: steps.length,
      functions: steps.map(({ functionId }) => this.#functions.names[functionId] ?? "?").join(" "),
      interfaces: changes(devices.map((device) => deviceName(device))),
      namespaces: changes(devices.map((device) => (device?.netns ? String(device.netns) : ""))),
    };
  }
}

function newStep(parent: number, functionId: number, deviceId: number, hops: number): Step {
  return { parent, functionId, deviceId, hops, way: undefined, next: undefined };
}

/** The names of devices may be anything but a space or slash (dev_valid_name, net/core/dev.c). */
function deviceName(device: Device | undefined): string {
  if (!device || device.ifindex === 0) return "";
  return device.name ?? `ifindex${device.ifindex}`;
}

/** The texts without empty ones and without repeating the one before. */
function changes(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== "")
    .filter((text, i, all) => text !== all[i - 1])
    .join(" ");
}
