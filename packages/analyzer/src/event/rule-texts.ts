// The text of nftables' rules by their handles, from the listings that a recording carries (`nft --handle list ruleset`).

/** A rule. */
export interface RuleText {
  readonly chain: string;
  /** As nft prints it, without its counters' values. */
  readonly text: string;
}

/** Names in events are cut to this. */
const NAME_MAX = 31;

/** The rules of all namespaces at the moments of the snapshots; the first text of a handle counts. */
export class RuleTexts {
  readonly #snapshots: readonly unknown[];
  readonly #rules = new Map<string, RuleText>();
  #read = 0;

  /** @param snapshots of the reader, which grow while reading */
  constructor(snapshots: readonly unknown[]) {
    this.#snapshots = snapshots;
  }

  /** @param family as nft writes it: `inet`, `ip`... */
  find(netns: number, family: string, table: string, handle: number): RuleText | undefined {
    while (this.#read < this.#snapshots.length) this.#add(this.#snapshots[this.#read++]);
    return this.#rules.get(key(netns, family, table, handle));
  }

  #add(snapshot: unknown): void {
    for (const [place, rule] of rulesOf(snapshot)) if (!this.#rules.has(place)) this.#rules.set(place, rule);
  }
}

/**
 * Whether handles mean other rules in one snapshot than in another: a ruleset that is loaded again counts its handles from
 * the beginning.
 */
export function haveRulesChanged(snapshots: readonly unknown[]): boolean {
  const [first, ...rest] = snapshots.map((snapshot) => new Map(rulesOf(snapshot)));
  return rest.some(
    (later) =>
      later.size !== first?.size || [...later].some(([place, { text }]) => first.get(place)?.text !== text),
  );
}

function* rulesOf(snapshot: unknown): Generator<[place: string, rule: RuleText]> {
  const { rules } = (snapshot ?? {}) as { rules?: unknown };
  if (!Array.isArray(rules)) return;
  for (const item of rules as unknown[]) {
    const { netns, kind, text } = (item ?? {}) as { netns?: unknown; kind?: unknown; text?: unknown };
    if (kind !== "nft-handles" || typeof netns !== "number" || typeof text !== "string") continue;
    for (const { family, table, handle, ...rule } of parseRuleset(text))
      yield [key(netns, family, table, handle), rule];
  }
}

function key(netns: number, family: string, table: string, handle: number): string {
  return `${netns} ${family} ${handle} ${table.slice(0, NAME_MAX)}`;
}

interface ListedRule extends RuleText {
  readonly family: string;
  readonly table: string;
  readonly handle: number;
}

/** The rules of a ruleset in nft's language, with handles. */
export function parseRuleset(listing: string): ListedRule[] {
  const rules: ListedRule[] = [];
  let [family, table, chain] = ["", "", ""];
  let begun = "";
  for (const line of listing.split("\n")) {
    const opened = /^table (\S+) (.+) \{(?: # handle \d+)?$/.exec(line);
    if (opened) {
      [family, table, chain] = [opened[1] ?? "", opened[2] ?? "", ""];
      continue;
    }
    const inner = /^\t(\S+) (.+) \{(?: # handle \d+)?$/.exec(line);
    if (inner) {
      chain = inner[1] === "chain" ? (inner[2] ?? "") : "";
      begun = "";
      continue;
    }
    // What a chain says of itself comes before its rules; a rule with a large set goes over several lines.
    if (chain === "" || !line.startsWith("\t\t") || /^\t\t(type .*;|policy .*;|comment ".*")$/.test(line))
      continue;
    const ended = /^(.*) # handle (\d+)$/.exec(line);
    begun += `${begun === "" ? "" : " "}${(ended?.[1] ?? line).trim()}`;
    if (!ended) continue;
    const text = begun.replaceAll(/\bcounter packets \d+ bytes \d+/g, "counter");
    rules.push({ family, table, chain, text, handle: Number(ended[2]) });
    begun = "";
  }
  return rules;
}
