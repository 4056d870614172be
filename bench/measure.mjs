// Numbers: medians, rounding, and how a benchmark's process hands over what it has measured.

/** A folder in memory. */
export const TMPFS = "/dev/shm";

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * @template {string} K
 * @param {readonly Readonly<Record<K, number>>[]} runs
 * @returns {Record<K, number>} of each figure, the median of the runs
 */
export function medians(runs) {
  const names = /** @type {K[]} */ (Object.keys(runs[0] ?? {}));
  const pairs = names.map((name) => [name, median(runs.map((run) => run[name]))]);
  return /** @type {Record<K, number>} */ (Object.fromEntries(pairs));
}

/**
 * @param {number} value
 * @param {number} [digits] after the point
 * @returns {number}
 */
export function round(value, digits = 0) {
  return Number(value.toFixed(digits));
}

/**
 * Prints a benchmark's result, the one thing on its standard output.
 * @param {object} result
 */
export function printResult(result) {
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
}
