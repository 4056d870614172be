// From the recording's clock to the time of day.
import type { ClockSample } from "@skbtracer/format";

/** Turns times of a recording into wall-clock times, by the last pair of clocks before them in the file. */
export class WallClock {
  readonly #clocks: readonly ClockSample[];
  readonly #startNs: bigint;

  /** @param clocks of the reader, which grow while reading @param startNs CLOCK_MONOTONIC at the recording's zero */
  constructor(clocks: readonly ClockSample[], startNs: bigint) {
    this.#clocks = clocks;
    this.#startNs = startNs;
  }

  /** CLOCK_REALTIME in ns since 1970; undefined if the recording has no pair of clocks. */
  realtimeNs(timeNs: number): bigint | undefined {
    const clock = this.#clocks.at(-1);
    if (!clock) return undefined;
    return this.#startNs + BigInt(Math.round(timeNs)) - clock.monotonicNs + clock.realtimeNs;
  }
}
