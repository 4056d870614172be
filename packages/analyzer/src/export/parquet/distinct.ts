// A dictionary for numbers of 32 bits, if they are few.

/** Slots of the hash table: a power of two. */
const SLOTS = 1 << 16;

/** The distinct values, and the place of each value among them. */
export interface Distinct<T extends Int32Array | Uint32Array> {
  readonly distinct: T;
  readonly codes: Int32Array;
}

/** @returns undefined if more than one value in four, or very many, are distinct: a dictionary would not pay */
export function distinctNumbers<T extends Int32Array | Uint32Array>(values: T): Distinct<T> | undefined {
  const most = Math.min(SLOTS / 2, Math.ceil(values.length / 4));
  const slots = new Int32Array(SLOTS);
  const distinct = values.slice(0, most) as T;
  const codes = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    let slot = Math.imul(value, 0x9e37_79b1) >>> 16;
    let code = slots[slot] ?? 0;
    while (code !== 0 && distinct[code - 1] !== value) {
      slot = (slot + 1) % SLOTS;
      code = slots[slot] ?? 0;
    }
    if (code === 0) {
      if (count === most) return undefined;
      distinct[count++] = value;
      slots[slot] = count;
      code = count;
    }
    codes[i] = code - 1;
  }
  return { distinct: distinct.subarray(0, count) as T, codes };
}
