// The same recording given twice would be counted twice.
import { UsageError } from "../options/usage-error.js";
import type { Rows } from "./sources.js";

/** Remembers which file each recording came from. */
export class OnlyOnce {
  readonly #files = new Map<string, number>();
  readonly #names: string[] = [];

  /** What is checked from here on is of this file. */
  nextFile(name: string): void {
    this.#names.push(name);
  }

  /** @throws UsageError if a recording was in a file before */
  check(hosts: Rows["hosts"]): void {
    const now = this.#names.length - 1;
    for (const recording of hosts.keys()) {
      const before = this.#files.get(recording);
      if (before === undefined) this.#files.set(recording, now);
      else if (before !== now)
        throw new UsageError(
          `${this.#names[now]}: recording ${recording} is in ${this.#names[before]} already: give it once`,
        );
    }
  }
}
