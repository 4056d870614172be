// A map from kernel addresses, given as halves of 32 bits, to objects: open addressing, so that finding makes no garbage.

const START_CAPACITY = 1024;

/** Bits of an address that are kept. What a host's memory is mapped to differs in these: it has less than 2^53 bytes. */
const HIGH_BITS = 0x1f_ffff;

/** An address as a number that is exact and its own: the lower 53 bits. */
export function addressKey(low: number, high: number): number {
  return (high & HIGH_BITS) * 0x1_0000_0000 + low;
}

/** Objects by address. */
export class AddressMap<T> {
  size = 0;
  #mask = START_CAPACITY - 1;
  #keys = new Float64Array(START_CAPACITY).fill(-1);
  #values: (T | undefined)[] = Array.from({ length: START_CAPACITY });

  get(low: number, high: number): T | undefined {
    return this.#values[this.#find(addressKey(low, high))];
  }

  set(low: number, high: number, value: T): void {
    if (this.size * 2 > this.#mask) this.#grow();
    const key = addressKey(low, high);
    const at = this.#find(key);
    if (this.#keys[at] !== key) {
      this.#keys[at] = key;
      this.size++;
    }
    this.#values[at] = value;
  }

  /** Closes the gap, so that no marker of what was removed stays behind. */
  delete(low: number, high: number): void {
    const keys = this.#keys;
    const key = addressKey(low, high);
    let gap = this.#find(key);
    if (keys[gap] !== key) return;
    this.size--;
    for (let at = (gap + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const moved = keys[at] ?? -1;
      if (moved < 0) break;
      const home = this.#home(moved);
      // Stays where it is if its home lies behind the gap, round the end of the array or not.
      if (((at - home) & this.#mask) < ((at - gap) & this.#mask)) continue;
      keys[gap] = moved;
      this.#values[gap] = this.#values[at];
      gap = at;
    }
    keys[gap] = -1;
    this.#values[gap] = undefined;
  }

  *values(): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  clear(): void {
    this.#keys.fill(-1);
    this.#values.fill(undefined);
    this.size = 0;
  }

  /** Place of the key, or the free one where it would go. */
  #find(key: number): number {
    const keys = this.#keys;
    let at = this.#home(key);
    for (;;) {
      const found = keys[at];
      if (found === key || found === -1) return at;
      at = (at + 1) & this.#mask;
    }
  }

  /** sk_buffs lie on multiples of their size: the lowest bits tell little. */
  #home(key: number): number {
    const low = key | 0;
    const high = (key / 0x1_0000_0000) | 0;
    const mixed = Math.imul((low >>> 5) ^ high, 0x9e37_79b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const capacity = (this.#mask + 1) * 2;
    this.#mask = capacity - 1;
    this.#keys = new Float64Array(capacity).fill(-1);
    this.#values = Array.from({ length: capacity });
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] ?? -1;
      if (key < 0) continue;
      const at = this.#find(key);
      this.#keys[at] = key;
      this.#values[at] = values[i];
    }
  }
}
