// Paths by shape: the functions in their order, the verdicts on the way, and the end.
import type { Outcome, PathRow } from "../tables/rows.js";
import type { Life } from "./life.js";
import type { Lives } from "./lives.js";
import { outcomeOf } from "./path-rows.js";
import { Quantiles } from "./quantiles.js";

/** Paths of one shape. */
export interface PathShape {
  readonly outcome: Outcome;
  readonly dropReason: string | null;
  /** Separated by spaces. */
  readonly functions: string;
  readonly verdicts: string | null;
  /** Of the paths' total times, in ns. */
  readonly times: Quantiles;
  incomplete: number;
}

/** Counts paths, as rows or, faster, as the lives that rows are made from. */
export class PathShapes {
  /** Paths so far. */
  total = 0;
  readonly #shapes = new Map<string, PathShape>();
  /** Shapes of one recording's lives: by way, then by all else. */
  readonly #ofLives = new WeakMap<Lives, Map<number, Map<string, PathShape>>>();

  addRow(path: PathRow): void {
    const { outcome, drop_reason: dropReason, functions, verdicts } = path;
    this.#count(this.#shape(outcome, dropReason, functions, verdicts), path.duration_ns, path.complete === 1);
  }

  addLife(life: Life, lives: Lives, isComplete: boolean): void {
    let ways = this.#ofLives.get(lives);
    if (!ways) {
      ways = new Map();
      this.#ofLives.set(lives, ways);
    }
    let ends = ways.get(life.way);
    if (!ends) {
      ends = new Map();
      ways.set(life.way, ends);
    }
    const outcome = outcomeOf(life, lives);
    const key =
      life.drop || life.verdicts ? `${outcome}\n${life.drop?.reason ?? ""}\n${life.verdicts}` : outcome;
    let shape = ends.get(key);
    if (!shape) {
      const { functions } = lives.ways.describe(life.way);
      shape = this.#shape(outcome, life.drop?.reason ?? null, functions, life.verdicts || null);
      ends.set(key, shape);
    }
    this.#count(shape, life.lastNs - life.firstNs, isComplete);
  }

  /** The most frequent first. */
  all(): PathShape[] {
    return [...this.#shapes.values()].toSorted((a, b) => b.times.count - a.times.count);
  }

  #count(shape: PathShape, durationNs: number, isComplete: boolean): void {
    this.total++;
    shape.times.add(durationNs);
    if (!isComplete) shape.incomplete++;
  }

  #shape(outcome: Outcome, dropReason: string | null, functions: string, verdicts: string | null): PathShape {
    const key = `${outcome}\n${dropReason ?? ""}\n${functions}\n${verdicts ?? ""}`;
    let shape = this.#shapes.get(key);
    if (!shape) {
      shape = { outcome, dropReason, functions, verdicts, times: new Quantiles(), incomplete: 0 };
      this.#shapes.set(key, shape);
    }
    return shape;
  }
}
