// Paths by shape: the functions in their order, the verdicts on the way, and the end.
import type { Outcome, PathRow } from "../tables/rows.js";
import type { DropPlace } from "./drop-places.js";
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

/** How lives of one way end, and their shape. */
interface End {
  readonly outcome: Outcome;
  readonly drop: DropPlace | undefined;
  readonly verdicts: string;
  readonly shape: PathShape;
}

/** The ends of one way. */
interface Ends {
  /** Of the life before: most end like it. */
  last: End | undefined;
  readonly all: Map<string, End>;
}

/** Counts paths, as rows or, faster, as the lives that rows are made from. */
export class PathShapes {
  /** Paths so far. */
  total = 0;
  readonly #shapes = new Map<string, PathShape>();
  /** The recording that lives were given of, and its shapes by way. */
  #lives: Lives | undefined;
  #ways: (Ends | undefined)[] = [];

  addRow(path: PathRow): void {
    const { outcome, drop_reason: dropReason, functions, verdicts } = path;
    this.#count(this.#shape(outcome, dropReason, functions, verdicts), path.duration_ns, path.complete === 1);
  }

  /** @param lives what it is one of: one recording's after another's */
  addLife(life: Life, lives: Lives, isComplete: boolean): void {
    if (this.#lives !== lives) {
      this.#lives = lives;
      this.#ways = [];
    }
    const ends = (this.#ways[life.way] ??= { last: undefined, all: new Map() });
    const outcome = outcomeOf(life, lives);
    const { drop, verdicts, lastNs, firstNs } = life;
    let end = ends.last;
    if (!end || end.outcome !== outcome || end.drop !== drop || end.verdicts !== verdicts)
      ends.last = end = this.#end(ends, life, outcome, lives);
    this.#count(end.shape, lastNs - firstNs, isComplete);
  }

  #end({ all }: Ends, { way, drop, verdicts }: Life, outcome: Outcome, lives: Lives): End {
    const reason = drop?.reason ?? null;
    const key = `${outcome}\n${reason ?? ""}\n${drop?.location ?? ""}\n${verdicts}`;
    let end = all.get(key);
    if (!end) {
      const { functions } = lives.ways.describe(way);
      end = { outcome, drop, verdicts, shape: this.#shape(outcome, reason, functions, verdicts || null) };
      all.set(key, end);
    }
    return end;
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
