// What a recording shows of each flow, to expect it again.
import { flowOf, isBackground } from "../../diff/flows.js";
import { functionOf } from "../../reconstruct/drop-places.js";
import { Quantiles } from "../../reconstruct/quantiles.js";
import type { PathRow } from "../../tables/rows.js";
import { isUnchanged } from "../certainty.js";
import { type Pass, passesOf, passText } from "../passes.js";
import { isCopy, isPacket } from "../where.js";

/** Different values that are remembered of a flow. */
const VALUES_MAX = 5;

/** Functions that packets enter only while somebody listens: tcpdump and its like. */
const TAPS = ["tpacket_rcv", "packet_rcv"];

const ENDS = ["source", "source_port", "destination", "destination_port"] as const;

/** A packet's end: its column. */
export type End = (typeof ENDS)[number];

/** What the packets of a flow have in common. */
export class SurveyedFlow {
  readonly name: string;
  readonly example: PathRow;
  count = 0;
  readonly outcomes: Set<string> = new Set();
  readonly drops: Set<string> = new Set();
  readonly values: ReadonlyMap<End, Set<string>> = new Map(ENDS.map((end) => [end, new Set<string>()]));
  /** Of those that NAT changed, and what to. */
  readonly changed: ReadonlyMap<End, Set<string>> = new Map(ENDS.map((end) => [end, new Set<string>()]));
  readonly times: Quantiles = new Quantiles();
  isEverUnchanged = false;
  #functions: readonly string[] | undefined;
  #passes: readonly Pass[] | undefined;
  /** Ways and passes that were taken into account. */
  readonly #seen = new Set<string>();

  constructor(name: string, example: PathRow) {
    this.name = name;
    this.example = example;
  }

  /** Functions that all enter, in this order. */
  get functions(): readonly string[] {
    return this.#functions ?? [];
  }

  /** Passes that all make, in this order. */
  get passes(): readonly Pass[] {
    return this.#passes ?? [];
  }

  add(path: PathRow): void {
    this.count++;
    this.outcomes.add(path.outcome);
    this.times.add(path.duration_ns);
    if (path.outcome === "dropped") this.drops.add(path.drop_reason ?? functionOf(path.drop_location ?? ""));
    if (isUnchanged(path)) this.isEverUnchanged = true;
    for (const end of ENDS) {
      const [before, after] = [path[end], path[`last_${end}`]];
      remember(this.values.get(end), before);
      if (before !== after) remember(this.changed.get(end), after);
    }
    // What is under way has yet to go the rest.
    if (path.outcome === "open") return;
    const key = `${path.functions}|${path.verdicts ?? ""}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const functions = path.functions.split(" ").filter((name) => name !== "" && !TAPS.includes(name));
    const passes = passesOf(path);
    this.#functions = this.#functions ? common(this.#functions, functions, String) : functions;
    this.#passes = this.#passes ? common(this.#passes, passes, passText) : passes;
  }
}

function remember(values: Set<string> | undefined, value: string | number | null): void {
  if (values && value !== null && values.size <= VALUES_MAX) values.add(String(value));
}

/** All values, or undefined if there are too many to name. */
export function fewValues(values: ReadonlySet<string> | undefined): readonly string[] | undefined {
  return values && values.size > 0 && values.size < VALUES_MAX ? [...values].toSorted() : undefined;
}

/** The longest list of what stands in both, in the same order. */
function common<T>(a: readonly T[], b: readonly T[], textOf: (one: T) => string): T[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const isSame = (i: number, j: number): boolean => textOf(a[i] as T) === textOf(b[j] as T);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = isSame(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const found: T[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (isSame(i, j)) {
      found.push(a[i] as T);
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return found;
}

/** Takes all paths of a recording. */
export class Survey {
  readonly #flows = new Map<string, SurveyedFlow>();

  add(path: PathRow): void {
    if (!isPacket(path) || isCopy(path) || path.protocol === null) return;
    const name = flowOf(path);
    if (isBackground(name)) return;
    let flow = this.#flows.get(name);
    if (!flow) {
      flow = new SurveyedFlow(name, path);
      this.#flows.set(name, flow);
    }
    flow.add(path);
  }

  /** The flow with the most packets first. */
  flows(): SurveyedFlow[] {
    return [...this.#flows.values()].toSorted((a, b) => b.count - a.count);
  }
}
