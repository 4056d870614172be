// Quantiles of many numbers in little memory: exact for the first ones, then to within one percent.

const EXACT_MAX = 65_536;

/** Buckets whose borders lie this factor apart: a value is off by less than 1 %. */
const LOG_STEP = Math.log(1.02);

/** Takes numbers from 0 and gives their quantiles. */
export class Quantiles {
  count = 0;
  #exact: number[] = [];
  #isSorted = true;
  readonly #buckets = new Map<number, number>();

  add(value: number): void {
    this.count++;
    if (this.#buckets.size === 0 && this.#exact.length < EXACT_MAX) {
      this.#exact.push(value);
      this.#isSorted = false;
      return;
    }
    if (this.#exact.length > 0) {
      for (const one of this.#exact) this.#put(one);
      this.#exact = [];
    }
    this.#put(value);
  }

  /** Takes all that another has taken. */
  addAll(other: Quantiles): void {
    for (const one of other.#exact) this.add(one);
    if (other.#buckets.size === 0) return;
    for (const one of this.#exact) this.#put(one);
    this.#exact = [];
    for (const [bucket, count] of other.#buckets) {
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
      this.count += count;
    }
  }

  /** The value that a share of all are at most: 0.5 gives the median. 0 without values. */
  at(share: number): number {
    const rank = Math.max(0, Math.ceil(share * this.count) - 1);
    if (this.#buckets.size === 0) {
      // By their numbers, without a function to compare them
      if (!this.#isSorted) this.#exact = [...Float64Array.from(this.#exact).toSorted()];
      this.#isSorted = true;
      return this.#exact[rank] ?? 0;
    }
    let seen = 0;
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      seen += count;
      if (seen > rank) return bucket < 0 ? 0 : Math.exp((bucket + 0.5) * LOG_STEP);
    }
    return 0;
  }

  #put(value: number): void {
    const bucket = value < 1 ? -1 : Math.floor(Math.log(value) / LOG_STEP);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }
}
