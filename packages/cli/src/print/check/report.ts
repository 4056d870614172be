// What a check has found, for all forms of its report.
import type { Result } from "@skbtracer/analyzer";

/** All results, and of what they are. */
export interface CheckReport {
  readonly recording: string;
  readonly expectations: string;
  readonly results: readonly PlacedResult[];
}

/** A result, and the line of its expectation. */
export interface PlacedResult extends Result {
  readonly line: number;
}

/** How many there are of each verdict. */
export function countsOf({ results }: CheckReport): Readonly<Record<Result["verdict"], number>> {
  const counts = { pass: 0, fail: 0, unknown: 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

/** `3 of 5 expectations hold, 1 does not, 1 cannot be told`. */
export function summaryText(report: CheckReport): string {
  const { pass, fail, unknown } = countsOf(report);
  const all = report.results.length;
  const parts = [`${pass} of ${all} expectation${all === 1 ? "" : "s"} ${all === 1 ? "holds" : "hold"}`];
  if (fail > 0) parts.push(`${fail} ${fail === 1 ? "does" : "do"} not`);
  if (unknown > 0) parts.push(`${unknown} cannot be told`);
  return parts.join(", ");
}
