// Bytes that arrive in pieces and are taken in other pieces, without copying where a piece serves whole.

/**
 * A queue of byte arrays that reads as one array. It owns what is pushed into it. Pieces that follow each other in memory
 * are one piece.
 */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  /** Whether bytes of this memory are in the queue. */
  holds(memory: ArrayBufferLike): boolean {
    return this.#pieces.some(({ buffer }) => buffer === memory);
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    const last = this.#pieces.at(-1);
    if (last?.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset)
      this.#pieces[this.#pieces.length - 1] = new Uint8Array(
        last.buffer,
        last.byteOffset,
        last.length + bytes.length,
      );
    else this.#pieces.push(bytes);
  }

  /** The first `size` bytes as one array, or undefined if there are fewer. They stay in the queue. */
  peek(size: number): Uint8Array | undefined {
    if (size > this.#length) return undefined;
    const first = this.#pieces[0];
    if (first === undefined) return new Uint8Array(0);
    if (first.length < size) this.#merge(size);
    return this.#pieces[0]?.subarray(0, size);
  }

  /** Removes the first `size` bytes; `size` is at most the length. */
  skip(size: number): void {
    this.#length -= size;
    let left = size;
    let whole = 0;
    for (const piece of this.#pieces) {
      if (piece.length > left) break;
      left -= piece.length;
      whole++;
    }
    this.#pieces.splice(0, whole);
    const first = this.#pieces[0];
    if (first && left > 0) this.#pieces[0] = first.subarray(left);
  }

  /** Where the two words stand in the queue, little-endian one after the other; -1 if nowhere. */
  indexOf(word: number, next: number | undefined): number {
    const bytes = this.peek(this.#length);
    if (bytes === undefined) return -1;
    const pattern = Buffer.alloc(next === undefined ? 4 : 8);
    pattern.writeUInt32LE(word, 0);
    if (next !== undefined) pattern.writeUInt32LE(next, 4);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(pattern);
  }

  /** Makes the first piece `size` long, if it is shorter, and leaves the rest where it is. */
  #merge(size: number): void {
    const merged = new Uint8Array(size);
    let at = 0;
    let whole = 0;
    for (const piece of this.#pieces) {
      if (piece.length > size - at) {
        merged.set(piece.subarray(0, size - at), at);
        this.#pieces[whole] = piece.subarray(size - at);
        break;
      }
      merged.set(piece, at);
      at += piece.length;
      whole++;
    }
    this.#pieces.splice(0, whole, merged);
  }
}
