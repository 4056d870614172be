// Rows of `paths` from lives that have ended.
import type { Outcome, PathRow } from "../tables/rows.js";
import type { Life } from "./life.js";
import type { Lives } from "./lives.js";
import { stageOf } from "./stages.js";

/** How a life ended, in the terms of `paths`. */
export function outcomeOf(life: Life, lives: Lives): Outcome {
  if (life.drop) return life.drop.rule?.outcome ?? "dropped";
  if (life.end === "open") return "open";
  if (life.end === "reused") return "unknown";
  return lives.functions.stages[life.lastFunction]?.outcome ?? stageOf("").outcome;
}

/** Says whether events were lost on a CPU between two times. */
export type LostBetween = (cpu: number, fromNs: number, toNs: number) => boolean;

/** Why a path may not be all; null: it is. */
export function incompleteBecause(
  life: Life,
  { lives, endsRecorded, lostBetween }: PathContext,
): string | null {
  let because = "";
  // What was lost after an end that was not seen may have been that end.
  const lastNs = life.end === "freed" ? life.lastNs : Number.POSITIVE_INFINITY;
  for (const cpu of lives.cpuSets.cpus(life.cpus))
    if (lostBetween(cpu, life.firstNs, lastNs)) {
      because = "loss";
      break;
    }
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

/** The row of a life. */
export function pathRow(life: Life, context: PathContext): PathRow {
  const { lives } = context;
  const way = lives.ways.describe(life.way);
  const because = incompleteBecause(life, context);
  const { firstPacket: packet, lastPacket: last } = life;
  return {
    recording: context.recording,
    path: life.id,
    parent: life.parent ?? null,
    skb: `0x${(life.high >>> 0).toString(16).padStart(8, "0")}${(life.low >>> 0).toString(16).padStart(8, "0")}`,
    time_ns: life.firstNs,
    unix_ns: context.unixNs(life.firstNs),
    last_ns: life.lastNs,
    duration_ns: life.lastNs - life.firstNs,
    begin: life.cloned ? "cloned" : (lives.functions.stages[life.firstFunction]?.begin ?? "unknown"),
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
    verdicts: life.verdicts || null,
    drop_reason: life.drop?.reason ?? null,
    drop_location: life.drop?.location ?? null,
  };
}
