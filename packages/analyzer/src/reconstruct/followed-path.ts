// Paths that are over: their rows are made when asked for, and columns without rows.
import { type Block, blockOf, type Column, numbersOf } from "../tables/block.js";
import type { EventRow, PathRow } from "../tables/rows.js";
import { TABLES } from "../tables/schema.js";
import type { Life } from "./life.js";
import { natOf } from "./nat.js";
import { packetColumns } from "./packet-columns.js";
import { incompleteBecause, type PathContext, pathRow, skbText } from "./path-rows.js";

/** An event of a path, with its stack if that was asked for and recorded. */
export interface PathEvent extends EventRow {
  /** Frames separated by `; `, the innermost first. */
  readonly stack?: string;
}

/** A path, and its events if they were asked for. */
export interface FinishedPath {
  readonly path: PathRow;
  readonly events: readonly PathEvent[];
  /** Which rule decided, by the numbers of those events that are passes: see `decisionText`. */
  readonly decisions?: ReadonlyMap<number, string> | undefined;
}

/** A path of a recording. */
export class FollowedPath implements FinishedPath {
  readonly life: Life;
  readonly events: readonly PathEvent[];
  readonly decisions: ReadonlyMap<number, string> | undefined;
  /** Null: it is complete. */
  readonly incompleteBecause: string | null;
  readonly #context: PathContext;
  #row: PathRow | undefined;

  constructor(
    life: Life,
    context: PathContext,
    events: readonly PathEvent[],
    decisions?: ReadonlyMap<number, string>,
  ) {
    this.life = life;
    this.#context = context;
    this.events = events;
    this.decisions = decisions;
    this.incompleteBecause = incompleteBecause(life, context);
  }

  get path(): PathRow {
    return (this.#row ??= pathRow(this.life, this.incompleteBecause, this.#context));
  }

  get startUnixNs(): bigint | null {
    return this.#context.unixNs(0);
  }

  /**
   * Equal for paths of one recording whose rows say the same of how they went and ended: of all columns but those about
   * this very skb, its times, its packet and its connection.
   */
  get course(): string {
    const { way, firstFunction, lastFunction, cpus, end, born, drop, verdicts } = this.life;
    const ended = drop ? `${drop.reason}@${drop.location}` : end;
    return `${way} ${firstFunction} ${lastFunction} ${cpus} ${born} ${this.incompleteBecause} ${ended} ${verdicts}`;
  }

  /** Whether the courses are surely equal. */
  hasCourseOf(other: FollowedPath): boolean {
    const [a, b] = [this.life, other.life];
    return (
      a.way === b.way &&
      a.firstFunction === b.firstFunction &&
      a.lastFunction === b.lastFunction &&
      a.cpus === b.cpus &&
      a.born === b.born &&
      a.drop === b.drop &&
      a.end === b.end &&
      this.incompleteBecause === other.incompleteBecause &&
      a.verdicts === b.verdicts
    );
  }
}

type CourseColumn =
  | "begin"
  | "outcome"
  | "complete"
  | "incomplete_because"
  | "hops"
  | "functions"
  | "interfaces"
  | "namespaces"
  | "cpus"
  | "verdicts"
  | "drop_reason"
  | "drop_location";

/** Columns of `paths` that a course decides. */
export const COURSE_COLUMNS: readonly CourseColumn[] = [
  "begin",
  "outcome",
  "complete",
  "incomplete_because",
  "hops",
  "functions",
  "interfaces",
  "namespaces",
  "cpus",
  "verdicts",
  "drop_reason",
  "drop_location",
];

/** Paths as a block. */
export function pathBlock(paths: readonly FinishedPath[]): Block {
  const followed = paths.filter((path) => path instanceof FollowedPath);
  if (followed.length === paths.length) return followedBlock(followed);
  return blockOf(
    "paths",
    paths.map(({ path }) => path),
  );
}

function followedBlock(paths: readonly FollowedPath[]): Block {
  const { length } = paths;
  const [first] = paths;
  const lives = paths.map(({ life }) => life);
  const each = Int32Array.from(paths.keys());
  const numbers = (of: (life: Life) => number): Column => ({ kind: "number", values: numbersOf(lives, of) });
  const texts = (of: (life: Life) => string | null): Column => ({
    kind: "text",
    codes: each,
    values: lives.map((life) => of(life)),
  });
  const columns: Record<string, Column> = {
    recording: { kind: "text", codes: new Int32Array(length), values: [first?.path.recording ?? null] },
    path: numbers(({ id }) => id),
    parent: numbers(({ parent }) => parent ?? Number.NaN),
    family: numbers(({ family, id }) => family?.root ?? id),
    merged_into: numbers(({ mergedInto }) => mergedInto ?? Number.NaN),
    skb: texts(skbText),
    time_ns: numbers(({ firstNs }) => firstNs),
    unix_ns: unixTimes(paths, first?.startUnixNs ?? null),
    last_ns: numbers(({ lastNs }) => lastNs),
    duration_ns: numbers(({ firstNs, lastNs }) => lastNs - firstNs),
    events: numbers(({ events }) => events),
    hop_ns: texts(({ hopTimes }) => hopTimes?.join(" ") ?? ""),
    pid: numbers(({ pid }) => pid),
    len: numbers(({ len }) => len),
    nat_before: texts((life) => natOf(life)?.before ?? null),
    nat_after: texts((life) => natOf(life)?.after ?? null),
    conntrack: texts(({ conntrack }) => conntrack || null),
    ...courseColumns(paths),
    ...packetColumns(lives.map(({ firstPacket }) => firstPacket)).columns,
  };
  const last = packetColumns(lives.map(({ lastPacket }) => lastPacket)).columns;
  for (const name of ["source", "source_port", "destination", "destination_port"] as const)
    columns[`last_${name}`] = last[name];
  return {
    table: "paths",
    length,
    columns: TABLES.paths.columns.map(({ name }) => {
      const column = columns[name];
      if (!column) throw new Error(`paths has no column ${name}`);
      return column;
    }),
  };
}

function unixTimes(paths: readonly FollowedPath[], start: bigint | null): Column {
  const values = new BigInt64Array(paths.length);
  paths.forEach(({ life }, i) => {
    values[i] = (start ?? 0n) + BigInt(Math.round(life.firstNs));
  });
  return { kind: "wide", values, absent: start === null };
}

/** One row stands for all of its course. */
function courseColumns(paths: readonly FollowedPath[]): Record<CourseColumn, Column> {
  const rows: PathRow[] = [];
  const known = new Map<string, number>();
  const codes = new Int32Array(paths.length);
  paths.forEach((path, i) => {
    const before = paths[i - 1];
    let code = before?.hasCourseOf(path) ? codes[i - 1] : undefined;
    if (code !== undefined) {
      codes[i] = code;
      return;
    }
    const { course } = path;
    code = known.get(course);
    if (code === undefined) {
      code = rows.push(path.path) - 1;
      known.set(course, code);
    }
    codes[i] = code;
  });
  const columns = COURSE_COLUMNS.map((name): [string, Column] => {
    const values = rows.map((row) => row[name]);
    if (values.every((value) => typeof value === "number")) return [name, { kind: "number", codes, values }];
    return [
      name,
      { kind: "text", codes, values: values.map((value) => (value === null ? null : String(value))) },
    ];
  });
  return Object.fromEntries(columns) as Record<CourseColumn, Column>;
}
