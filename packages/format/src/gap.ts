// The GAP chunk: at this place something could not be read of the recording that this one was made from.
import type { Damage } from "./chunk-scanner.js";
import { asNumber, asObject, asText } from "./json.js";

/** Takes a gap from its JSON. */
export function readGap(json: unknown): Damage {
  const object = asObject(json);
  return {
    offset: asNumber(object["offset"]),
    length: asNumber(object["length"]),
    reason: asText(object["reason"], "unknown"),
  };
}
