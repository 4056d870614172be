// The END chunk: how the recording ended and what the program counted. Without it the file is "not closed".
import { asNumber, asObject, asText } from "./json.js";

/** How a recording ended. */
export interface End {
  /** Why: "signal", "duration", "count", "command", "disk full"... */
  readonly reason: string;
  /** CLOCK_MONOTONIC ns since the recording's start. */
  readonly atNs: number;
  /** Events that probes gave to the rings. */
  readonly attempts: number;
  /** Of those, refused by the rings. */
  readonly failed: number;
}

/** Takes an END from its JSON. */
export function readEnd(json: unknown): End {
  const object = asObject(json);
  return {
    reason: asText(object["reason"], "unknown"),
    atNs: asNumber(object["atNs"]),
    attempts: asNumber(object["attempts"]),
    failed: asNumber(object["failed"]),
  };
}
