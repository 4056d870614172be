// Lives that ended inside functions whose returns are recorded: their last events are still to come.
import { AddressMap } from "@skbtracer/format";
import type { Life } from "./life.js";

/** A return that has not come after so long, in ns, was missed. */
const WAIT_NS = 1_000_000_000;

/** Holds them until their returns have come. */
export class Returning {
  readonly #lives = new AddressMap<Life>();

  get size(): number {
    return this.#lives.size;
  }

  /** Takes a life that has ended. Returns the one of the same address that waited, if any: it waits no longer. */
  hold(life: Life): Life | undefined {
    const before = this.#lives.get(life.low, life.high);
    this.#lives.set(life.low, life.high, life);
    return before;
  }

  /** The life that a return is of, if the function was entered with it at `entryNs`. */
  find(low: number, high: number, entryNs: number): Life | undefined {
    const life = this.#lives.get(low, high);
    return life && life.firstNs <= entryNs ? life : undefined;
  }

  release(life: Life): void {
    this.#lives.delete(life.low, life.high);
  }

  /** Those that have waited too long, and with `nowNs` infinite all. They wait no longer. */
  expire(nowNs: number): Life[] {
    if (this.size === 0) return [];
    const expired = [...this.#lives.values()].filter(({ lastNs }) => nowNs - lastNs > WAIT_NS);
    for (const life of expired) this.release(life);
    return expired;
  }
}
