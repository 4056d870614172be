// Holds expectations against what was counted of a recording, and says what cannot be told.
import type { PathRow } from "../tables/rows.js";
import type { Count, Expectation } from "./expectation.js";
import { type Finding, findings, type Verdict } from "./assertions.js";
import type { Knowledge } from "./knowledge.js";
import { nearestPath } from "./nearest-path.js";
import type { Cell, Group, Kind, NamedExpectation, Tally } from "./tally.js";
import { timeFindings, timeNotes } from "./time-limits.js";
import { unknownOf } from "./where.js";

/** A path as an example of what is wrong, and where it departs. */
export interface NearestPath {
  readonly path: PathRow;
  readonly why: string;
  /** After so many of its functions. */
  readonly step?: number;
}

/** How an expectation stands. */
export interface Result {
  readonly name: string;
  readonly verdict: Verdict;
  /** Packets that it was held against. */
  readonly paths: number;
  /** What does not hold, or why that cannot be told; of a pass, what was overlooked or not measured. */
  readonly reasons: readonly string[];
  readonly nearest?: NearestPath;
}

/** How to judge. */
export interface EvaluateOptions {
  /** Take what was recorded for all there was. */
  readonly allowLoss: boolean;
}

/** The paths that an expectation is about. */
interface Matched {
  readonly groups: readonly Group[];
  readonly perhaps: Perhaps;
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Packets of which it is not known whether they are meant. */
interface Perhaps {
  readonly count: number;
  /** What is not known of them. */
  readonly why: string;
}

/** Packets as a number: `1 packet`. */
const packets = (count: number): string => `${count} packet${count === 1 ? "" : "s"}`;

const countOf = (groups: Iterable<Group>): number => {
  let sum = 0;
  for (const { count } of groups) sum += count;
  return sum;
};

/** Evaluates all expectations, in their order. */
export function evaluate(
  expectations: readonly Expectation[],
  tally: Tally,
  knowledge: Knowledge,
  options: EvaluateOptions,
): Result[] {
  const kindsOf = new Map<Expectation, { sure: Kind[]; perhaps: Kind[] }>();
  for (const expectation of expectations) kindsOf.set(expectation, { sure: [], perhaps: [] });
  for (const kind of tally.kinds) {
    for (const certain of ["sure", "perhaps"] as const)
      for (const selector of kind.selected[certain])
        for (const expectation of selector.expectations) kindsOf.get(expectation)?.[certain].push(kind);
  }
  const bound = new Map<string, Binder>();
  const search = { left: NEAREST_MAX };
  return expectations.map((expectation) => {
    const { sure = [], perhaps = [] } = kindsOf.get(expectation) ?? {};
    const ofPerhaps = perhapsOf(expectation, perhaps);
    const judge = new Judge(expectation, knowledge, options, tally, search);
    const named = tally.named.get(expectation);
    if (!named) {
      const groups = sure.flatMap((kind) => [...kind.groups.values()]);
      return judge.of({ groups, perhaps: ofPerhaps, values: new Map() });
    }
    const binder = named.uses.map(({ variable }) => bound.get(variable)).find((one) => one !== undefined);
    const own = binder ? ofValues(named, binder) : named;
    for (const { variable } of named.uses)
      if (!bound.has(variable))
        bound.set(variable, { ...own, perhaps: ofPerhaps, ...(binder && { earlier: binder }) });
    return binder ? ofEach(judge, own, binder, ofPerhaps) : judge.of(ofAll(own, ofPerhaps));
  });
}

function perhapsOf({ where = {} }: Expectation, kinds: readonly Kind[]): Perhaps {
  const count = countOf(kinds.flatMap(({ groups }) => [...groups.values()]));
  const [first] = kinds;
  return { count, why: first ? unknownOf(where, first.example) : "" };
}

function ofAll({ cells }: NamedExpectation, perhaps: Perhaps): Matched {
  return {
    groups: [...cells.values()].flatMap(({ groups }) => [...groups.values()]),
    perhaps,
    values: new Map(),
  };
}

/** The expectation that has found the values of names. */
type Binder = NamedExpectation & {
  readonly perhaps: Perhaps;
  /** The one that has found the values of other names that it uses. */
  readonly earlier?: Binder;
};

function sharedNames({ uses }: NamedExpectation, binder: Binder): string[] {
  return [...new Set(uses.map(({ variable }) => variable))].filter((variable) =>
    binder.uses.some((use) => use.variable === variable),
  );
}

/** Those of the names by which packets are chosen. */
function choosingNames({ uses }: NamedExpectation, names: readonly string[]): string[] {
  return names.filter((variable) => uses.some((use) => use.chooses && use.variable === variable));
}

/** The values that names have from an earlier expectation: those of one packet together. */
function valuesOf(names: readonly string[], binder: Binder): ReadonlyMap<string, string>[] {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const { values } of binder.cells.values()) {
    const row = new Map<string, string>();
    for (const [i, { variable }] of binder.uses.entries()) {
      const value = values[i];
      if (names.includes(variable) && value !== undefined && !row.has(variable)) row.set(variable, value);
    }
    if (row.size === names.length) found.set([...row].join(" "), row);
  }
  return [...found.values()];
}

/** An expectation with only those packets that have the values that its names have from an earlier one. */
function ofValues(named: NamedExpectation, binder: Binder): NamedExpectation {
  const shared = sharedNames(named, binder);
  const choosing = choosingNames(named, shared);
  const keys = new Set(
    valuesOf(shared, binder).map((row) => choosing.map((variable) => row.get(variable)).join(" ")),
  );
  const cells = [...named.cells].filter(([, cell]) => keys.has(chosenKey(named, cell, choosing)));
  return { ...named, cells: new Map(cells) };
}

/** A cell's values of the names by which its packets are chosen. */
function chosenKey({ uses }: NamedExpectation, { values }: Cell, choosing: readonly string[]): string {
  return choosing
    .map((variable) => values[uses.findIndex((use) => use.chooses && use.variable === variable)])
    .join(" ");
}

/** Judges an expectation once for each of the values that names have from an earlier one. */
function ofEach(judge: Judge, named: NamedExpectation, binder: Binder, perhaps: Perhaps): Result {
  const shared = sharedNames(named, binder);
  const wanted = valuesOf(shared, binder);
  if (wanted.length === 0) return judge.withoutValues(shared, binder.expectation);
  const choosing = choosingNames(named, shared);
  const byValues = cellsByValues(named, choosing);
  const results = wanted.map((row) => {
    const groups = byValues.get(choosing.map((variable) => row.get(variable)).join(" ")) ?? [];
    const values = new Map([...row].map(([variable, value]) => [variable, new Set([value])]));
    const result = judge.of({ groups, perhaps, values });
    const text = [...row].map(([variable, value]) => `$${variable} is ${value}`).join(", ");
    return { ...result, reasons: result.reasons.map((reason) => `where ${text}: ${reason}`) };
  });
  return judge.ofAllValues(merged(results, judge.name), shared, binder);
}

function cellsByValues(named: NamedExpectation, choosing: readonly string[]): Map<string, Group[]> {
  const found = new Map<string, Group[]>();
  for (const cell of named.cells.values()) {
    const key = chosenKey(named, cell, choosing);
    const list = found.get(key);
    if (list) list.push(...cell.groups.values());
    else found.set(key, [...cell.groups.values()]);
  }
  return found;
}

/** Reasons that are given of one expectation. */
const REASONS_MAX = 5;

function merged(results: readonly Result[], name: string): Result {
  const worst =
    results.find(({ verdict }) => verdict === "fail") ?? results.find(({ verdict }) => verdict === "unknown");
  const reasons = worst
    ? results.filter(({ verdict }) => verdict === worst.verdict).flatMap((result) => result.reasons)
    : results.flatMap((result) => result.reasons);
  const shown = reasons.slice(0, REASONS_MAX);
  if (reasons.length > shown.length) shown.push(`and ${reasons.length - shown.length} more`);
  return {
    name,
    verdict: worst?.verdict ?? "pass",
    paths: results.reduce((sum, { paths }) => sum + paths, 0),
    reasons: shown,
    ...(worst?.nearest && { nearest: worst.nearest }),
  };
}

/** Expectations whose nearest packet is looked for: beyond, a report is not read line by line. */
const NEAREST_MAX = 200;

/** Judges one expectation. */
class Judge {
  readonly #expectation: Expectation;
  readonly #knowledge: Knowledge;
  readonly #allowLoss: boolean;
  readonly #tally: Tally;
  readonly #search: { left: number };

  constructor(
    expectation: Expectation,
    knowledge: Knowledge,
    { allowLoss }: EvaluateOptions,
    tally: Tally,
    search: { left: number },
  ) {
    this.#expectation = expectation;
    this.#knowledge = knowledge;
    this.#allowLoss = allowLoss;
    this.#tally = tally;
    this.#search = search;
  }

  get name(): string {
    return this.#expectation.name;
  }

  /** Its names have no values, as the expectation that gives them has found no packet. */
  withoutValues(variables: readonly string[], binder: Expectation): Result {
    const names = variables.map((variable) => `$${variable}`).join(" and ");
    const reasons = [`${names} has no value: no packet was found for ${JSON.stringify(binder.name)}`];
    const gaps = this.#allowLoss ? [] : this.#knowledge.gaps;
    const verdict = gaps.length > 0 ? "unknown" : "fail";
    return { name: this.name, verdict, paths: 0, reasons: [...reasons, ...gaps] };
  }

  /** What holds for all values that were found may not for one that was not. */
  ofAllValues(result: Result, variables: readonly string[], binder: Binder): Result {
    const why = this.#whyMoreValues(binder);
    if (result.verdict !== "pass" || why === undefined) return result;
    const names = variables.map((variable) => `$${variable}`).join(" and ");
    const untold = `${names} may have had more values: ${why}`;
    if (this.#allowLoss) return { ...result, reasons: [...result.reasons, `not judged: ${untold}`] };
    return { ...result, verdict: "unknown", reasons: [untold] };
  }

  of(matched: Matched): Result {
    const { groups } = matched;
    const paths = countOf(groups);
    const ofCount = this.#ofCount(matched, paths);
    if (ofCount?.verdict === "fail" && paths === 0) return this.#result(paths, [ofCount], groups, matched);
    const found: Found[] = ofCount ? [ofCount] : [];
    const isAboutPackets = this.#ofPackets(matched, found);
    if (isAboutPackets) found.push(...this.#ofGaps());
    return this.#result(paths, found, groups, matched);
  }

  /** Takes what does not hold of packets; whether anything was asked of them. */
  #ofPackets({ groups, values, perhaps }: Matched, found: Found[]): boolean {
    const expectation = this.#expectation;
    const knowledge = this.#knowledge;
    const byWhy = new Map<string, Found>();
    for (const group of groups)
      for (const finding of findings({ expectation, path: group.path, knowledge, values })) {
        const key = `${finding.verdict} ${finding.assertion} ${finding.why}`;
        const known = byWhy.get(key);
        if (known) known.count += group.count;
        else byWhy.set(key, { ...finding, count: group.count, group });
      }
    found.push(...byWhy.values(), ...timeFindings(expectation, groups, knowledge));
    const { paths: _paths, name: _name, where: _where, ...asked } = expectation;
    const isAboutPackets = Object.keys(asked).length > 0;
    if (isAboutPackets && perhaps.count > 0)
      found.push({
        verdict: "unknown",
        assertion: "where",
        why: `${packets(perhaps.count)} may be meant too: ${perhaps.why}`,
        count: 0,
      });
    return isAboutPackets;
  }

  /** How many there are, between what was seen and what there may have been. */
  #ofCount({ groups, perhaps }: Matched, paths: number): Found | undefined {
    const { atLeast, atMost } = this.#expectation.paths ?? EXIST;
    const unseen = this.#whyMore(perhaps);
    // Without the ends of packets, one can look like two.
    const fewest = this.#knowledge.endsRecorded ? paths : Math.min(1, paths);
    const most = unseen === undefined ? paths : Number.POSITIVE_INFINITY;
    if (fewest >= atLeast && most <= atMost) return undefined;
    const isCertain = most < atLeast || fewest > atMost;
    const isWrong = paths < atLeast || paths > atMost;
    const wanted = countText({ atLeast, atMost });
    const assertion = this.#expectation.paths ? "paths" : "where";
    if (isCertain || (this.#allowLoss && isWrong)) {
      const isNothing = paths === 0;
      const why = isNothing
        ? `no packet matches where${atLeast > 1 ? `, expected ${wanted}` : ""}`
        : `${packets(paths)} found, expected ${wanted}`;
      const [group] = groups;
      return { verdict: "fail", assertion, why, count: paths, ...(group && atMost === 0 && { group }) };
    }
    const why = `${packets(paths)} found, expected ${wanted}, but ${unseen ?? GUESS}`;
    return { verdict: "unknown", assertion, why, count: paths };
  }

  /** Why there may be more packets than were seen. */
  #whyMore(perhaps: Perhaps, { where } = this.#expectation): string | undefined {
    const knowledge = this.#knowledge;
    if (!knowledge.endsRecorded) return GUESS;
    const [gap] = knowledge.gaps;
    if (gap !== undefined) return gap;
    const [filter] = knowledge.filtersBeyond(where);
    if (filter) return `it was recorded with ${filter.text}, so others may be missing`;
    if (perhaps.count > 0) return `${packets(perhaps.count)} may be meant too: ${perhaps.why}`;
    return knowledge.whyPacketsUnseen();
  }

  /** Why an expectation may have found more values than it did. */
  #whyMoreValues({ expectation, perhaps, earlier }: Binder): string | undefined {
    return this.#whyMore(perhaps, expectation) ?? (earlier && this.#whyMoreValues(earlier));
  }

  /** What may be missing without a trace, when something is asserted of all packets. */
  #ofGaps(): Found[] {
    const { drops, paths: _paths, name: _name, where: _where, ...others } = this.#expectation;
    // A drop shows its packet; all else is known only of packets that are seen wherever they go.
    const isOfDrops = drops !== undefined && Object.keys(others).length === 0;
    const unseen = isOfDrops ? undefined : this.#knowledge.whyPacketsUnseen();
    const guess = this.#knowledge.endsRecorded ? undefined : GUESS;
    const all = [...this.#knowledge.gaps, guess, unseen].filter((why) => why !== undefined);
    return all.map((why) => ({ verdict: "unknown", assertion: "where", why, count: 0 }));
  }

  #result(paths: number, found: readonly Found[], groups: readonly Group[], { values }: Matched): Result {
    const fails = found.filter(({ verdict }) => verdict === "fail");
    const unknowns = found.filter(({ verdict }) => verdict === "unknown");
    const verdict: Verdict =
      fails.length > 0 ? "fail" : unknowns.length > 0 && !this.#allowLoss ? "unknown" : "pass";
    const told = fails.length > 0 ? fails : unknowns;
    const all = [...new Set(told.map((one) => this.#reason(one, paths, verdict)))];
    const reasons = all.slice(0, REASONS_MAX);
    if (all.length > reasons.length) reasons.push(`and ${all.length - reasons.length} more`);
    if (verdict === "pass") reasons.push(...timeNotes(this.#expectation, groups, this.#knowledge));
    const nearest =
      verdict === "fail" && this.#search.left-- > 0
        ? nearestPath({
            expectation: this.#expectation,
            fails,
            groups,
            tally: this.#tally,
            knowledge: this.#knowledge,
            values,
          })
        : undefined;
    return { name: this.name, verdict, paths, reasons, ...(nearest && { nearest }) };
  }

  #reason({ assertion, why, count }: Found, paths: number, verdict: Verdict): string {
    const isOfSome = count > 0 && assertion !== "paths" && assertion !== "where" && assertion !== "time";
    const share = isOfSome ? `${count} of ${packets(paths)}: ` : "";
    return `${verdict === "pass" ? "not judged: " : ""}${share}${why}`;
  }
}

const GUESS = "without kprobes, where a path ends is a guess";
const EXIST: Count = { atLeast: 1, atMost: Number.POSITIVE_INFINITY };

/** A finding, of so many packets, and one of them. */
export interface Found extends Finding {
  count: number;
  readonly group?: { readonly path: PathRow };
}

function countText({ atLeast, atMost }: Count): string {
  if (atMost === 0) return "none";
  if (atMost === Number.POSITIVE_INFINITY) return `at least ${atLeast}`;
  if (atLeast === atMost) return `exactly ${atLeast}`;
  return atLeast === 0 ? `at most ${atMost}` : `${atLeast} to ${atMost}`;
}
