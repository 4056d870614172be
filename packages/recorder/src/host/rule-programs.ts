// Which programs list which rules on this host. iptables-save is of either variant, by distribution and by choice.
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { findProgram, run } from "./run.js";

/** A kind of rules, by the kernel's part that runs them and the program that lists them. */
export type RuleKind =
  | "iptables-legacy"
  | "ip6tables-legacy"
  | "iptables-nft"
  | "ip6tables-nft"
  | "nft"
  | "nft-handles";

/** Which part of the kernel an iptables program talks to. */
export type Variant = "legacy" | "nft";

/**
 * The command that lists rules of a kind, or undefined if none is installed: the variant's own, else the plain
 * `iptables-save` if it is of that variant.
 */
export async function listingCommand(kind: RuleKind): Promise<readonly string[] | undefined> {
  if (kind === "nft") return findProgram("nft") ? ["nft", "--json", "list", "ruleset"] : undefined;
  // Each rule as people write it, with the number by which the kernel traces it. Elements of sets are in the JSON.
  if (kind === "nft-handles")
    return findProgram("nft") ? ["nft", "--handle", "--terse", "list", "ruleset"] : undefined;
  const [family = "", variant] = kind.split("-");
  const own = `${kind}-save`;
  if (findProgram(own)) return [own, "-c"];
  const plain = findProgram(`${family}-save`);
  return plain !== undefined && (await variantOf(plain)) === variant ? [`${family}-save`, "-c"] : undefined;
}

/**
 * The variant of an iptables-save or ip6tables-save; undefined if it does not run.
 * @param path of the program
 */
export async function variantOf(path: string): Promise<Variant | undefined> {
  // Links to one program: xtables-nft-multi or xtables-legacy-multi. Asked first, for running it opens netlink.
  const target = existsSync(path) ? basename(realpathSync(path)) : "";
  if (target.includes("nft")) return "nft";
  if (target.includes("legacy")) return "legacy";
  const version = await run(path.replace(/-save$/, ""), ["-V"]);
  // Before 1.8 there was one variant, and no word of it.
  return version.ok ? parseVariant(version.stdout) : undefined;
}

/** The variant in `iptables v1.8.9 (nf_tables)`. */
export function parseVariant(version: string): Variant {
  return version.includes("(nf_tables)") ? "nft" : "legacy";
}

/** Whether nf_tables is in the kernel now. Looking does not load it. */
export async function nfTablesLoaded(): Promise<boolean> {
  if (existsSync("/sys/module/nf_tables")) return true;
  // Built in, it is not among the modules, but its functions are among the symbols. Their names are never hidden.
  try {
    return hasSymbol(await readFile("/proc/kallsyms"), "nft_do_chain");
  } catch {
    return false;
  }
}

function hasSymbol(kallsyms: Buffer, name: string): boolean {
  return [`${name}\n`, `${name}\t`].some((ending) => kallsyms.includes(` ${ending}`));
}
