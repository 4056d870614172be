// A map from kernel addresses, given as halves of 32 bits, to objects: open addressing, so that finding makes no garbage.

const START_CAPACITY = 1024;

/** Values by address; undefined is none. */
export class AddressMap<T> {
  size = 0;
  #mask = START_CAPACITY - 1;
  #lows = new Int32Array(START_CAPACITY);
  #highs = new Int32Array(START_CAPACITY);
  /** Undefined where nothing is kept. */
  #values: (T | undefined)[] = Array.from({ length: START_CAPACITY });

  get(low: number, high: number): T | undefined {
    return this.#values[this.#find(low | 0, high | 0)];
  }

  set(low: number, high: number, value: T): void {
    if (this.size * 2 > this.#mask) this.#grow();
    const at = this.#find(low | 0, high | 0);
    if (this.#values[at] === undefined) this.size++;
    this.#put(at, low, high, value);
  }

  /** Closes the gap, so that no marker of what was removed stays behind. */
  delete(low: number, high: number): void {
    const values = this.#values;
    let gap = this.#find(low | 0, high | 0);
    if (values[gap] === undefined) return;
    this.size--;
    for (let at = (gap + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const moved = values[at];
      if (moved === undefined) break;
      const movedLow = this.#lows[at] ?? 0;
      const movedHigh = this.#highs[at] ?? 0;
      const home = this.#home(movedLow, movedHigh);
      // Stays where it is if its home lies behind the gap, round the end of the array or not.
      if (((at - home) & this.#mask) < ((at - gap) & this.#mask)) continue;
      this.#put(gap, movedLow, movedHigh, moved);
      gap = at;
    }
    values[gap] = undefined;
  }

  *values(): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  clear(): void {
    this.#values.fill(undefined);
    this.size = 0;
  }

  #put(at: number, low: number, high: number, value: T): void {
    this.#lows[at] = low;
    this.#highs[at] = high;
    this.#values[at] = value;
  }

  /** Place of the address, or the free one where it would go. */
  #find(low: number, high: number): number {
    const lows = this.#lows;
    const highs = this.#highs;
    const values = this.#values;
    let at = this.#home(low, high);
    while (values[at] !== undefined && (lows[at] !== low || highs[at] !== high)) at = (at + 1) & this.#mask;
    return at;
  }

  /** sk_buffs lie on multiples of their size: the lowest bits tell little. */
  #home(low: number, high: number): number {
    const mixed = Math.imul((low >>> 5) ^ Math.imul(high, 0x85eb_ca6b) ^ low, 0x9e37_79b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const lows = this.#lows;
    const highs = this.#highs;
    const values = this.#values;
    const capacity = 2 * values.length;
    this.#mask = capacity - 1;
    this.#lows = new Int32Array(capacity);
    this.#highs = new Int32Array(capacity);
    this.#values = Array.from({ length: capacity });
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const low = lows[i] ?? 0;
      const high = highs[i] ?? 0;
      this.#put(this.#find(low, high), low, high, value);
    }
  }
}
