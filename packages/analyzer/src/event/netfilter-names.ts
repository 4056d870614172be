// Numbers of netfilter by name: include/uapi/linux/netfilter.h.

const HOOKS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "INGRESS"] as const;
const VERDICTS = ["DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT", "STOP"] as const;

/** Families that number their hooks in another way than IP does, or have one more. */
const HOOKS_OF_FAMILY: Readonly<Record<number, readonly string[]>> = {
  3: ["INPUT", "OUTPUT", "FORWARD"],
  5: ["INGRESS", "EGRESS"],
  7: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "BROUTING"],
};

/** Verdicts of nftables' own, which never leave it: enum nft_verdicts. */
const NFT_VERDICTS: Readonly<Record<number, string>> = {
  [-1]: "CONTINUE",
  [-2]: "BREAK",
  [-3]: "JUMP",
  [-4]: "GOTO",
  [-5]: "RETURN",
};

/** Upper half of a verdict: the queue's number, or the errno of a drop. */
const VERDICT_MASK = 0xff;
const ERRNO_SHIFT = 16;
const STOLEN = 2;

/** NF_INET_*, or the numbers of the family's own; a number that is none as `hook 9`. @param pf NFPROTO_* */
export function hookName(hook: number, pf = 2): string {
  return (HOOKS_OF_FAMILY[pf] ?? HOOKS)[hook] ?? `hook ${hook}`;
}

/**
 * NF_*; a number that is none as `verdict 9`. Who has freed what it dropped says NF_STOLEN, with an errno above it: nftables
 * since 6.7 (NF_DROP_REASON, include/linux/netfilter.h).
 */
export function verdictName(verdict: number): string {
  if ((verdict & VERDICT_MASK) === STOLEN && verdict >>> ERRNO_SHIFT !== 0) return "DROP";
  return VERDICTS[verdict & VERDICT_MASK] ?? `verdict ${verdict}`;
}

/** What a rule of nftables says: NFT_* or NF_*. */
export function ruleVerdictName(verdict: number): string {
  return NFT_VERDICTS[verdict | 0] ?? verdictName(verdict);
}

/** What nf_hook_slow returned: an errno of a drop, or 0. */
export function hookResultName(result: number): string {
  return result < 0 ? "DROP" : result === 0 ? "STOLEN" : "ACCEPT";
}

const FAMILIES: Readonly<Record<number, string>> = {
  1: "inet",
  2: "ip",
  3: "arp",
  5: "netdev",
  7: "bridge",
  10: "ip6",
};

/** NFPROTO_*. */
export function familyName(pf: number): string {
  return FAMILIES[pf] ?? `family ${pf}`;
}

const ENGINES = ["xtables", "nft", "hooks"] as const;

/** What ran the rules. */
export type Engine = (typeof ENGINES)[number];

/** enum skbt_engine. */
export function engineName(engine: number): Engine {
  return ENGINES[engine] ?? "xtables";
}

/** A connection's state as a packet of it shows it. */
export interface ConntrackState {
  readonly name: string;
  readonly isReply: boolean;
}

/** enum ip_conntrack_info: include/uapi/linux/netfilter/nf_conntrack_common.h; by the number and 1. */
const CONNTRACK_STATES: readonly (ConntrackState | undefined)[] = [
  undefined,
  { name: "ESTABLISHED", isReply: false },
  { name: "RELATED", isReply: false },
  { name: "NEW", isReply: false },
  { name: "ESTABLISHED_REPLY", isReply: true },
  { name: "RELATED_REPLY", isReply: true },
  undefined,
  undefined,
  { name: "UNTRACKED", isReply: false },
];

/** `ct_state` of an event: undefined if conntrack has not seen the packet. */
export function conntrackState(state: number): ConntrackState | undefined {
  return CONNTRACK_STATES[state];
}
