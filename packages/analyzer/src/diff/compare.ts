// What differs between two recordings: flows, ways and times.
import type { Knowledge } from "../expect/knowledge.js";
import type { RecordedFilter } from "../expect/recorded-filters.js";
import type { AnyRow, PathRow } from "../tables/rows.js";
import type { Census, Counted, FlowCount, Way } from "./census.js";
import { chanceOf } from "./chance.js";
import { isBackground } from "./flows.js";
import { Roles, UNLISTED } from "./roles.js";
import { commonEngines, comparedVerdicts } from "./tables.js";
import { chanceDistance, distance } from "./times.js";

/** A recording to compare. */
export interface Side {
  readonly census: Census;
  readonly knowledge: Knowledge;
  /** Rows of `interfaces`. */
  readonly interfaces: readonly AnyRow[];
}

/** What counts as a difference. */
export interface CompareOptions {
  /** Shares of a flow's packets that differ by less are the same: 0 to 1. */
  readonly shareThreshold: number;
  /** Medians of times that differ by a smaller factor are the same; 0: times are not compared. */
  readonly timeFactor: number;
  /** Flows that hosts send by their timers differ too. */
  readonly background: boolean;
  readonly allowLoss: boolean;
}

/** A way in one of the recordings: how many packets of how many of the flow took it. */
export interface WayCount {
  readonly way: Way;
  readonly count: number;
  readonly of: number;
}

/** One difference. */
export type Difference = { readonly flow: string; readonly isCertain: boolean } & (
  | {
      readonly kind: "flow vanished" | "flow appeared";
      readonly count: number;
      readonly ways: readonly WayCount[];
    }
  | {
      readonly kind: "way vanished" | "way appeared" | "share changed";
      readonly a: WayCount;
      readonly b: WayCount;
    }
  /** Packets go another way: `common` functions are the same before they part. */
  | { readonly kind: "way changed"; readonly a: WayCount; readonly b: WayCount; readonly common: number }
  | { readonly kind: "time changed"; readonly a: TimeCount; readonly b: TimeCount; readonly way: Way }
  /** Probed in both, entered in one of them only: of two kernels. */
  | {
      readonly kind: "function not entered";
      readonly name: string;
      readonly by: "a" | "b";
      readonly count: number;
    }
);

/** Times of a way, in ns. */
export interface TimeCount {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** What a comparison has found. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** What was not compared, and why. */
  readonly notes: readonly string[];
  /** Why differences may have been missed. Empty: they were not. */
  readonly ignorance: readonly string[];
  /** Flows that both have, and their packets in each. */
  readonly flows: number;
  readonly paths: { readonly a: number; readonly b: number };
}

/** Packets that a flow has to have in each before its times are compared. */
const TIMES_MIN = 20;
/** A difference that comes about by chance more often than this is none. */
const CHANCE = 0.01;

/** Compares two recordings. */
export function compare(a: Side, b: Side, options: CompareOptions): Comparison {
  const notes: string[] = [];
  const common = commonFunctions(a, b, notes);
  const engines = commonEngines(a.knowledge, b.knowledge, notes);
  const [rolesA, rolesB] = [new Roles(a.interfaces), new Roles(b.interfaces)];
  const isListed = isAllListed(a, rolesA) && isAllListed(b, rolesB);
  if (!isListed) notes.push("devices came after a recording began: what devices are for is not compared");
  const reasons = a.census.hasReasons && b.census.hasReasons;
  if (!reasons) notes.push("one of the kernels gives no drop reasons: they are not compared");
  const ends = a.knowledge.endsRecorded && b.knowledge.endsRecorded;
  if (!ends) notes.push("without kprobes, how packets end is a guess: only drops are compared");
  const differences: Difference[] = [];
  const isSure = {
    a: options.allowLoss || isLossless(a),
    b: options.allowLoss || isLossless(b),
  };
  const isFull = options.allowLoss ? { a: true, b: true } : fullnessOf(a, b);
  const hasAll = { a: isSure.a && isFull.a, b: isSure.b && isFull.b };
  const unused = unusedFunctions(a, b, common, hasAll, differences);
  const normal = {
    compares: (name: string) => common.has(name) && !unused.has(name),
    reasons,
    ends,
    roles: isListed,
    verdicts: (path: PathRow) => comparedVerdicts(path, engines),
  };
  const flowsA = a.census.flows(a.knowledge, rolesA, normal);
  const flowsB = b.census.flows(b.knowledge, rolesB, normal);
  const context: Context = { options, isSure, isFull, notes };
  const names = [...new Set([...flowsA.keys(), ...flowsB.keys()])].toSorted();
  let paired = 0;
  for (const flow of names) {
    const [inA, inB] = [flowsA.get(flow), flowsB.get(flow)];
    if (inA && inB) paired++;
    differences.push(...compareFlow(flow, inA, inB, context));
  }
  return {
    differences,
    notes,
    ignorance: ignoranceOf(a, b, flowsA, flowsB, options),
    flows: paired,
    paths: { a: total(flowsA), b: total(flowsB) },
  };
}

function total(flows: ReadonlyMap<string, FlowCount>): number {
  return [...flows.values()].reduce((sum, { count }) => sum + count, 0);
}

interface Context {
  readonly options: CompareOptions;
  /** They lost nothing. */
  readonly isSure: { readonly a: boolean; readonly b: boolean };
  /** Their filters left out nothing that the other has. */
  readonly isFull: { readonly a: boolean; readonly b: boolean };
  readonly notes: string[];
}

function isLossless({ knowledge }: Side): boolean {
  return knowledge.gaps.length === 0 && knowledge.endsRecorded;
}

/** Whether filters of one left out nothing that the other has: so it is where the other has the same ones, and more. */
function fullnessOf(a: Side, b: Side): Context["isFull"] {
  const [beyondB, beyondA] = [filtersBeyond(a, b), filtersBeyond(b, a)];
  // Of a packet they leave a part, which looks like another way, or like another packet.
  const isCut = [...beyondA, ...beyondB].some(({ isOfPlace }) => isOfPlace);
  return { a: !isCut && beyondB.length === 0, b: !isCut && beyondA.length === 0 };
}

/** Filters of one that the other was not recorded with. */
function filtersBeyond({ knowledge }: Side, other: Side): readonly RecordedFilter[] {
  const texts = new Set(other.knowledge.filters.map(({ text }) => text));
  return knowledge.filters.filter(({ text }) => !texts.has(text));
}

/** Functions that both could see. */
function commonFunctions(a: Side, b: Side, notes: string[]): Set<string> {
  const only = (one: Side, other: Side): string[] =>
    [...one.knowledge.sights].filter((name) => !other.knowledge.sights.has(name)).toSorted();
  const [onlyA, onlyB] = [only(a, b), only(b, a)];
  if (onlyA.length > 0) notes.push(`probed only in A, and not compared: ${onlyA.join(", ")}`);
  if (onlyB.length > 0) notes.push(`probed only in B, and not compared: ${onlyB.join(", ")}`);
  return new Set([...a.knowledge.sights].filter((name) => b.knowledge.sights.has(name)));
}

function isAllListed({ census }: Side, roles: Roles): boolean {
  for (const interfaces of census.interfaces()) if (roles.of(interfaces).includes(UNLISTED)) return false;
  return true;
}

/**
 * What one kernel inlines or does not go through, and another does: said once, and not of every way. On one kernel it is
 * a matter of the ways.
 */
function unusedFunctions(
  a: Side,
  b: Side,
  common: ReadonlySet<string>,
  sure: Context["isSure"],
  differences: Difference[],
): Set<string> {
  const unused = new Set<string>();
  if (a.knowledge.kernels.join() === b.knowledge.kernels.join()) return unused;
  const [byA, byB] = [a.census.entered(a.knowledge), b.census.entered(b.knowledge)];
  const flowsOf = (entered: typeof byA): Set<string> =>
    new Set([...entered.values()].flatMap((flows) => [...flows.keys()]));
  for (const [by, one, other, isSure] of [
    ["a", byA, byB, sure.b],
    ["b", byB, byA, sure.a],
  ] as const) {
    const shared = flowsOf(other);
    for (const [name, flows] of one) {
      if (!common.has(name) || other.has(name)) continue;
      const count = [...flows].reduce((sum, [flow, paths]) => sum + (shared.has(flow) ? paths : 0), 0);
      if (count === 0) continue;
      unused.add(name);
      differences.push({ kind: "function not entered", flow: "all", name, by, count, isCertain: isSure });
    }
  }
  return unused;
}

function waysOf({ ways, count: of }: FlowCount): WayCount[] {
  return [...ways.values()]
    .map(({ way, count }) => ({ way, count, of }))
    .toSorted((one, other) => other.count - one.count);
}

function compareFlow(
  flow: string,
  a: FlowCount | undefined,
  b: FlowCount | undefined,
  context: Context,
): Difference[] {
  const { options, isSure, isFull } = context;
  if (!a || !b) {
    const there = a ?? b;
    if (!there || there.count === 0 || (isBackground(flow) && !options.background)) return [];
    const kind = a ? "flow vanished" : "flow appeared";
    const isCertain = a ? isSure.b && isFull.b : isSure.a && isFull.a;
    return [{ kind, flow, count: there.count, ways: waysOf(there), isCertain }];
  }
  // Without a whole packet on one side there is nothing to compare.
  if (a.count === 0 || b.count === 0) return [];
  return [...compareWays(flow, a, b, context), ...compareTimes(flow, a, b, context)];
}

/** A way in both. */
interface Pair {
  readonly a: WayCount;
  readonly b: WayCount;
}

function compareWays(flow: string, a: FlowCount, b: FlowCount, context: Context): Difference[] {
  const { options, isSure } = context;
  const keys = new Set([...a.ways.keys(), ...b.ways.keys()]);
  const pairs = [...keys].flatMap((key): Pair[] => {
    const [inA, inB] = [a.ways.get(key), b.ways.get(key)];
    const way = (inA ?? inB)?.way;
    if (!way) return [];
    return [
      { a: { way, count: inA?.count ?? 0, of: a.count }, b: { way, count: inB?.count ?? 0, of: b.count } },
    ];
  });
  const isDisjoint = pairs.every((pair) => pair.a.count === 0 || pair.b.count === 0);
  const drops = { a: dropsOf(a), b: dropsOf(b) };
  const differing = pairs.filter((pair) => {
    const { way } = pair.a;
    // No matter how few: a drop for a reason, at a place, that the other does not have.
    const isNewDrop = isTold(way) && !(drops.a.has(dropKey(way)) && drops.b.has(dropKey(way)));
    return isDisjoint || isNewDrop || sharesDiffer(pair, options.shareThreshold);
  });
  // That something was not seen says nothing where events were lost.
  const certain = (pair: Pair): boolean =>
    (isSure.a || (pair.a.count > 0 && pair.b.count === 0)) &&
    (isSure.b || (pair.b.count > 0 && pair.a.count === 0));
  differing.sort((one, other) => change(other) - change(one));
  const lost = differing.filter((pair) => share(pair.a) > share(pair.b));
  const gained = differing.filter((pair) => share(pair.a) < share(pair.b));
  return joined(lost, gained).map(({ from, to, common }): Difference => {
    if (from && to)
      return {
        kind: "way changed",
        flow,
        a: from.a,
        b: to.b,
        common,
        isCertain: certain(from) && certain(to) && isBeyondFilters([from, to], context),
      };
    const pair = from ?? to;
    if (!pair) throw new Error("a difference of nothing");
    const kind = pair.b.count === 0 ? "way vanished" : pair.a.count === 0 ? "way appeared" : "share changed";
    return { kind, flow, ...pair, isCertain: certain(pair) && isBeyondFilters([pair], context) };
  });
}

/** Whether filters do not explain a difference: a way that one has, and the other would have in spite of its filters. */
function isBeyondFilters(pairs: readonly Pair[], { isFull }: Context): boolean {
  if (isFull.a && isFull.b) return true;
  return pairs.some(({ a, b }) => (isFull.a && a.count === 0) || (isFull.b && b.count === 0));
}

const share = ({ count, of }: WayCount): number => count / of;
const change = ({ a, b }: Pair): number => Math.abs(share(a) - share(b));
const dropKey = ({ dropReason, dropFunction }: Way): string => `${dropReason ?? ""} ${dropFunction ?? ""}`;

/**
 * Whether a drop is of a kind that comes about by what is wrong. Without a reason of its own, TCP frees segments that it
 * has handled too: of a connection that is closing, say (tcp_v4_rcv, net/ipv4/tcp_ipv4.c).
 */
function isTold({ dropFunction, dropReason }: Way): boolean {
  if (dropFunction === null || dropReason === "NOT_SPECIFIED") return false;
  return dropReason !== null || !dropFunction.startsWith("tcp_");
}

function dropsOf({ ways }: FlowCount): Set<string> {
  return new Set(
    [...ways.values()].filter(({ way }) => way.dropFunction !== null).map(({ way }) => dropKey(way)),
  );
}

function sharesDiffer({ a, b }: Pair, threshold: number): boolean {
  return change({ a, b }) >= threshold && chanceOf(a.count, a.of, b.count, b.of) < CHANCE;
}

interface Joined {
  readonly from: Pair | undefined;
  readonly to: Pair | undefined;
  readonly common: number;
}

/** Ways that packets no longer take, with the likest that they take instead. */
function joined(lost: readonly Pair[], gained: readonly Pair[]): Joined[] {
  const rest = [...gained];
  const found: Joined[] = [];
  for (const from of lost) {
    const [to] = rest.toSorted((x, y) => likeness(from.a.way, y.b.way) - likeness(from.a.way, x.b.way));
    if (to) rest.splice(rest.indexOf(to), 1);
    found.push({ from, to, common: to ? commonStart(from.a.way, to.b.way) : 0 });
  }
  return [...found, ...rest.map((to) => ({ from: undefined, to, common: 0 }))];
}

function commonStart(a: Way, b: Way): number {
  let common = 0;
  while (common < a.functions.length && a.functions[common] === b.functions[common]) common++;
  return common;
}

function likeness(a: Way, b: Way): number {
  return 2 * commonStart(a, b) + (a.outcome === b.outcome ? 1 : 0) + (a.verdicts === b.verdicts ? 1 : 0);
}

function compareTimes(
  flow: string,
  a: FlowCount,
  b: FlowCount,
  { options: { timeFactor }, isFull }: Context,
): Difference[] {
  if (timeFactor === 0) return [];
  const isCertain = isFull.a && isFull.b;
  return [...a.ways].flatMap(([key, inA]): Difference[] => {
    const inB = b.ways.get(key);
    if (!inB || inA.count < TIMES_MIN || inB.count < TIMES_MIN) return [];
    const [x, y] = [Math.max(1, inA.times.at(0.5)), Math.max(1, inB.times.at(0.5))];
    if (Math.max(x / y, y / x) < timeFactor) return [];
    if (distance(inA.times, inB.times) <= chanceDistance(inA.times, inB.times)) return [];
    return [{ kind: "time changed", flow, a: timeOf(inA), b: timeOf(inB), way: inA.way, isCertain }];
  });
}

function timeOf({ count, times }: Counted): TimeCount {
  return { count, p50: times.at(0.5), p99: times.at(0.99) };
}

/** Nothing of it was seen whole. */
const isBlind = ({ count, partial }: FlowCount): boolean => count === 0 && partial > 0;

function ignoranceOf(
  a: Side,
  b: Side,
  flowsA: ReadonlyMap<string, FlowCount>,
  flowsB: ReadonlyMap<string, FlowCount>,
  { allowLoss, background, shareThreshold }: CompareOptions,
): string[] {
  if (allowLoss) return [];
  const found: string[] = [];
  for (const [name, { knowledge }] of [
    ["A", a],
    ["B", b],
  ] as const) {
    for (const gap of knowledge.gaps) found.push(`${name}: ${gap}`);
    if (!knowledge.endsRecorded) found.push(`${name}: without kprobes, where a path ends is a guess`);
    const unseen = knowledge.whyDropsUnseen() ?? knowledge.whyPacketsUnseen();
    if (unseen !== undefined) found.push(`${name}: ${unseen}`);
  }
  const filters = ({ knowledge }: Side): string =>
    knowledge.filters.map(({ text }) => text).join(" ") || "no filter";
  if (filters(a) !== filters(b))
    found.push(`they were recorded with different filters: A with ${filters(a)}, B with ${filters(b)}`);
  if (found.length > 0) return found;
  for (const [one, other, name] of [
    [flowsA, flowsB, "A"],
    [flowsB, flowsA, "B"],
  ] as const)
    for (const [flow, counted] of one)
      if (!other.has(flow) && isBlind(counted) && (background || !isBackground(flow)))
        found.push(`${flow}: only in ${name}, and no packet of it was seen whole`);
  for (const [flow, inA] of flowsA) {
    const inB = flowsB.get(flow);
    if (inB && (isBlind(inA) || isBlind(inB)))
      found.push(`${flow}: no packet of it was seen whole in ${isBlind(inA) ? "A" : "B"}`);
    else if (inB && (background || !isBackground(flow)) && partsDiffer(inA, inB, shareThreshold))
      found.push(`${flow}: not seen whole were ${partText(inA)} in A, ${partText(inB)} in B`);
  }
  return found;
}

/** What holds packets up until the recording ends is a change too, of which only that is known. */
function partsDiffer(a: FlowCount, b: FlowCount, threshold: number): boolean {
  const [ofA, ofB] = [a, b].map(({ count, partial }) => count + partial) as [number, number];
  return (
    Math.abs(a.partial / ofA - b.partial / ofB) >= threshold &&
    chanceOf(a.partial, ofA, b.partial, ofB) < CHANCE
  );
}

const partText = ({ count, partial }: FlowCount): string => `${partial} of ${count + partial} packets`;
