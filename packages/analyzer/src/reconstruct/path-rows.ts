// Rows of `paths` from lives that have ended.
import type { Outcome, PathRow } from "../tables/rows.js";
import type { Life } from "./life.js";
import type { Lives } from "./lives.js";
import { natOf } from "./nat.js";
import { stageOf } from "./stages.js";

/** How a life ended, in the terms of `paths`. */
export function outcomeOf(life: Life, lives: Lives): Outcome {
  if (life.drop) return life.drop.rule?.outcome ?? "dropped";
  if (life.end === "open") return "open";
  if (life.end === "reused") return "unknown";
  return lives.functions.stages[life.lastFunction]?.outcome ?? stageOf("").outcome;
}

/** Says whether events were lost between two times. */
export interface LostBetween {
  /** On a CPU, or on one that is not known. */
  on(cpu: number, fromNs: number, toNs: number): boolean;
  anywhere(fromNs: number, toNs: number): boolean;
}

/** Why a path may not be all; null: it is. */
export function incompleteBecause(
  life: Life,
  { lives, endsRecorded, lostBetween }: PathContext,
): string | null {
  let because = "";
  // What was lost after an end that was not seen may have been that end.
  const lastNs = life.end === "freed" ? life.lastNs : Number.POSITIVE_INFINITY;
  if (lostBetween.anywhere(life.firstNs, lastNs))
    because = lives.cpuSets.cpus(life.cpus).some((cpu) => lostBetween.on(cpu, life.firstNs, lastNs))
      ? "loss"
      : // Where it went from CPU to CPU, all that it did on one of them may be what was lost there.
        "loss_elsewhere";
  const add = (reason: string): void => {
    because += because === "" ? reason : `,${reason}`;
  };
  if (life.damaged) add("damage");
  if (!life.beginSeen) add("begin");
  if (life.end === "open") add("open");
  // Without probes on all ends even an end that was seen may be another packet's.
  else if (life.end === "reused" || !endsRecorded) add("end");
  return because || null;
}

/** What rows need beside lives. */
export interface PathContext {
  readonly recording: string;
  readonly lives: Lives;
  readonly endsRecorded: boolean;
  readonly lostBetween: LostBetween;
  unixNs(timeNs: number): bigint | null;
}

/** The skb's address. */
export function skbText({ low, high }: Life): string {
  return `0x${hex(high)}${hex(low)}`;
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}

/**
 * The row of a life.
 * @param because what `incompleteBecause` said when it ended
 */
export function pathRow(life: Life, because: string | null, context: PathContext): PathRow {
  const { lives } = context;
  const way = lives.ways.describe(life.way);
  const { firstPacket: packet, lastPacket: last } = life;
  const nat = natOf(life);
  return {
    recording: context.recording,
    path: life.id,
    parent: life.parent ?? null,
    family: life.family?.root ?? life.id,
    merged_into: life.mergedInto ?? null,
    skb: skbText(life),
    time_ns: life.firstNs,
    unix_ns: context.unixNs(life.firstNs),
    last_ns: life.lastNs,
    duration_ns: life.lastNs - life.firstNs,
    begin: life.born ?? lives.functions.stages[life.firstFunction]?.begin ?? "unknown",
    outcome: outcomeOf(life, lives),
    complete: because === null ? 1 : 0,
    incomplete_because: because,
    events: life.events,
    hops: way.hops,
    functions: way.functions,
    hop_ns: life.hopTimes?.join(" ") ?? "",
    interfaces: way.interfaces,
    namespaces: way.namespaces,
    cpus: lives.cpuSets.cpus(life.cpus).join(" "),
    pid: life.pid,
    len: life.len,
    protocol: packet?.protocol ?? null,
    info: packet?.info ?? null,
    source: packet?.source ?? null,
    source_port: packet?.source_port ?? null,
    destination: packet?.destination ?? null,
    destination_port: packet?.destination_port ?? null,
    icmp_id: packet?.icmp_id ?? null,
    icmp_seq: packet?.icmp_seq ?? null,
    last_source: last?.source ?? null,
    last_source_port: last?.source_port ?? null,
    last_destination: last?.destination ?? null,
    last_destination_port: last?.destination_port ?? null,
    nat_before: nat?.before ?? null,
    nat_after: nat?.after ?? null,
    conntrack: life.conntrack || null,
    verdicts: life.verdicts || null,
    drop_reason: life.drop?.reason ?? null,
    drop_location: life.drop?.location ?? null,
  };
}
