// Reads what `iptables -nvxL` prints.

/** A chain's counters: packets by the verdict that ended their pass. */
export interface Chain {
  readonly name: string;
  /** Packets that no rule decided: the policy did. */
  readonly policyPackets: number;
  /** Packets of each rule, with its target. */
  readonly rules: readonly { readonly packets: number; readonly target: string }[];
}

/** The chains of one table. */
export function parseChains(text: string): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const block of text.split(/\n\n/)) {
    const heading = /^Chain (\S+) \(policy \S+ (\d+) packets/.exec(block.trim());
    if (!heading) continue;
    const rules = [...block.matchAll(/^\s+(\d+)\s+\d+ (\S+)/gm)].map((match) => ({
      packets: Number(match[1]),
      target: match[2] ?? "",
    }));
    const name = heading[1] ?? "";
    chains.set(name, { name, policyPackets: Number(heading[2]), rules });
  }
  return chains;
}

/** Packets that passed through a chain: every rule here ends a packet's pass, and so does the policy. */
export function passes(chain: Chain | undefined): number {
  if (!chain) return 0;
  return chain.rules.reduce((sum, { packets }) => sum + packets, chain.policyPackets);
}

/** Packets that the rules with these targets took. */
export function taken(chain: Chain | undefined, ...targets: string[]): number {
  return (chain?.rules ?? [])
    .filter(({ target }) => targets.includes(target))
    .reduce((sum, { packets }) => sum + packets, 0);
}
