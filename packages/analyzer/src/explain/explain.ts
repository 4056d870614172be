// Explanations of drops: found by a drop's reason, else by its place, and by a name that somebody asks about.
import { BENIGN_RULES, type BenignRule } from "../reconstruct/benign.js";
import { functionOf } from "../reconstruct/drop-places.js";
import { DEVICE_REASONS } from "./device-reasons.js";
import type { Explanation } from "./explanation.js";
import { IP_REASONS } from "./ip-reasons.js";
import { MODULE_REASONS, REASON_FAMILIES } from "./module-reasons.js";
import { PLACES } from "./places.js";
import { QUEUE_REASONS } from "./queue-reasons.js";
import { SOCKET_REASONS } from "./socket-reasons.js";
import { TCP_REASONS } from "./tcp-reasons.js";

/** An explanation, and what it is of. */
export interface Explained extends Explanation {
  /** Name of the reason, or of the function. */
  readonly name: string;
  readonly kind: "reason" | "place";
}

/** Every reason with a row of its own. */
export const REASONS: ReadonlyMap<string, Explanation> = new Map(
  Object.entries({
    ...SOCKET_REASONS,
    ...IP_REASONS,
    ...TCP_REASONS,
    ...DEVICE_REASONS,
    ...QUEUE_REASONS,
    ...MODULE_REASONS,
  }),
);

const PLACE_OF: ReadonlyMap<string, Explanation> = new Map(
  PLACES.flatMap((place) => place.functions.map((name) => [name, place] as const)),
);

/** Reasons that say less than the place does. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(["NOT_SPECIFIED"]);

/**
 * Of a drop. What explains it is its reason, or its place if there is no reason or it says nothing.
 * @param reason as a row of `drops` has it; null where the kernel gives none
 * @param place name of the function
 */
export function explainDrop(reason: string | null, place: string): Explained | undefined {
  const ofPlace = explainedPlace(place);
  if (reason === null) return ofPlace;
  if (SAYS_NOTHING.has(reason) && ofPlace) return ofPlace;
  return explainedReason(reason);
}

/** Of a name that somebody gives: a reason, with or without the kernel's prefix, or a function, a location too. */
export function explainName(text: string): Explained | undefined {
  const reason = text.toUpperCase().replace(/^SKB_DROP_REASON_/, "");
  return explainedReason(reason) ?? explainedPlace(functionOf(text));
}

/** Every name that can be explained: reasons, then places. */
export function explainedNames(): string[] {
  return [...REASONS.keys(), ...PLACE_OF.keys()];
}

/** The rules by which a drop with this reason or at this place is harmless; all functions, or all reasons, do not count. */
export function harmlessRules({ name, kind }: Explained): BenignRule[] {
  return BENIGN_RULES.filter(({ functions, reasons }) => {
    if (kind === "reason") return reasons?.includes(name) ?? false;
    return functions instanceof RegExp
      ? functions.source !== "." && functions.test(name)
      : functions.includes(name);
  });
}

function explainedReason(name: string): Explained | undefined {
  const explanation = REASONS.get(name) ?? REASON_FAMILIES.find(({ names }) => names.test(name))?.explanation;
  return explanation && explained(name, "reason", explanation);
}

function explainedPlace(name: string): Explained | undefined {
  const explanation = PLACE_OF.get(name);
  return explanation && explained(name, "place", explanation);
}

function explained(name: string, kind: Explained["kind"], explanation: Explanation): Explained {
  const { means, causes, check, source } = explanation;
  return { name, kind, means, causes, check, source };
}
