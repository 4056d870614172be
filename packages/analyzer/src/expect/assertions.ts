// What an expectation asserts of one packet, each held against what is known of it. A new assertion is a row of ASSERTIONS.
import { functionOf } from "../reconstruct/drop-places.js";
import type { Outcome, PathRow } from "../tables/rows.js";
import { certaintyOf, isUnchanged } from "./certainty.js";
import {
  type AddressWanted,
  type DropPattern,
  type Ends,
  type Expectation,
  isVariable,
  type PortWanted,
} from "./expectation.js";
import type { Knowledge } from "./knowledge.js";
import { addressHolds, portHolds } from "./patterns.js";
import { passesOf, passHolds, passText } from "./passes.js";
import { valueOf, variablesOf } from "./variables.js";

/** How something stands: it holds, it does not, or that cannot be told. */
export type Verdict = "pass" | "fail" | "unknown";

/** Why an assertion does not hold of a packet, or cannot be told. */
export interface Finding {
  readonly verdict: "fail" | "unknown";
  readonly assertion: keyof Expectation;
  readonly why: string;
  /** After so many steps of the path it departs from what is expected; the number of steps: at its end. */
  readonly step?: number;
}

/** What is asked of one packet. */
export interface Question {
  readonly expectation: Expectation;
  readonly path: PathRow;
  readonly knowledge: Knowledge;
  /** The values that names may have. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

type Assert = (question: Question) => Finding | undefined;

/** An assertion that cannot be told. */
function untold(assertion: keyof Expectation, why: string): Finding {
  return { verdict: "unknown", assertion, why };
}

/** Functions of a path in order, by their names in the probe table. */
export function stepsOf(path: PathRow, knowledge: Knowledge): string[] {
  return path.functions === "" ? [] : path.functions.split(" ").map((name) => knowledge.canonical(name));
}

function isIpv6(path: PathRow): boolean | undefined {
  return path.source === null ? undefined : path.source.includes(":");
}

/** Steps that follow one another in a list, with others between: how many were found, and behind which step. */
function follow<T, U>(
  wanted: readonly T[],
  found: readonly U[],
  holds: (one: T, other: U) => boolean,
): { readonly held: number; readonly at: number } {
  let at = 0;
  let held = 0;
  for (; held < wanted.length; held++) {
    const next = found.findIndex((other, i) => i >= at && holds(wanted[held] as T, other));
    if (next < 0) break;
    at = next + 1;
  }
  return { held, at };
}

function through({ expectation, path, knowledge }: Question): Finding | undefined {
  const assertion = "through";
  const wanted = (expectation.through ?? []).map((name) => knowledge.canonical(name));
  const steps = stepsOf(path, knowledge);
  const certainty = certaintyOf(path, knowledge);
  const unseen = wanted.find((name) => !knowledge.isSight(name) && !steps.includes(name));
  // One that would not have been seen leaves the order of the others to be told.
  const seen = wanted.filter((name) => name !== unseen && (knowledge.isSight(name) || steps.includes(name)));
  const { held, at } = follow(seen, steps, (one, other) => one === other);
  if (held < seen.length) {
    const missing = seen[held] ?? "";
    if (!certainty.whole) return untold(assertion, `${missing} was not seen, but ${certainty.why}`);
    const isEarlier = steps.includes(missing);
    const isNowhere = !knowledge.wasEntered(missing);
    const why = isEarlier
      ? `${missing} comes before ${seen[held - 1] ?? ""}, not after it`
      : `it does not enter ${missing}${held > 0 ? ` after ${seen[held - 1] ?? ""}` : ""}`;
    const hint = isNowhere ? " (no packet of this recording does: the kernel may have inlined it)" : "";
    return { verdict: "fail", assertion, why: why + hint, step: at };
  }
  if (unseen !== undefined) return untold(assertion, knowledge.whyUnseen(unseen) ?? "");
  return certainty.seen ? undefined : untold(assertion, certainty.why);
}

function notThrough({ expectation, path, knowledge }: Question): Finding | undefined {
  const never = (expectation.not_through ?? []).map((name) => knowledge.canonical(name));
  const certainty = certaintyOf(path, knowledge);
  const step = stepsOf(path, knowledge).findIndex((name) => never.includes(name));
  const assertion = "not_through";
  if (step >= 0) {
    const name = stepsOf(path, knowledge)[step] ?? "";
    return certainty.happened
      ? { verdict: "fail", assertion, why: `it enters ${name}`, step: step + 1 }
      : untold(assertion, certainty.why);
  }
  const unseen = never.map((name) => knowledge.whyUnseen(name)).find((why) => why !== undefined);
  if (unseen !== undefined) return untold(assertion, unseen);
  return certainty.unseen ? undefined : untold(assertion, certainty.why);
}

/** A path's drop; harmless ones are none unless they are named. */
function dropOf(
  path: PathRow,
  named: readonly DropPattern[],
): { readonly isNamed: boolean; readonly reason: string | null; readonly location: string } | undefined {
  const { drop_location: location, drop_reason: reason } = path;
  if (location === null) return undefined;
  const place = functionOf(location);
  const isNamed = named.some(
    (pattern) =>
      (pattern.reason === undefined || pattern.reason === reason) &&
      (pattern.function === undefined || pattern.function === place),
  );
  return path.outcome !== "dropped" && !isNamed ? undefined : { isNamed, reason, location };
}

/** The place of a drop has no name where the dictionary is damaged, or the module was gone before it was looked up. */
function isNameless(location: string): boolean {
  return location.startsWith("0x");
}

/** A reason has a number in the place of its name where the description of the recording's host is damaged. */
function isUnnamed(reason: string | null): boolean {
  return reason !== null && /^reason \d+$/.test(reason);
}

/** Why it is not known whether a drop is harmless, or for a reason that is named; undefined if that is known. */
function whyUnclear({ location, reason }: { location: string; reason: string | null }): string | undefined {
  if (isNameless(location))
    return `it is freed as dropped at ${location}, which has no name: whether that is harmless is not known`;
  return isUnnamed(reason)
    ? `it is freed as dropped for ${reason}, whose name the recording lacks: whether that is harmless is not known`
    : undefined;
}

function namedDrops(expectation: Expectation): readonly DropPattern[] {
  const { drops: named = [] } = expectation;
  return named === "none" ? [] : named;
}

function dropText(reason: string | null, location: string): string {
  return `${reason === null ? "" : `${reason} `}at ${location}`;
}

function drops({ expectation, path, knowledge }: Question): Finding | undefined {
  const assertion = "drops";
  const certainty = certaintyOf(path, knowledge);
  const named = namedDrops(expectation);
  const drop = dropOf(path, named);
  if (drop) {
    if (drop.isNamed) return undefined;
    if (!certainty.happened) return untold(assertion, certainty.why);
    const unclear = whyUnclear(drop);
    if (unclear !== undefined) return untold(assertion, unclear);
    const asksForReason = named.some((pattern) => pattern.reason !== undefined);
    if (drop.reason === null && asksForReason)
      return untold(
        assertion,
        `it is dropped at ${drop.location}, and this kernel gives no reasons: name the function`,
      );
    const why = `it is dropped: ${dropText(drop.reason, drop.location)}`;
    return { verdict: "fail", assertion, why, step: path.hops };
  }
  const unseen = knowledge.whyDropsUnseen();
  if (unseen !== undefined) return untold(assertion, unseen);
  return certainty.unseen ? undefined : untold(assertion, certainty.why);
}

function outcome({ expectation, path, knowledge }: Question): Finding | undefined {
  const assertion = "outcome";
  const allowed = expectation.outcome ?? [];
  const certainty = certaintyOf(path, knowledge);
  const drop = dropOf(path, namedDrops(expectation));
  const found: Outcome = drop ? "dropped" : path.outcome;
  const isAllowed = allowed.includes(found);
  if (found === "dropped" ? !certainty.happened : !certainty.seen) return untold(assertion, certainty.why);
  const unclear = drop && !drop.isNamed ? whyUnclear(drop) : undefined;
  if (unclear !== undefined) return untold(assertion, unclear);
  if (isAllowed) {
    // Told by where it was last seen, and by that it was not seen being dropped.
    const unseen =
      found === "dropped" || found === "open"
        ? undefined
        : (knowledge.whyDropsUnseen() ?? knowledge.whyPacketsUnseen());
    return unseen === undefined ? undefined : untold(assertion, unseen);
  }
  if (found === "open" || found === "unknown") return untold(assertion, certainty.why || WHY_UNKNOWN);
  const why = drop
    ? `it is dropped: ${dropText(drop.reason, drop.location)}`
    : `it is ${found}, not ${allowed.join(" or ")}`;
  return { verdict: "fail", assertion, why, step: path.hops };
}

const WHY_UNKNOWN = "its end was not seen";

function traversals({ expectation, path, knowledge }: Question): Finding | undefined {
  const assertion = "traversals";
  const certainty = certaintyOf(path, knowledge);
  const passes = passesOf(path);
  const unseen = knowledge.whyTablesUnseen(isIpv6(path));
  const { traversals: wanted = [] } = expectation;
  if (wanted === "none") {
    const [first] = passes;
    if (first && !certainty.happened) return untold(assertion, certainty.why);
    if (first) return { verdict: "fail", assertion, why: `it passes ${passText(first)}` };
    if (unseen !== undefined) return untold(assertion, unseen);
    return certainty.unseen ? undefined : untold(assertion, certainty.why);
  }
  const { held } = follow(wanted, passes, passHolds);
  if (held === wanted.length) return certainty.seen ? undefined : untold(assertion, certainty.why);
  if (unseen !== undefined) return untold(assertion, unseen);
  if (!certainty.whole)
    return untold(assertion, `${passText(wanted[held] ?? {})} was not seen, but ${certainty.why}`);
  const found = passes.map(passText).join(", ") || "none";
  const why = `it does not pass ${passText(wanted[held] ?? {})}${held > 0 ? ` after ${passText(wanted[held - 1] ?? {})}` : ""}; it passes: ${found}`;
  return { verdict: "fail", assertion, why };
}

const ENDS = ["source", "source_port", "destination", "destination_port"] as const;

function endHolds(
  wanted: AddressWanted | PortWanted | undefined,
  value: string | number | null,
  values: Question["values"],
): boolean {
  if (wanted === undefined) return true;
  if (isVariable(wanted)) return values.get(wanted.variable)?.has(String(value)) === true;
  return wanted.some((pattern) =>
    "bytes" in pattern
      ? addressHolds(pattern, value === null ? null : String(value))
      : portHolds(pattern, value === null ? null : Number(value)),
  );
}

const endText = (address: string | null, port: number | null): string =>
  `${address ?? "?"}${port === null ? "" : ` port ${port}`}`;

/** `10.0.0.1 port 5 -> 10.0.0.2 port 80`. */
function flowBefore(path: PathRow): string {
  return `${endText(path.source, path.source_port)} -> ${endText(path.destination, path.destination_port)}`;
}

function flowAfter(path: PathRow): string {
  return `${endText(path.last_source, path.last_source_port)} -> ${endText(path.last_destination, path.last_destination_port)}`;
}

/** The values of names for one packet: where an earlier expectation has not found one, what stands at its first place. */
function ownValues({ expectation, path, values }: Question): Question["values"] {
  const own = new Map(values);
  for (const use of variablesOf(expectation)) {
    const value = valueOf(path, use);
    if (value !== undefined && !own.has(use.variable)) own.set(use.variable, new Set([value]));
  }
  return own;
}

/** The first end that is another than is wanted. */
function departingEnd(
  ends: Ends | undefined,
  prefix: "" | "last_",
  path: PathRow,
  values: Question["values"],
): (typeof ENDS)[number] | undefined {
  return ENDS.find((end) => !endHolds(ends?.[end], path[`${prefix}${end}`], values));
}

/** `its source is not $client, which is 10.0.0.1`. */
function departureText(
  end: (typeof ENDS)[number],
  ends: Ends | undefined,
  values: Question["values"],
): string {
  const wanted = ends?.[end];
  const named = isVariable(wanted) ? values.get(wanted.variable) : undefined;
  return named && isVariable(wanted)
    ? `its ${end} is not $${wanted.variable}, which is ${[...named].join(" or ")}`
    : `its ${end} is not as expected`;
}

function nat(question: Question): Finding | undefined {
  const { expectation, path, knowledge } = question;
  const assertion = "nat";
  const certainty = certaintyOf(path, knowledge);
  const wanted = expectation.nat;
  if (wanted === undefined) return undefined;
  if (wanted === "none") {
    if (isUnchanged(path)) return certainty.unseen ? undefined : untold(assertion, certainty.why);
    if (!certainty.seen) return untold(assertion, certainty.why);
    return {
      verdict: "fail",
      assertion,
      why: `it is changed from ${flowBefore(path)} to ${flowAfter(path)}`,
      step: path.hops,
    };
  }
  const values = ownValues(question);
  const before = departingEnd(wanted.before, "", path, values);
  if (before !== undefined)
    return certainty.seen
      ? {
          verdict: "fail",
          assertion,
          why: `before: ${departureText(before, wanted.before, values)}: ${flowBefore(path)}`,
          step: 0,
        }
      : untold(assertion, certainty.why);
  const after = departingEnd(wanted.after, "last_", path, values);
  if (after === undefined) return certainty.seen ? undefined : untold(assertion, certainty.why);
  if (!certainty.whole)
    return untold(assertion, `its ${after} was not seen to become what is expected, but ${certainty.why}`);
  const why = `after: ${departureText(after, wanted.after, values)}: ${flowAfter(path)}`;
  return { verdict: "fail", assertion, why, step: path.hops };
}

/** By key; limits of time are of many packets together, and counts too. */
const ASSERTIONS: Readonly<Partial<Record<keyof Expectation, Assert>>> = {
  through,
  not_through: notThrough,
  drops,
  outcome,
  traversals,
  nat,
};

/** What does not hold of a packet, or cannot be told. */
export function findings(question: Question): Finding[] {
  const found: Finding[] = [];
  for (const [key, assert] of Object.entries(ASSERTIONS)) {
    if (question.expectation[key as keyof Expectation] === undefined) continue;
    const finding = assert(question);
    if (finding) found.push(finding);
  }
  return isOpenAllowed(question) ? found.filter(({ verdict }) => verdict === "fail") : found;
}

/** Where packets may be still under way, those that are, are judged as far as they went. */
function isOpenAllowed({ expectation, path, knowledge }: Question): boolean {
  return (
    path.outcome === "open" &&
    path.incomplete_because === "open" &&
    knowledge.endsRecorded &&
    expectation.outcome?.includes("open") === true
  );
}
