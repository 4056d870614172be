// The firewall rules in force, per namespace. Looking must not change the host: a listing can load the modules of a
// table that was not in use, so each is asked for only where the kernel says that it is.
import { existsSync } from "node:fs";
import type { FoundNamespace } from "./namespaces.js";
import { listingCommand, nfTablesLoaded, type RuleKind } from "./rule-programs.js";
import { forAll, run } from "./run.js";

/** Rules of one kind in one namespace. */
export interface RuleSet {
  readonly netns: number;
  readonly kind: RuleKind;
  /** What the listing printed: iptables-save's format with counters, nft's JSON, or nft's own language with handles. */
  readonly text: string;
}

/** The rules of all namespaces at one moment. */
export interface RulesSnapshot {
  readonly rules: readonly RuleSet[];
  readonly problems: readonly string[];
}

interface Listing {
  readonly kind: RuleKind;
  /** A file that lists the tables in use, as seen from within the namespace; without, nf_tables is what it needs. */
  readonly tables?: string;
}

const LISTINGS: readonly Listing[] = [
  { kind: "iptables-legacy", tables: "ip_tables_names" },
  { kind: "ip6tables-legacy", tables: "ip6_tables_names" },
  { kind: "iptables-nft" },
  { kind: "ip6tables-nft" },
  { kind: "nft" },
  { kind: "nft-handles" },
];

const AT_A_TIME = 4;

/** Longest text of one kind in one namespace, in bytes. */
const TEXT_MAX = 16 * 1024 * 1024;

/**
 * Lists the rules of the given namespaces. What could not be read is a problem, not an error.
 * @param textMax bytes; longer texts are cut at the end of a line, or left out where half of one is worth nothing (nft)
 */
export async function snapshotRules(
  namespaces: readonly FoundNamespace[],
  textMax: number = TEXT_MAX,
): Promise<RulesSnapshot> {
  const problems = new Set<string>();
  const nftLoaded = await nfTablesLoaded();
  const commands = new Map(
    await forAll(LISTINGS, AT_A_TIME, async ({ kind }) => [kind, await listingCommand(kind)] as const),
  );
  const listings = LISTINGS.filter(({ tables }) =>
    tables === undefined ? nftLoaded : existsSync(`/proc/net/${tables}`),
  );
  const wanted = namespaces.flatMap((namespace) => listings.map((listing) => ({ namespace, listing })));
  const found = await forAll(wanted, AT_A_TIME, async ({ namespace, listing }): Promise<RuleSet[]> => {
    const { kind, tables } = listing;
    const enter = [`--net=${namespace.path}`];
    const note = (problem: string): unknown =>
      problems.add(`rules (${kind}) of namespace ${namespace.inode}: ${problem}`);
    if (tables !== undefined) {
      const inUse = await run("nsenter", [...enter, "cat", `/proc/net/${tables}`]);
      if (!inUse.ok) note(inUse.problem);
      if (!inUse.ok || inUse.stdout.trim() === "") return [];
    }
    const command = commands.get(kind);
    if (!command) {
      problems.add(`rules (${kind}): no program is installed that lists them`);
      return [];
    }
    const result = await run("nsenter", [...enter, ...command], { outputMax: textMax });
    if (!result.ok) note(result.problem);
    const text = result.ok ? result.stdout : kind === "nft" ? "" : wholeLines(result.truncated ?? "");
    return hasRules(text) ? [{ netns: namespace.inode, kind, text }] : [];
  });
  return { rules: found.flat(), problems: [...problems] };
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** Whether a listing is more than comments, or than nft's line about itself. */
function hasRules(text: string): boolean {
  if (text.trimStart().startsWith("{")) return text.includes('"table"');
  return text.split("\n").some((line) => line !== "" && !line.startsWith("#"));
}
