// What a recording cost, for info: the programs' runs, what was missed, the recorder's own time and memory.
import {
  type Miss,
  missedHits,
  type ProgramCost,
  readCost,
  readRecorderCost,
  type RecordingReader,
} from "@skbtracer/format";
import { bytesText, countText, nsText } from "../print/quantities.js";
import { escapeText } from "../print/escape.js";

/** Members of `info --json`; null where the recording says nothing of it. */
export interface CostInfo {
  readonly missed: number | null;
  readonly misses_known: boolean;
  readonly misses: readonly Miss[];
  readonly programs: readonly ProgramCost[];
  readonly bpf_runs: number | null;
  readonly bpf_run_time_ns: number | null;
  readonly recorder: {
    readonly user_ns: number;
    readonly system_ns: number;
    readonly max_resident_bytes: number;
  } | null;
}

/** The cost that a recording tells of. */
export function costInfo(reader: RecordingReader): CostInfo {
  const cost = readCost(reader.stats);
  const recorder = readRecorderCost(reader.stats);
  const runs = (cost?.programs ?? []).filter((program) => program.runs > 0);
  return {
    missed: cost ? missedHits(cost) : null,
    misses_known: cost?.missesKnown ?? false,
    misses: cost?.misses ?? [],
    programs: cost?.programs ?? [],
    bpf_runs: runs.length > 0 ? runs.reduce((sum, one) => sum + one.runs, 0) : null,
    bpf_run_time_ns: runs.length > 0 ? runs.reduce((sum, one) => sum + one.runTimeNs, 0) : null,
    recorder: recorder
      ? {
          user_ns: recorder.userMicroseconds * 1000,
          system_ns: recorder.systemMicroseconds * 1000,
          max_resident_bytes: recorder.maxResidentKib * 1024,
        }
      : null,
  };
}

/** The same as lines of text. */
export function costLines(cost: CostInfo): string[] {
  const rows: string[] = [];
  if (cost.recorder) {
    const { user_ns, system_ns, max_resident_bytes } = cost.recorder;
    rows.push(
      `recorder: ${nsText(user_ns)} user, ${nsText(system_ns)} system, ${bytesText(max_resident_bytes)} at most`,
    );
  }
  if (cost.bpf_runs !== null)
    rows.push(
      `programs: ${countText(cost.bpf_runs)} runs, ${nsText(cost.bpf_run_time_ns ?? 0)}, ` +
        `${nsText(Math.round((cost.bpf_run_time_ns ?? 0) / cost.bpf_runs))} each`,
    );
  if (cost.missed !== null)
    rows.push(
      cost.misses_known
        ? `missed: ${countText(cost.missed)} hits${cost.missed > 0 ? ": paths may lack what was seen there" : ""}`
        : `missed: ${cost.missed > 0 ? `${countText(cost.missed)} hits at least; ` : ""}this kernel does not tell of all (from 6.7)`,
    );
  for (const { probe, others, count } of cost.misses)
    rows.push(
      `  ${countText(count)} of ${escapeText(probe)}${others > 0 ? ` and ${others} more, attached together` : ""}`,
    );
  return rows.map((row, i) => `${(i === 0 ? "cost" : "").padEnd(11)} ${row}`);
}
