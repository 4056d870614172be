// The firewall rules in force, per namespace. Looking must not change the host: a listing can load the modules of a
// table that was not in use, so each is asked for only where the kernel says that it is.
import { existsSync } from "node:fs";
import type { FoundNamespace } from "./namespaces.js";
import { forAll, run } from "./run.js";

/** Rules of one kind in one namespace. */
export interface RuleSet {
  readonly netns: number;
  readonly kind: "iptables-legacy" | "ip6tables-legacy" | "iptables-nft" | "ip6tables-nft" | "nft";
  /** What the listing printed: iptables-save's format with counters, or nft's JSON. */
  readonly text: string;
}

/** The rules of all namespaces at one moment. */
export interface RulesSnapshot {
  readonly rules: readonly RuleSet[];
  readonly problems: readonly string[];
}

interface Listing {
  readonly kind: RuleSet["kind"];
  readonly command: readonly string[];
  /** A file that lists the tables in use, as seen from within the namespace. */
  readonly tables?: string;
}

const LISTINGS: readonly Listing[] = [
  { kind: "iptables-legacy", command: ["iptables-legacy-save", "-c"], tables: "ip_tables_names" },
  { kind: "ip6tables-legacy", command: ["ip6tables-legacy-save", "-c"], tables: "ip6_tables_names" },
  { kind: "iptables-nft", command: ["iptables-nft-save", "-c"] },
  { kind: "ip6tables-nft", command: ["ip6tables-nft-save", "-c"] },
  { kind: "nft", command: ["nft", "--json", "list", "ruleset"] },
];

const AT_A_TIME = 4;

/** Lists the rules of the given namespaces. */
export async function snapshotRules(namespaces: readonly FoundNamespace[]): Promise<RulesSnapshot> {
  const problems = new Set<string>();
  const nftLoaded = existsSync("/sys/module/nf_tables");
  const listings = LISTINGS.filter(({ tables }) => tables !== undefined || nftLoaded);
  const wanted = namespaces.flatMap((namespace) => listings.map((listing) => ({ namespace, listing })));
  const found = await forAll(wanted, AT_A_TIME, async ({ namespace, listing }): Promise<RuleSet[]> => {
    const enter = [`--net=${namespace.path}`];
    if (listing.tables !== undefined && !(await tablesInUse(enter, listing.tables))) return [];
    const result = await run("nsenter", [...enter, ...listing.command]);
    if (!result.ok) problems.add(`rules (${listing.kind}) of namespace ${namespace.inode}: ${result.problem}`);
    const text = result.ok ? result.stdout : "";
    return hasRules(text) ? [{ netns: namespace.inode, kind: listing.kind, text }] : [];
  });
  return { rules: found.flat(), problems: [...problems] };
}

async function tablesInUse(enter: readonly string[], file: string): Promise<boolean> {
  if (!existsSync(`/proc/net/${file}`)) return false;
  const result = await run("nsenter", [...enter, "cat", `/proc/net/${file}`]);
  return result.ok && result.stdout.trim() !== "";
}

/** Whether a listing is more than comments, or than nft's line about itself. */
function hasRules(text: string): boolean {
  if (text.trimStart().startsWith("{")) return text.includes('"table"');
  return text.split("\n").some((line) => line !== "" && !line.startsWith("#"));
}
