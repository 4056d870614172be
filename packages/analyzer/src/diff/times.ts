// Times as a distribution: a sample of fixed size, of any number of paths, the same for the same input.

/** Times that are kept: enough to tell distributions apart that differ at all. */
const KEPT_MAX = 2048;

/** Takes times in ns. */
export class Times {
  count = 0;
  #kept: number[] = [];
  /** One of so many is kept. */
  #step = 1;

  add(ns: number): void {
    if (this.count++ % this.#step !== 0) return;
    this.#kept.push(ns);
    if (this.#kept.length < KEPT_MAX) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#step *= 2;
  }

  addAll(other: Times): void {
    for (const ns of other.#kept) this.add(ns);
    this.count += other.count - other.#kept.length;
  }

  /** The value that a share of all are at most. */
  at(share: number): number {
    const sorted = this.sorted();
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  }

  sorted(): number[] {
    return this.#kept.toSorted((a, b) => a - b);
  }
}

/** Kolmogorov and Smirnov's distance: the most by which the shares of values below some value differ, 0 to 1. */
export function distance(a: Times, b: Times): number {
  const [left, right] = [a.sorted(), b.sorted()];
  let [i, j, most] = [0, 0, 0];
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i] ?? 0, right[j] ?? 0);
    while (i < left.length && (left[i] ?? 0) <= value) i++;
    while (j < right.length && (right[j] ?? 0) <= value) j++;
    most = Math.max(most, Math.abs(i / left.length - j / right.length));
  }
  return most;
}

/** The distance that samples of one distribution pass in one of a thousand cases. */
export function chanceDistance(a: Times, b: Times): number {
  const [n, m] = [a.sorted().length, b.sorted().length];
  return 1.95 * Math.sqrt((n + m) / (n * m));
}
