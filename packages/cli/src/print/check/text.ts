// The report of a check for people.
import type { Verdict } from "@skbtracer/analyzer";
import { escapeText } from "../escape.js";
import { countText } from "../quantities.js";
import type { Style } from "../style.js";
import { nearestLines } from "./nearest-lines.js";
import type { PlacedResult } from "./report.js";

const SIGNS: Readonly<Record<Verdict, string>> = { pass: "✓", fail: "✗", unknown: "?" };

function coloured(text: string, verdict: Verdict, style: Style): string {
  if (verdict === "pass") return style.green(text);
  return verdict === "fail" ? style.red(text) : style.yellow(text);
}

/** The lines of one expectation: one that says how it stands, and why; and the nearest packet if it does not hold. */
export function resultLines(result: PlacedResult, style: Style): string[] {
  const { verdict, name, paths, reasons, nearest } = result;
  const colour = (text: string): string => coloured(text, verdict, style);
  const counted = `${countText(paths)} packet${paths === 1 ? "" : "s"}`;
  const [first, ...others] = reasons.map((reason) => escapeText(reason));
  const what = verdict === "unknown" ? "cannot tell: " : "";
  const lines = [
    `${colour(SIGNS[verdict])} ${escapeText(name)}  ${first === undefined ? style.dim(counted) : colour(what + first)}`,
    ...others.map((reason) => `    ${colour(reason)}`),
  ];
  if (nearest) {
    lines.push(`    ${style.dim("nearest:")}`);
    for (const { text, isDeparture } of nearestLines(nearest))
      lines.push(isDeparture ? `    ${style.red(`> ${text}`)}` : `      ${text}`);
  }
  return lines;
}
