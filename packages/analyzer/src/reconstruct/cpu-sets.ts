// Sets of CPUs by number, as most packets are seen on the same few: adding one is a look-up.

const CPU_ROOM = 2 ** 16;

/** The sets of a recording. Number 0 is the empty one. */
export class CpuSets {
  readonly #sets: (readonly number[])[] = [[]];
  readonly #with = new Map<number, number>();
  readonly #ids = new Map<string, number>([["", 0]]);

  /** The set and a CPU more; CPUs stand in the order in which they were added. */
  add(set: number, cpu: number): number {
    const key = set * CPU_ROOM + cpu;
    let next = this.#with.get(key);
    if (next === undefined) {
      const before = this.cpus(set);
      const cpus = before.includes(cpu) ? before : [...before, cpu];
      const text = cpus.join(" ");
      next = this.#ids.get(text) ?? this.#sets.push(cpus) - 1;
      this.#ids.set(text, next);
      this.#with.set(key, next);
    }
    return next;
  }

  cpus(set: number): readonly number[] {
    return this.#sets[set] ?? [];
  }
}
