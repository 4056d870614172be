// The packet that comes nearest to what was expected, and where it departs from that.
import { stepsOf } from "./assertions.js";
import type { Found, NearestPath } from "./evaluate.js";
import { type Expectation, isVariable, type Where } from "./expectation.js";
import type { Knowledge } from "./knowledge.js";
import type { Group, Tally } from "./tally.js";
import { isCopy, nearness } from "./where.js";

/** What there is to look for it in. */
export interface Failure {
  readonly expectation: Expectation;
  readonly fails: readonly Found[];
  readonly groups: readonly Group[];
  readonly tally: Tally;
  readonly knowledge: Knowledge;
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Kinds of packets that are looked through, for one expectation. */
const KINDS_MAX = 2000;

/** Undefined if the recording has no packet that is like it. */
export function nearestPath({
  expectation,
  fails,
  groups,
  tally,
  knowledge,
  values,
}: Failure): NearestPath | undefined {
  const departed = fails.filter(({ group }) => group !== undefined);
  // The one that keeps to it for the longest part of its way.
  const [best] = departed.toSorted((a, b) => progress(b, knowledge) - progress(a, knowledge));
  if (best?.group) {
    const { group, why, step } = best;
    return { path: group.path, why, ...(step !== undefined && { step }) };
  }
  const [group] = groups;
  const [fail] = fails;
  const isCount = fail?.assertion === "paths";
  if (group && fail && !isCount) return { path: group.path, why: fail.why };
  // Of too many none departs; where there are too few, one that is almost as asked may be meant.
  const found = groups.reduce((sum, { count }) => sum + count, 0);
  if (isCount && found >= (expectation.paths?.atLeast ?? 0)) return undefined;
  return expectation.where && nearestOther(withValues(expectation.where, values), tally, values);
}

function progress({ step = 0, group }: Found, knowledge: Knowledge): number {
  const steps = group ? stepsOf(group.path, knowledge).length : 0;
  return steps === 0 ? 0 : step / steps;
}

/** `where` without its names: those have no pattern to be near to. */
function withValues(where: Where, values: Failure["values"]): Where {
  const { source, destination, source_port, destination_port, ...rest } = where;
  const ends = { source, destination, source_port, destination_port };
  const kept = Object.entries(ends).filter(
    ([, wanted]) => wanted !== undefined && !(isVariable(wanted) && !values.has(wanted.variable)),
  );
  return { ...rest, ...Object.fromEntries(kept) };
}

/** No packet is asked for: one of which the most is as it was asked. */
function nearestOther(where: Where, tally: Tally, values: Failure["values"]): NearestPath | undefined {
  let best: (ReturnType<typeof nearness> & { readonly path: NearestPath["path"] }) | undefined;
  let seen = 0;
  for (const { example } of tally.kinds) {
    if (++seen > KINDS_MAX) break;
    if (where.clones !== true && isCopy(example.path)) continue;
    const near = nearness(where, example);
    if (near.departures.length === 0 && values.size === 0) continue;
    if (near.held > 0 && (!best || near.held > best.held)) best = { ...near, path: example.path };
  }
  if (!best) return undefined;
  const named = [...values].map(([name, ones]) => `$${name} is ${[...ones].join(" or ")}`);
  const why = best.departures.map(({ key, found }) => `its ${key} is ${found}`).join(", ");
  return { path: best.path, why: why || named.join(", ") };
}
