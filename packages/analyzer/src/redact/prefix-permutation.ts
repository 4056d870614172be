// Addresses to other addresses, keyed, so that two that share a prefix of n bits share one of n bits afterwards, and no
// longer one. The canonical form of Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization", ICNP 2002: whether
// a bit flips is a keyed function of the bits before it. Crypto-PAn, theirs, fills these up from one pad. Where the next
// bit is the pad's, two functions have one argument, so that neighbouring bits flip alike in three of four cases, which
// tells an address without the key in part. Here each prefix is an argument of its own.
import type { BlockCipher } from "./key.js";

/** Addresses whose first bits stay as they are, so that they can be told as what they are. */
export interface KeptRange {
  /** Of the address's length. */
  readonly prefix: Uint8Array;
  /** Bits of the prefix. */
  readonly length: number;
  /** How many leading bits of an address in the range stay; at least `length`. */
  readonly kept: number;
}

const BLOCK = 16;

/** The permutation of one family's addresses. */
export class PrefixPermutation {
  readonly #cipher: BlockCipher;
  readonly #ranges: readonly KeptRange[];

  /**
   * @param ranges map onto themselves. As prefixes are preserved, an address outside shares with them as many bits as
   * before: so many of its leading bits, and one more, stay
   */
  constructor(cipher: BlockCipher, ranges: readonly KeptRange[] = []) {
    this.#cipher = cipher;
    this.#ranges = ranges;
  }

  /** @param address 4 or 16 bytes, network order */
  map(address: Uint8Array): Uint8Array {
    const bits = address.length * 8;
    const kept = this.#keptBits(address);
    const mapped = Uint8Array.from(address);
    if (kept >= bits) return mapped;
    // Whether bit i flips depends on the i bits before it: a block for each.
    const blocks = new Uint8Array((bits - kept) * BLOCK);
    for (let i = kept; i < bits; i++) fillBlock(blocks.subarray((i - kept) * BLOCK), address, i);
    const flips = this.#cipher(blocks);
    for (let i = kept; i < bits; i++) {
      const flip = (flips[(i - kept) * BLOCK] ?? 0) >> 7;
      mapped[i >> 3] = (mapped[i >> 3] ?? 0) ^ (flip << (7 - (i & 7)));
    }
    return mapped;
  }

  #keptBits(address: Uint8Array): number {
    let most = 0;
    for (const { prefix, length, kept } of this.#ranges) {
      const common = commonBits(address, prefix, length);
      most = Math.max(most, common === length ? kept : common + 1);
    }
    return most;
  }
}

/** The first `length` bits of the address and a one, in a block of zeros. */
function fillBlock(block: Uint8Array, address: Uint8Array, length: number): void {
  const whole = length >> 3;
  block.set(address.subarray(0, whole));
  const bit = 0x80 >> (length & 7);
  block[whole] = ((address[whole] ?? 0) & ~(2 * bit - 1)) | bit;
}

/** How many leading bits two addresses share, up to `limit`. */
export function commonBits(a: Uint8Array, b: Uint8Array, limit: number): number {
  let bits = 0;
  for (let i = 0; bits < limit && i < a.length; i++) {
    const same = Math.clz32((a[i] ?? 0) ^ (b[i] ?? 0)) - 24;
    bits += same;
    if (same < 8) break;
  }
  return Math.min(bits, limit);
}
