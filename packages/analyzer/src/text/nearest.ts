// Guesses which of some words was meant.

/** Edits that a mistyped word may be away. */
const REACH = 2;

/** The candidate that the fewest edits make of the word; undefined if all are too far. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  return nearestFew(word, candidates, 1)[0];
}

/** The same for up to `most` of them, the nearest first. */
export function nearestFew(word: string, candidates: readonly string[], most: number): string[] {
  return candidates
    .filter((candidate) => Math.abs(candidate.length - word.length) <= REACH)
    .map((candidate) => ({ candidate, edits: editsBetween(word, candidate) }))
    .filter(({ candidate, edits }) => edits <= REACH && edits < candidate.length / 2)
    .toSorted((x, y) => x.edits - y.edits)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Letters to add, leave out, change, or exchange with their neighbour. */
function editsBetween(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      const exchanged = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + change,
          exchanged ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(from.length, to.length);
}
