// Numbers of netfilter by name: include/uapi/linux/netfilter.h.

const HOOKS = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "INGRESS"] as const;
const VERDICTS = ["DROP", "ACCEPT", "STOLEN", "QUEUE", "REPEAT", "STOP"] as const;

/** Upper half of a verdict: the queue's number, or the errno of a drop. */
const VERDICT_MASK = 0xff;

/** NF_INET_*; a number that is none as `hook 9`. */
export function hookName(hook: number): string {
  return HOOKS[hook] ?? `hook ${hook}`;
}

/** NF_*; a number that is none as `verdict 9`. */
export function verdictName(verdict: number): string {
  return VERDICTS[verdict & VERDICT_MASK] ?? `verdict ${verdict}`;
}

/** NFPROTO_*. */
export function familyName(pf: number): string {
  const names: Readonly<Record<number, string>> = {
    1: "inet",
    2: "ip",
    3: "arp",
    5: "netdev",
    7: "bridge",
    10: "ip6",
  };
  return names[pf] ?? `family ${pf}`;
}
