// Limits of time, held against the times of all packets of an expectation together.
import { Quantiles } from "../reconstruct/quantiles.js";
import type { PathRow } from "../tables/rows.js";
import { type Certainty, certaintyOf } from "./certainty.js";
import type { Expectation, Margin, TimeLimits } from "./expectation.js";
import type { Found } from "./evaluate.js";
import type { Knowledge } from "./knowledge.js";
import { type Group, type Measured, spanKey } from "./tally.js";

const LIMITS = [
  { key: "p50", share: 0.5 },
  { key: "p99", share: 0.99 },
  { key: "max", share: 1 },
] as const;

/** How many packets were measured, where not all were: those that do not pass both functions have no time. */
export function timeNotes(
  { time = [], outcome }: Expectation,
  groups: readonly Group[],
  knowledge: Knowledge,
): string[] {
  const mayBeOpen = outcome?.includes("open") === true;
  return time.flatMap((limits) => {
    const { all } = measure(limits, groups, knowledge, mayBeOpen);
    return shareMeasured(all, groups).map((share) => `${share} ${spanText(limits)}`);
  });
}

/** What of an expectation's limits does not hold, or cannot be told. */
export function timeFindings(
  { time = [], outcome }: Expectation,
  groups: readonly Group[],
  knowledge: Knowledge,
): Found[] {
  const mayBeOpen = outcome?.includes("open") === true;
  return time.flatMap((limits) => ofLimits(limits, groups, knowledge, mayBeOpen));
}

function ofLimits(
  limits: TimeLimits,
  groups: readonly Group[],
  knowledge: Knowledge,
  mayBeOpen: boolean,
): Found[] {
  for (const name of [limits.from, limits.to]) {
    const unseen = name === undefined ? undefined : knowledge.whyUnseen(name);
    if (unseen !== undefined) return [finding("unknown", unseen)];
  }
  const found: Found[] = [];
  const { all, unmeasured } = measure(limits, groups, knowledge, mayBeOpen);
  if (unmeasured > 0)
    found.push(finding("unknown", `${unmeasured} of the packets could not be measured whole`));
  if (all.count === 0) {
    if (unmeasured > 0 || groups.length === 0) return found;
    return [finding("fail", `no packet passes ${spanText(limits)}`)];
  }
  const measured = shareMeasured(all, groups).map((share) => ` (${share})`);
  for (const { key, share } of LIMITS) {
    const limit = limits[key];
    if (limit === undefined) continue;
    const takenNs = all.at(share);
    if (takenNs <= withMargin(limit, limits.margin)) continue;
    const slowest = slowestOf(groups, limits);
    const why = `${key} ${spanText(limits)} is ${nsText(takenNs)}, expected at most ${nsText(limit)}${marginText(limits.margin)}${measured.join("")}`;
    // Packets that could not be measured may have been quicker; a maximum that is passed is passed.
    const isCertain = key === "max" || (unmeasured === 0 && knowledge.gaps.length === 0);
    found.push(finding(isCertain ? "fail" : "unknown", why, slowest));
  }
  return found;
}

/** Times of all packets, and how many could not be measured whole. */
function measure(
  limits: TimeLimits,
  groups: readonly Group[],
  knowledge: Knowledge,
  mayBeOpen: boolean,
): { readonly all: Quantiles; readonly unmeasured: number } {
  const all = new Quantiles();
  let unmeasured = 0;
  for (const { path, measured, count } of groups) {
    const ofGroup = measured.get(spanKey(limits))?.times;
    if (isCut(path, limits, ofGroup !== undefined, certaintyOf(path, knowledge)))
      unmeasured += mayBeOpen && path.outcome === "open" ? 0 : count;
    else if (ofGroup) all.addAll(ofGroup);
  }
  return { all, unmeasured };
}

/** `10 of 23 packets measured`; none if all were. */
function shareMeasured({ count }: Quantiles, groups: readonly Group[]): string[] {
  const packets = groups.reduce((sum, group) => sum + group.count, 0);
  return count < packets ? [`${count} of ${packets} packets measured`] : [];
}

/** Whether more of a path may take its time than what was seen. */
function isCut(
  { outcome, incomplete_because: because }: PathRow,
  { from, to }: TimeLimits,
  isMeasured: boolean,
  { seen, whole }: Certainty,
): boolean {
  // It may pass both functions yet, or have passed them unseen.
  if (!seen || !isMeasured) return !whole;
  if (to === undefined && (outcome === "open" || outcome === "unknown")) return true;
  return from === undefined && because?.split(",").includes("begin") === true;
}

function finding(verdict: "fail" | "unknown", why: string, group?: { path: PathRow }): Found {
  return { verdict, assertion: "time", why, count: 0, ...(group && { group }) };
}

function slowestOf(groups: readonly Group[], limits: TimeLimits): { path: PathRow } | undefined {
  let worst: Measured | undefined;
  for (const { measured } of groups) {
    const ofGroup = measured.get(spanKey(limits));
    if (ofGroup && (!worst || ofGroup.slowestNs > worst.slowestNs)) worst = ofGroup;
  }
  return worst && { path: worst.slowest };
}

function withMargin(limit: number, { share = 0, ns = 0 }: Margin = {}): number {
  return limit * (1 + share) + ns;
}

function marginText(margin: Margin | undefined): string {
  if (!margin) return "";
  return margin.share === undefined
    ? ` and a margin of ${nsText(margin.ns ?? 0)}`
    : ` and a margin of ${+(100 * margin.share).toFixed(3)} %`;
}

/** `from ip_rcv to ip_output`. */
function spanText({ from, to }: TimeLimits): string {
  if (from === undefined && to === undefined) return "in all";
  return [
    from === undefined ? "from its begin" : `from ${from}`,
    to === undefined ? "to its end" : `to ${to}`,
  ].join(" ");
}

/** 812 ns, 1.204 us, 18.5 ms. */
function nsText(ns: number): string {
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["us", 1e3],
  ] as const)
    if (ns >= size) return `${+(ns / size).toPrecision(4)} ${unit}`;
  return `${Math.round(ns)} ns`;
}
