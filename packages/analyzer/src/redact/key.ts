// The key of a redaction: one secret, from which each kind of thing that is mapped has a key of its own.
import { createCipheriv, createHmac, hkdfSync, scryptSync } from "node:crypto";

/** Shorter secrets can be guessed. */
export const SECRET_BYTES_MIN = 16;

/** scrypt's cost: about 50 ms and 16 MiB, so that guessing a phrase is slow. */
const SCRYPT = { N: 16_384, r: 8, p: 1 } as const;

/** Encrypts whole blocks of 16 bytes, each by itself. */
export type BlockCipher = (blocks: Uint8Array) => Uint8Array;

/** The key. The same secret gives the same mapping, everywhere. */
export class RedactionKey {
  readonly #key: Buffer;

  /** @param secret at least SECRET_BYTES_MIN bytes */
  constructor(secret: Uint8Array) {
    if (secret.length < SECRET_BYTES_MIN)
      throw new RangeError(`a key of ${secret.length} bytes; at least ${SECRET_BYTES_MIN} are needed`);
    this.#key = scryptSync(secret, "skbtracer redact", 32, SCRYPT);
  }

  /** Bytes for one purpose, which say nothing of those for another. */
  bytes(purpose: string, length: number): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#key, "", purpose, length));
  }

  /** AES-128 for one purpose. */
  cipher(purpose: string): BlockCipher {
    return blockCipher(this.bytes(purpose, 16));
  }

  /** A short text that stands for another, in hexadecimal digits. */
  digest(purpose: string, text: string, digits: number): string {
    return createHmac("sha256", this.bytes(purpose, 32)).update(text).digest("hex").slice(0, digits);
  }
}

/** AES-128 on blocks, with a key of 16 bytes. */
export function blockCipher(key: Uint8Array): BlockCipher {
  // ECB here is the bare block cipher, as the constructions below need it.
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return (blocks) => cipher.update(blocks);
}
