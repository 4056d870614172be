// The paths of a recording, counted by flow and by way, for a comparison with another.
import type { Knowledge } from "../expect/knowledge.js";
import { isUnchanged, missingOf } from "../expect/certainty.js";
import { isPacket } from "../expect/where.js";
import { functionOf } from "../reconstruct/drop-places.js";
import type { Outcome, PathRow } from "../tables/rows.js";
import { flowOf } from "./flows.js";
import type { Roles } from "./roles.js";
import { isIpv6 } from "./tables.js";
import { Times } from "./times.js";

/** A way that packets took, without what differs from host to host and from time to time. */
export interface Way {
  readonly functions: readonly string[];
  /** Of the devices in their order. */
  readonly roles: readonly string[];
  readonly verdicts: string | null;
  readonly outcome: Outcome;
  /** Of a drop that is not harmless. */
  readonly dropReason: string | null;
  readonly dropFunction: string | null;
  /** Whether addresses or ports changed. */
  readonly isTranslated: boolean;
}

/** Paths of one flow that took the same way. */
export interface Counted {
  readonly way: Way;
  count: number;
  readonly times: Times;
}

/** Paths of one flow. */
export interface FlowCount {
  readonly ways: Map<string, Counted>;
  count: number;
  /** Those of which something is missing, which are not compared. */
  partial: number;
}

interface Raw {
  readonly flow: string;
  readonly path: PathRow;
  readonly isWhole: boolean;
  count: number;
  readonly times: Times;
}

/** How ways are compared. */
export interface Normal {
  /** Functions that are compared, by their names in the probe table. */
  readonly compares: (name: string) => boolean;
  readonly reasons: boolean;
  /** Whether how packets end is known; if not, only that they are dropped is compared. */
  readonly ends: boolean;
  readonly roles: boolean;
  /** The verdicts of a path that are compared. */
  readonly verdicts: (path: PathRow) => string | null;
}

/** Takes all paths of a recording. */
export class Census {
  readonly #raw = new Map<string, Raw>();
  readonly #allowLoss: boolean;

  /** @param allowLoss count paths of which something is missing as if nothing were */
  constructor(allowLoss: boolean) {
    this.#allowLoss = allowLoss;
  }

  add(path: PathRow): void {
    if (!isPacket(path)) return;
    const flow = flowOf(path);
    const isWhole = missingOf(path).length === 0 || (this.#allowLoss && path.outcome !== "open");
    const key = `${flow}|${path.functions}|${path.interfaces}|${path.verdicts ?? ""}|${path.outcome}|${path.drop_reason ?? ""}|${path.drop_location ?? ""}|${isWhole ? 1 : 0}${isUnchanged(path) ? 1 : 0}${isIpv6(path) ? 6 : 4}`;
    let raw = this.#raw.get(key);
    if (!raw) {
      raw = { flow, path, isWhole, count: 0, times: new Times() };
      this.#raw.set(key, raw);
    }
    raw.count++;
    raw.times.add(path.duration_ns);
  }

  /** Functions that were entered, by their names in the probe table, with the flows that entered them. */
  entered(knowledge: Knowledge): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const found = new Map<string, Map<string, number>>();
    for (const { flow, path, count } of this.#raw.values())
      for (const name of new Set(canonical(path, knowledge))) {
        let flows = found.get(name);
        if (!flows) {
          flows = new Map();
          found.set(name, flows);
        }
        flows.set(flow, (flows.get(flow) ?? 0) + count);
      }
    return found;
  }

  /** All devices on the ways. */
  *interfaces(): Generator<string> {
    for (const { path } of this.#raw.values()) yield path.interfaces;
  }

  get hasReasons(): boolean {
    for (const { path } of this.#raw.values())
      if (path.drop_location !== null && path.drop_reason === null) return false;
    return true;
  }

  /** Flows by name. */
  flows(knowledge: Knowledge, roles: Roles, normal: Normal): Map<string, FlowCount> {
    const flows = new Map<string, FlowCount>();
    for (const raw of this.#raw.values()) {
      let flow = flows.get(raw.flow);
      if (!flow) {
        flow = { ways: new Map(), count: 0, partial: 0 };
        flows.set(raw.flow, flow);
      }
      if (!raw.isWhole || (normal.ends && raw.path.outcome === "unknown")) {
        flow.partial += raw.count;
        continue;
      }
      flow.count += raw.count;
      const way = wayOf(raw.path, knowledge, roles, normal);
      const key = JSON.stringify(way);
      let counted = flow.ways.get(key);
      if (!counted) {
        counted = { way, count: 0, times: new Times() };
        flow.ways.set(key, counted);
      }
      counted.count += raw.count;
      counted.times.addAll(raw.times);
    }
    return flows;
  }
}

function canonical(path: PathRow, knowledge: Knowledge): string[] {
  return path.functions === "" ? [] : path.functions.split(" ").map((name) => knowledge.canonical(name));
}

function wayOf(path: PathRow, knowledge: Knowledge, roles: Roles, normal: Normal): Way {
  const isDrop = path.outcome === "dropped" && path.drop_location !== null;
  return {
    functions: canonical(path, knowledge).filter(normal.compares),
    roles: normal.roles ? roles.of(path.interfaces) : [],
    verdicts: normal.verdicts(path),
    outcome: normal.ends || isDrop ? path.outcome : "unknown",
    dropReason: isDrop && normal.reasons ? path.drop_reason : null,
    dropFunction: isDrop ? functionOf(path.drop_location ?? "") : null,
    isTranslated: !isUnchanged(path),
  };
}
