// Counts paths by what they are to the expectations, so that these are judged once for each kind of path.
import { Quantiles } from "../reconstruct/quantiles.js";
import type { PathRow } from "../tables/rows.js";
import { isUnchanged } from "./certainty.js";
import type { Expectation, TimeLimits } from "./expectation.js";
import type { FunctionNames } from "./function-names.js";
import { type Selected, type Selector, Selectors } from "./selectors.js";
import { valueOf, variablesOf, type VariableUse } from "./variables.js";
import { type Candidate, isPacket } from "./where.js";

/** Times of the paths of a group, in ns, and the path that took longest. */
export interface Measured {
  readonly times: Quantiles;
  slowest: PathRow;
  slowestNs: number;
}

/** Paths that no assertion tells apart, but those about time. */
export interface Group {
  /** The first of them. */
  readonly path: PathRow;
  count: number;
  /** Times that were asked for, by `spanKey`. */
  readonly measured: Map<string, Measured>;
}

/** Paths with the same values for an expectation's names. */
export interface Cell {
  /** By use, in the order of `variablesOf`. */
  readonly values: readonly (string | undefined)[];
  readonly groups: Map<string, Group>;
}

/** Packets that are the same to every `where`. */
export interface Kind {
  readonly number: number;
  readonly example: Candidate;
  readonly selected: Selected;
  readonly groups: Map<string, Group>;
  readonly spans: readonly TimeLimits[];
  readonly named: readonly NamedExpectation[];
}

/** An expectation that uses names, and the paths that were found for it. */
export interface NamedExpectation {
  readonly expectation: Expectation;
  readonly uses: readonly VariableUse[];
  readonly cells: Map<string, Cell>;
}

/** Network namespaces by inode; those without a name too. */
export type NamespaceNames = ReadonlyMap<number, string | undefined>;

/** What is measured: the same for all limits between the same functions. */
export function spanKey({ from = "", to = "" }: TimeLimits): string {
  return `${from} ${to}`;
}

/** Takes all paths of a recording. */
export class Tally {
  readonly selectors: Selectors;
  readonly named: ReadonlyMap<Expectation, NamedExpectation>;
  readonly #kinds = new Map<string, Kind>();
  readonly #texts = new Texts();

  constructor(expectations: readonly Expectation[]) {
    this.selectors = new Selectors(expectations);
    const named = expectations.map((expectation) => ({ expectation, uses: variablesOf(expectation) }));
    this.named = new Map(
      named
        .filter(({ uses }) => uses.length > 0)
        .map((one) => [one.expectation, { ...one, cells: new Map<string, Cell>() }]),
    );
  }

  get kinds(): Iterable<Kind> {
    return this.#kinds.values();
  }

  /**
   * Takes a path.
   * @param namespaces network namespaces that the recording lists, by inode, with those names that they have
   * @param functions names of its functions
   */
  add(path: PathRow, namespaces: NamespaceNames, functions: FunctionNames): void {
    if (!isPacket(path)) return;
    const asked = this.selectors.asksNamespace;
    const candidate: Candidate = {
      path,
      namespaces: asked ? namesOf(path, namespaces) : [],
      isElsewhere: asked && inodesOf(path).some((inode) => !namespaces.has(Number(inode))),
    };
    const kind = this.#kindOf(candidate);
    if (kind.selected.sure.length === 0 && kind.selected.perhaps.length === 0) return;
    const shape = shapeKey(path, this.#texts);
    const times = timesOf(path, kind.spans, functions);
    count(kind.groups, shape, path, times);
    for (const one of kind.named) addToCell(one, path, `${kind.number}|${shape}`, times);
  }

  #kindOf(candidate: Candidate): Kind {
    const key = this.selectors.keyOf(candidate);
    let kind = this.#kinds.get(key);
    if (!kind) {
      const selected = this.selectors.of(candidate);
      const expectations = selected.sure.flatMap((selector) => selector.expectations);
      const spans = new Map(
        expectations.flatMap(({ time = [] }) => time).map((limits) => [spanKey(limits), limits]),
      );
      kind = {
        number: this.#kinds.size,
        example: candidate,
        selected,
        groups: new Map(),
        spans: [...spans.values()],
        named: this.#namedOf(selected.sure),
      };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  #namedOf(selectors: readonly Selector[]): NamedExpectation[] {
    if (this.named.size === 0) return [];
    return selectors.flatMap(({ expectations }) =>
      expectations.flatMap((expectation) => this.named.get(expectation) ?? []),
    );
  }
}

function inodesOf({ namespaces: inodes }: PathRow): string[] {
  return inodes === "" ? [] : inodes.split(" ");
}

function namesOf(path: PathRow, names: NamespaceNames): string[] {
  return inodesOf(path).flatMap((inode) => {
    const name = names.get(Number(inode));
    return name === undefined ? [inode] : [inode, name];
  });
}

/** Short names for long texts that repeat: a path's functions and verdicts are the same text as those of many before it. */
class Texts {
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }
}

/** What assertions look at. */
function shapeKey(path: PathRow, texts: Texts): string {
  const { functions, verdicts, outcome, drop_reason: reason, drop_location: location } = path;
  const drop = location === null ? "" : `${reason ?? ""}|${location}`;
  const way = `${texts.number(functions)} ${verdicts === null ? "" : texts.number(verdicts)}`;
  return `${way}|${outcome}|${drop}|${path.incomplete_because ?? ""}${isUnchanged(path) ? "" : "~"}`;
}

function count(groups: Map<string, Group>, key: string, path: PathRow, times: Times): void {
  let group = groups.get(key);
  if (!group) {
    group = { path, count: 0, measured: new Map() };
    groups.set(key, group);
  }
  group.count++;
  for (const [span, ns] of times) {
    let measured = group.measured.get(span);
    if (!measured) {
      measured = { times: new Quantiles(), slowest: path, slowestNs: ns };
      group.measured.set(span, measured);
    }
    measured.times.add(ns);
    if (ns > measured.slowestNs) [measured.slowest, measured.slowestNs] = [path, ns];
  }
}

/** @param key the path's kind and shape: `nat` can ask for more than the names' values */
function addToCell({ uses, cells }: NamedExpectation, path: PathRow, key: string, times: Times): void {
  const values = uses.map((use) => valueOf(path, use));
  // A name that stands twice in `where` is one value.
  const chosen = new Map<string, string | undefined>();
  for (const [i, { variable, chooses }] of uses.entries()) {
    if (!chooses) continue;
    if (chosen.has(variable) && chosen.get(variable) !== values[i]) return;
    chosen.set(variable, values[i]);
  }
  const together = values.join(" ");
  let cell = cells.get(together);
  if (!cell) {
    cell = { values, groups: new Map() };
    cells.set(together, cell);
  }
  count(cell.groups, key, path, times);
}

/** Times of a path, in ns, by `spanKey`. */
type Times = readonly (readonly [span: string, ns: number])[];

function timesOf(path: PathRow, spans: readonly TimeLimits[], functions: FunctionNames): Times {
  if (spans.length === 0) return [];
  const canonical = (name: string): string => functions.get(name) ?? name;
  const steps = path.functions.split(" ").map(canonical);
  return spans.flatMap((limits) => {
    const { from, to } = limits;
    const ns = timeBetween(path, steps, from && canonical(from), to && canonical(to));
    return ns === undefined ? [] : [[spanKey(limits), ns] as const];
  });
}

/** ns between two functions, or from the first and to the last event; undefined if it does not pass both in this order. */
function timeBetween(
  path: PathRow,
  steps: readonly string[],
  from: string | undefined,
  to: string | undefined,
): number | undefined {
  if (from === undefined && to === undefined) return path.duration_ns;
  const times = path.hop_ns.split(" ");
  const start = from === undefined ? -1 : steps.indexOf(from);
  if (from !== undefined && start < 0) return undefined;
  const end = to === undefined ? steps.length : steps.indexOf(to, start + 1);
  if (end < 0) return undefined;
  const startNs = start < 0 ? 0 : Number(times[start]);
  const endNs = to === undefined ? path.duration_ns : Number(times[end]);
  return endNs - startNs;
}
