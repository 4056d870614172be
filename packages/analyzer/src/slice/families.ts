// Which families of paths a slice keeps: a path is wanted with all that it was made from, by whatever means, all that was
// made of it, and all whose data went on in one of these.
import type { FollowedBatch } from "../reconstruct/lives.js";

const START_CAPACITY = 1024;

/** Families by the numbers of their paths, in five bytes a path. */
export class WantedFamilies {
  /** Of each path: the number of another one of its family, or 0 if it is the first. */
  #elder = new Uint32Array(START_CAPACITY);
  /** Of the first path of each family. */
  #isWanted = new Uint8Array(START_CAPACITY);

  /** Notes who belongs to whom. */
  note({ lives }: FollowedBatch): void {
    for (const life of lives) {
      if (!life) continue;
      this.#reserve(life.id);
      if (life.parent !== undefined) this.#join(life.id, life.parent);
      if (life.mergedInto !== undefined) this.#join(life.id, life.mergedInto);
    }
  }

  /** Wants a path's family, whatever joins it later. */
  want(path: number): void {
    this.#reserve(path);
    this.#isWanted[this.#firstOf(path)] = 1;
  }

  /** Whether a path's family is wanted. */
  has(path: number): boolean {
    return path < this.#elder.length && this.#isWanted[this.#firstOf(path)] === 1;
  }

  #join(path: number, relative: number): void {
    this.#reserve(relative);
    const [a, b] = [this.#firstOf(path), this.#firstOf(relative)];
    if (a === b) return;
    const [first, other] = a < b ? [a, b] : [b, a];
    this.#elder[other] = first;
    if (this.#isWanted[other]) this.#isWanted[first] = 1;
  }

  #firstOf(path: number): number {
    let first = path;
    for (let next = this.#elder[first]; next; next = this.#elder[first]) first = next;
    // The next one who asks has it nearer.
    if (first !== path) this.#elder[path] = first;
    return first;
  }

  #reserve(path: number): void {
    if (path < this.#elder.length) return;
    const capacity = Math.max(path + 1, this.#elder.length * 2);
    const [elder, isWanted] = [this.#elder, this.#isWanted];
    this.#elder = new Uint32Array(capacity);
    this.#elder.set(elder);
    this.#isWanted = new Uint8Array(capacity);
    this.#isWanted.set(isWanted);
  }
}
