// The report of a check as NDJSON: an object for each expectation.
import type { PlacedResult } from "./report.js";

/** The line, without its end. */
export function resultJson({ name, line, verdict, paths, reasons, nearest }: PlacedResult): string {
  return JSON.stringify({
    name,
    line,
    verdict: verdict === "unknown" ? "cannot tell" : verdict,
    paths,
    reasons,
    nearest: nearest
      ? {
          path: nearest.path.path,
          why: nearest.why,
          after_step: nearest.step ?? null,
          protocol: nearest.path.protocol,
          info: nearest.path.info,
          source: nearest.path.source,
          source_port: nearest.path.source_port,
          destination: nearest.path.destination,
          destination_port: nearest.path.destination_port,
          outcome: nearest.path.outcome,
          functions: nearest.path.functions,
          verdicts: nearest.path.verdicts,
          drop_reason: nearest.path.drop_reason,
          drop_location: nearest.path.drop_location,
        }
      : null,
  });
}
