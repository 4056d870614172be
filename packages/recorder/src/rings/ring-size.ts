// How large a perf ring is by default.
const MIB = 1024 * 1024;

/** All rings together by default take at most this. */
const TOTAL = 256 * MIB;
const LARGEST = 8 * MIB;
const SMALLEST = MIB / 4;

/** Bytes a CPU: 8 MiB, less on hosts with very many CPUs. A power of two. */
export function defaultRingBytes(cpus: number): number {
  const share = 2 ** Math.floor(Math.log2(TOTAL / Math.max(cpus, 1)));
  return Math.max(SMALLEST, Math.min(LARGEST, share));
}

/** The power of two of pages that holds `bytes`. */
export function roundRingBytes(bytes: number, pageSize: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(bytes, pageSize)));
}
