// Snapshots of the firewall's rules, without what identifies: addresses, devices and names as everywhere in the recording;
// a rule that is not understood to its last word is left out.
import { redactIptables } from "./iptables-rules.js";
import { redactNftListing } from "./nft-listing.js";
import { redactNft } from "./nft-rules.js";
import type { Pseudonyms } from "./pseudonyms.js";

/** How many rules there were. */
export interface RuleCounts {
  kept: number;
  removed: number;
}

type TextRedactor = (text: string, names: Pseudonyms, counts: RuleCounts) => string;

/** By kind of rules; those of a kind that has no row are left out. */
const KINDS: ReadonlyMap<string, TextRedactor> = new Map([
  ["iptables-legacy", redactIptables],
  ["ip6tables-legacy", redactIptables],
  ["iptables-nft", redactIptables],
  ["ip6tables-nft", redactIptables],
  ["nft", redactNft],
  ["nft-handles", redactNftListing],
]);

/** The JSON of a RULES chunk. */
export function redactRules(json: unknown, names: Pseudonyms, counts: RuleCounts): unknown {
  const { at, rules } = (json ?? {}) as { at?: unknown; rules?: unknown };
  const sets = Array.isArray(rules) ? (rules as unknown[]) : [];
  return {
    at: at === "end" ? "end" : "start",
    rules: sets.flatMap((item) => {
      const { netns, kind, text } = (item ?? {}) as { netns?: unknown; kind?: unknown; text?: unknown };
      if (typeof netns !== "number" || typeof kind !== "string" || typeof text !== "string") return [];
      const redact = KINDS.get(kind);
      return redact ? [{ netns, kind, text: redact(text, names, counts) }] : [];
    }),
    problems: [],
  };
}
