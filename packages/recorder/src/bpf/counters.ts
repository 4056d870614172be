// The program's counters, read from memory that it shares with us: no system call, so that every drain can ask.
import { COUNTERS_LAYOUT } from "./layout.generated.js";

/** Names of struct skbt_counters, bpf/event.h. */
export type CounterName =
  | "attempts"
  | "failed"
  | "untracked"
  | "unpaired"
  | "unstacked"
  | "unnamed"
  | "faults"
  | "reused"
  | "undecided";

const NAMES = COUNTERS_LAYOUT.fields.map(({ name }) => name as CounterName);

/** The counters of all CPUs. */
export class Counters {
  readonly #values: BigUint64Array;
  readonly #cpus: number;

  /** @param memory the program's `counters` @param cpus possible CPUs */
  constructor(memory: ArrayBuffer, cpus: number) {
    this.#values = new BigUint64Array(memory);
    this.#cpus = Math.min(cpus, memory.byteLength / COUNTERS_LAYOUT.size);
  }

  /** A counter of one CPU. */
  of(cpu: number, name: CounterName): bigint {
    const field = COUNTERS_LAYOUT.fields.find((candidate) => candidate.name === name);
    const index = (cpu * COUNTERS_LAYOUT.size + (field?.offset ?? 0)) / 8;
    return cpu < this.#cpus ? Atomics.load(this.#values, index) : 0n;
  }

  /** A counter of all CPUs together. */
  sum(name: CounterName): number {
    let sum = 0n;
    for (let cpu = 0; cpu < this.#cpus; cpu++) sum += this.of(cpu, name);
    return Number(sum);
  }

  /** All counters, summed over the CPUs. */
  sums(): Record<CounterName, number> {
    return Object.fromEntries(NAMES.map((name) => [name, this.sum(name)])) as Record<CounterName, number>;
  }
}
