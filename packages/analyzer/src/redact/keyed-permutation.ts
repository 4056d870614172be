// Numbers of n bits to other numbers of n bits, keyed and one to one: a Feistel network over AES, with cycle walking for
// odd n. Black, Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002.
import type { BlockCipher } from "./key.js";

const ROUNDS = 8;
const BLOCK = 16;

/** Results that are kept; a recording has the same numbers again and again. */
const CACHE_MAX = 65_536;

/** A permutation of the numbers below 2^bits. */
export class KeyedPermutation {
  readonly #cipher: BlockCipher;
  readonly #size: number;
  readonly #half: number;
  readonly #cache = new Map<number, number>();

  /** @param bits 2 to 52 */
  constructor(cipher: BlockCipher, bits: number) {
    this.#cipher = cipher;
    this.#size = 2 ** bits;
    this.#half = 2 ** Math.ceil(bits / 2);
  }

  /** @param value below 2^bits */
  map(value: number): number {
    const known = this.#cache.get(value);
    if (known !== undefined) return known;
    let mapped = value;
    do mapped = this.#encrypt(mapped);
    while (mapped >= this.#size);
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    this.#cache.set(value, mapped);
    return mapped;
  }

  #encrypt(value: number): number {
    const half = this.#half;
    let left = Math.floor(value / half);
    let right = value % half;
    const block = Buffer.alloc(BLOCK);
    for (let round = 0; round < ROUNDS; round++) {
      block.writeUInt32LE(round, 0);
      block.writeUInt32LE(right, 4);
      const mixed = this.#cipher(block);
      const word =
        ((mixed[0] ?? 0) | ((mixed[1] ?? 0) << 8) | ((mixed[2] ?? 0) << 16) | ((mixed[3] ?? 0) << 24)) >>> 0;
      [left, right] = [right, ((left ^ word) >>> 0) % half];
    }
    return left * half + right;
  }
}
