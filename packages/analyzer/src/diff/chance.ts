// Whether two shares differ by chance: Fisher's exact test, for few packets as for many.

/** Natural logarithm of n!, by Stirling's series where it is exact enough. */
function logFactorial(n: number): number {
  if (n < 2) return 0;
  if (n < 20) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** Terms of the sum: beyond, they add nothing that matters. */
const TERMS_MAX = 10_000;

/**
 * How likely shares as different as `a` of `ofA` and `b` of `ofB` are, or more so in the same direction, if the true
 * share is the same: 0 to 1.
 */
export function chanceOf(a: number, ofA: number, b: number, ofB: number): number {
  if (ofA === 0 || ofB === 0) return 1;
  const [low, high] = a / ofA < b / ofB ? [a, b] : [b, a];
  const [ofLow, ofHigh] = a / ofA < b / ofB ? [ofA, ofB] : [ofB, ofA];
  const both = low + high;
  const all = logChoose(ofLow + ofHigh, both);
  let sum = 0;
  for (let k = low; k >= Math.max(0, both - ofHigh, low - TERMS_MAX); k--)
    sum += Math.exp(logChoose(ofLow, k) + logChoose(ofHigh, both - k) - all);
  return Math.min(1, sum);
}
