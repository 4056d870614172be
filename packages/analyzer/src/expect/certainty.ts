// What may be concluded from one path, by what may be missing of it. The rule: what was seen of an unbroken path is true,
// what was not seen of it is true only as far as it was watched.
import { HOPS_MAX } from "../reconstruct/places.js";
import type { PathRow } from "../tables/rows.js";
import type { Knowledge } from "./knowledge.js";

/** What holds of a path for certain. */
export interface Certainty {
  /** What was seen of it is of this packet, in this order. */
  readonly seen: boolean;
  /** A single thing that was seen happened to a packet with these ends, if not to this one. */
  readonly happened: boolean;
  /** What was not seen did not happen while it was recorded. */
  readonly unseen: boolean;
  /** It was watched from its begin to its end: what was not seen did not happen at all. */
  readonly whole: boolean;
  /** Why it is not whole. */
  readonly why: string;
}

/** Whether the packet's ends are the same when first and when last seen. */
export function isUnchanged(path: PathRow): boolean {
  return (
    path.source === path.last_source &&
    path.destination === path.last_destination &&
    path.source_port === path.last_source_port &&
    path.destination_port === path.last_destination_port
  );
}

const WHY: Readonly<Record<string, string>> = {
  loss: "events were lost on its way",
  loss_elsewhere: "events were lost on other CPUs, where it may have been too",
  damage: "a part of the file is missing",
  begin: "its begin was not seen",
  end: "its end was not seen",
  open: "it was still under way when the recording ended",
};

/** Where events are missing, in the middle of a path too. */
const BREAKS = ["loss", "loss_elsewhere", "damage"];

/**
 * Why something of a path may be missing. What was dropped has ended, though its free was not seen (the kernel frees
 * lists of fragments in bulk): the tracepoint is behind the last reference (kfree_skb, net/core/skbuff.c).
 */
export function missingOf({ incomplete_because: because, drop_location: location }: PathRow): string[] {
  const reasons = (because ?? "").split(",");
  return reasons.filter((reason) => reason !== "" && !(reason === "open" && location !== null));
}

/** What may be concluded from a path. */
export function certaintyOf(path: PathRow, knowledge: Knowledge): Certainty {
  const reasons = missingOf(path);
  // Where events are missing, two packets that used the same skb can look like one.
  const isBroken = BREAKS.some((reason) => reasons.includes(reason));
  const isGuess = !knowledge.endsRecorded;
  const isFiltered = knowledge.filters.some(({ isOfPlace }) => isOfPlace || mayBeTranslated(path));
  const seen = !isBroken && !isGuess;
  // The end that was not seen may have been lost, and so may what came before the begin.
  const mayBeLost = knowledge.gaps.length > 0 && (reasons.includes("begin") || reasons.includes("end"));
  // Its row has no more.
  const isCut = path.hops >= HOPS_MAX;
  const isWatched = !isFiltered && !mayBeLost && !isCut && !knowledge.hasMisses;
  const unseen = seen && isWatched && path.outcome !== "unknown";
  const why = isGuess
    ? "without kprobes, where a path ends is a guess"
    : reasons.map((reason) => WHY[reason] ?? reason).join(", ");
  return {
    seen,
    happened: seen || isUnchanged(path),
    unseen,
    whole: unseen && reasons.length === 0,
    why: why || whyNotWatched(isFiltered, isCut),
  };
}

function whyNotWatched(isFiltered: boolean, isCut: boolean): string {
  if (isFiltered) return "it was recorded with a filter that may leave out a part of its way";
  return isCut ? `only its first ${HOPS_MAX} functions are known` : "the kernel missed hits of probes";
}

/** A packet that NAT changes passes a filter only before or after. */
function mayBeTranslated(path: PathRow): boolean {
  return !isUnchanged(path) || /(^| )nat\./.test(path.verdicts ?? "");
}
