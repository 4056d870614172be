// Reads the program's hash maps of counts by code address.
import type { AddressCount } from "@skbtracer/format";
import type { Libbpf } from "./libbpf.js";

/**
 * All counts that are in a map now.
 * @param fd of a map from 64-bit addresses to 64-bit counts
 * @param cpus how many counts each entry has, which are added up: possible CPUs for a per-CPU map, else 1
 */
export function countsByAddress(libbpf: Libbpf, fd: number, cpus: number = 1): AddressCount[] {
  const counts: AddressCount[] = [];
  const next = Buffer.alloc(8);
  const values = new BigUint64Array(cpus);
  let key: Buffer | null = null;
  while (libbpf.nextKey(fd, key, next) === 0) {
    key = Buffer.from(next);
    if (libbpf.lookup(fd, key, values) < 0) continue;
    const count = values.reduce((sum, value) => sum + value, 0n);
    counts.push({ address: `0x${key.readBigUInt64LE(0).toString(16)}`, count: Number(count) });
  }
  return counts;
}
