// Where and why packets were dropped, in words: found out once for each place and reason.
import { AddressMap, type EventBatch } from "@skbtracer/format";
import type { Names } from "../event/names.js";
import { type BenignRule, benignRule } from "./benign.js";

/** A place and a reason. */
export interface DropPlace {
  /** Null where the kernel gives no reasons. */
  readonly reason: string | null;
  /** `nf_hook_slow+0x9f [module]`. */
  readonly location: string;
  /** `nf_hook_slow`. */
  readonly function: string;
  /** By which it is harmless. */
  readonly rule: BenignRule | undefined;
}

const REASON_ROOM = 2 ** 32;

/** The places of a recording. */
export class DropPlaces {
  readonly #names: Names;
  readonly #places = new AddressMap<Map<number, DropPlace>>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** Of event `i`, a drop. */
  of(batch: EventBatch, i: number): DropPlace {
    const { low, high } = batch.tailHalves(i, "location");
    const reason = batch.tailNumber(i, "has_reason") ? batch.tailNumber(i, "reason") : REASON_ROOM;
    let places = this.#places.get(low, high);
    if (!places) {
      places = new Map();
      this.#places.set(low, high, places);
    }
    let place = places.get(reason);
    if (!place) {
      place = this.#describe((BigInt(high) << 32n) | BigInt(low), reason);
      // A name may still come.
      if (!place.location.startsWith("0x")) places.set(reason, place);
    }
    return place;
  }

  #describe(address: bigint, reasonNumber: number): DropPlace {
    const location = this.#names.code(address);
    const reason = reasonNumber === REASON_ROOM ? null : this.#names.dropReason(reasonNumber);
    const name = functionOf(location);
    return { reason, location, function: name, rule: benignRule(name, reason) };
  }
}

/** `icmp_rcv` of `icmp_rcv.part.0+0x1b1 [module]`. */
export function functionOf(location: string): string {
  return location.replace(/[+ ].*$/, "").replace(/(\.(?:isra|constprop|part|cold)(\.\d+)?)+$/, "");
}
