// The report of a check as Markdown, for the summary pages of CI systems: https://github.github.com/gfm/
import type { Verdict } from "@skbtracer/analyzer";
import { escapeText } from "../escape.js";
import { nearestLines } from "./nearest-lines.js";
import { type CheckReport, type PlacedResult, summaryText } from "./report.js";

const SIGNS: Readonly<Record<Verdict, string>> = { pass: "✅", fail: "❌", unknown: "❔" };

/** Rows of a table that a page shows. */
const ROWS_MAX = 500;

/** Text that means nothing to Markdown. */
function plain(text: string): string {
  return escapeText(text).replace(/[\\`*_{}[\]<>()#+!|~&]/g, (character) => `\\${character}`);
}

/** The whole page: those that do not hold first. */
export function markdownText(report: CheckReport): string {
  const order: readonly Verdict[] = ["fail", "unknown", "pass"];
  const sorted = order.flatMap((verdict) => report.results.filter((result) => result.verdict === verdict));
  const shown = sorted.slice(0, ROWS_MAX);
  return [
    `### ${plain(report.expectations)}: ${summaryText(report)}`,
    "",
    `Recording: ${plain(report.recording)}`,
    "",
    "| | Expectation | Packets | |",
    "| --- | --- | ---: | --- |",
    ...shown.map(row),
    ...(sorted.length > shown.length ? ["", `${sorted.length - shown.length} more are not shown.`] : []),
    "",
    ...shown.flatMap(details),
  ].join("\n");
}

function row({ verdict, name, paths, reasons }: PlacedResult): string {
  const why = `${verdict === "unknown" ? "cannot tell: " : ""}${reasons.join("; ")}`;
  return `| ${SIGNS[verdict]} | ${plain(name)} | ${paths} | ${plain(why)} |`;
}

function details({ name, nearest }: PlacedResult): string[] {
  if (!nearest) return [];
  const lines = nearestLines(nearest).map(({ text, isDeparture }) => `${isDeparture ? "> " : "  "}${text}`);
  // Indented, so that no text of a packet can end the block.
  return [`**${plain(name)}**: nearest packet`, "", ...lines.map((line) => `    ${line}`), ""];
}
