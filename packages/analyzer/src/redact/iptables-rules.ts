// The format of iptables-save(8): tables, chains and rules, a line each.
import { ipText, parseIpText } from "../dissect/addresses.js";
import { redactLinkAddress } from "./host-redactor.js";
import type { Pseudonyms } from "./pseudonyms.js";
import type { RuleCounts } from "./rules-redactor.js";

/** Another text for an option's value; undefined if that is not understood. */
type ValueRule = (value: string, names: Pseudonyms) => string | undefined;

const asIs =
  (pattern: RegExp): ValueRule =>
  (value) =>
    pattern.test(value) ? value : undefined;

const NUMBERS = asIs(/^[\d,:/.-]{1,200}$/);
const MARK = asIs(/^(?:0x[\da-f]{1,8}|\d{1,10})(?:\/0x[\da-f]{1,8})?$/i);
const WORDS = asIs(
  /^(?:(?:NEW|ESTABLISHED|RELATED|INVALID|UNTRACKED|SNAT|DNAT|NONE|LOCAL|UNICAST|BROADCAST|MULTICAST|ANYCAST|SYN|ACK|FIN|RST|URG|PSH|ALL|ORIGINAL|REPLY)(?:,|$))+$/,
);
const PROTOCOL = asIs(/^(?:\d{1,3}|all|tcp|udp|udplite|icmp|icmpv6|ipv6-icmp|esp|ah|sctp|gre|igmp|mh)$/);
const ADDRESSES: ValueRule = (value, names) => {
  const mapped = value.split(",").map((one) => redactAddress(one, names));
  return mapped.every((one) => one !== undefined) ? mapped.join(",") : undefined;
};
/** One that ends with + stands for many, whose names become anything. */
const DEVICE: ValueRule = (value, names) => (value.endsWith("+") ? undefined : names.name("if", value));
const CHAIN: ValueRule = (value, names) => (TARGETS.has(value) ? value : names.name("chain", value));

/** `10.0.0.0/24`, with the length of the prefix or with a mask of one bits. */
function redactAddress(text: string, names: Pseudonyms): string | undefined {
  const [address = "", mask, ...more] = text.split("/");
  const bytes = parseIpText(address);
  if (!bytes || more.length > 0) return undefined;
  if (mask === undefined) return ipText(names.ip(bytes));
  const length = prefixLength(mask, bytes.length * 8);
  return length === undefined ? undefined : `${ipText(names.network(bytes, length))}/${mask}`;
}

function prefixLength(mask: string, bits: number): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= bits ? Number(mask) : undefined;
  const bytes = parseIpText(mask);
  if (!bytes || bytes.length * 8 !== bits) return undefined;
  const digits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(digits) ? digits.lastIndexOf("1") + 1 : undefined;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1`, `:80`. */
const DESTINATION: ValueRule = (value, names) => {
  const [, bracketed, plain, ports = ""] =
    /^(?:\[([^\]]+)\]|([^[\]-]*?))((?::\d{1,5}(?:-\d{1,5})?)?)$/.exec(value) ?? [];
  const address = bracketed ?? plain;
  if (address === "") return ports === "" ? undefined : ports;
  const bytes = address === undefined ? undefined : parseIpText(address);
  if (!bytes) return undefined;
  const mapped = ipText(names.ip(bytes));
  return bracketed === undefined ? `${mapped}${ports}` : `[${mapped}]${ports}`;
};

const TARGETS: ReadonlySet<string> = new Set(
  "ACCEPT DROP REJECT RETURN QUEUE NFQUEUE LOG NFLOG MASQUERADE DNAT SNAT REDIRECT NETMAP MARK CONNMARK NOTRACK CT TCPMSS TRACE TPROXY TTL HL DSCP CHECKSUM CLASSIFY".split(
    " ",
  ),
);

const MATCHES = asIs(
  /^(?:tcp|udp|icmp|icmp6|sctp|multiport|conntrack|state|mark|connmark|limit|addrtype|physdev|statistic|mac|comment|hashlimit|length|ttl|pkttype|dscp|tcpmss|set|rpfilter)$/,
);

/** Options with a value; an option that has no row is not understood. */
const VALUES: Readonly<Record<string, ValueRule>> = {
  "-s": ADDRESSES,
  "-d": ADDRESSES,
  "-i": DEVICE,
  "-o": DEVICE,
  "-p": PROTOCOL,
  "-m": MATCHES,
  "-j": CHAIN,
  "-g": CHAIN,
  "--sport": NUMBERS,
  "--dport": NUMBERS,
  "--sports": NUMBERS,
  "--dports": NUMBERS,
  "--ports": NUMBERS,
  "--icmp-type": NUMBERS,
  "--icmpv6-type": NUMBERS,
  "--ctstate": WORDS,
  "--ctdir": WORDS,
  "--state": WORDS,
  "--src-type": WORDS,
  "--dst-type": WORDS,
  "--mark": MARK,
  "--set-mark": MARK,
  "--set-xmark": MARK,
  "--nfmask": MARK,
  "--ctmask": MARK,
  "--limit": asIs(/^\d+\/(?:s|sec|second|m|min|minute|h|hour|d|day)$/),
  "--limit-burst": NUMBERS,
  "--length": NUMBERS,
  "--probability": NUMBERS,
  "--every": NUMBERS,
  "--packet": NUMBERS,
  "--mode": asIs(/^(?:nth|random)$/),
  "--pkt-type": asIs(/^(?:unicast|broadcast|multicast)$/),
  "--physdev-in": DEVICE,
  "--physdev-out": DEVICE,
  "--mac-source": redactLinkAddress,
  "--to-destination": DESTINATION,
  "--to-source": DESTINATION,
  "--to-ports": NUMBERS,
  "--to": ADDRESSES,
  "--reject-with": asIs(/^(?:icmp6?-[a-z-]+|tcp-reset)$/),
  "--set-mss": NUMBERS,
  "--queue-num": NUMBERS,
  "--ttl-eq": NUMBERS,
  "--ttl-lt": NUMBERS,
  "--ttl-gt": NUMBERS,
};

/** Options without a value. */
const FLAGS: ReadonlySet<string> = new Set([
  "!",
  "-f",
  "--syn",
  "--random",
  "--random-fully",
  "--persistent",
  "--save-mark",
  "--restore-mark",
  "--clamp-mss-to-pmtu",
  "--physdev-is-bridged",
  "--limit-iface-in",
  "--limit-iface-out",
  "--queue-bypass",
  "--notrack",
  "--checksum-fill",
]);

/** Texts of people: the option goes, and its value. */
const TEXTS: ReadonlySet<string> = new Set(["--comment", "--log-prefix", "--nflog-prefix"]);

/** All lines that are understood. */
export function redactIptables(text: string, names: Pseudonyms, counts: RuleCounts): string {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    const redacted = redactLine(line, names);
    const isRule = /(?:^|\] )-A /.test(line);
    if (isRule && redacted === undefined) {
      counts.removed++;
      lines.push("# a rule was left out here");
    } else if (redacted !== undefined) {
      if (isRule) counts.kept++;
      lines.push(redacted);
    }
  }
  return lines.length > 0 ? `${lines.join("\n")}\n` : "";
}

function redactLine(line: string, names: Pseudonyms): string | undefined {
  if (line === "COMMIT") return line;
  const [, table] = /^\*(\S+)$/.exec(line) ?? [];
  if (table !== undefined) return `*${names.name("table", table)}`;
  const [, chain, policy, counters = ""] = /^:(\S+) (ACCEPT|DROP|-)( \[\d+:\d+\])?$/.exec(line) ?? [];
  if (chain !== undefined) return `:${names.name("chain", chain)} ${policy}${counters}`;
  const [, count = "", rule] = /^(\[\d+:\d+\] )?-A (.+)$/.exec(line) ?? [];
  if (rule === undefined) return undefined;
  const words = wordsOf(rule);
  const redacted = words && redactWords(words, names);
  return redacted && `${count}-A ${redacted.join(" ")}`;
}

/** Words as iptables-save quotes them; undefined if a quote does not end. */
function wordsOf(rule: string): string[] | undefined {
  const words = [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
  const hasOpenQuote = rule.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").includes('"');
  return hasOpenQuote ? undefined : words;
}

function redactWords([chain = "", ...words]: readonly string[], names: Pseudonyms): string[] | undefined {
  const kept = [names.name("chain", chain)];
  for (let i = 0; i < words.length; i++) {
    const option = words[i] ?? "";
    const value = words[i + 1];
    if (FLAGS.has(option)) {
      kept.push(option);
      continue;
    }
    i++;
    if (value === undefined) return undefined;
    if (TEXTS.has(option)) continue;
    if (option === "-m" && value === "comment") continue;
    if (option === "--tcp-flags") {
      const set = words[++i];
      if (set === undefined || !WORDS(value, names) || !WORDS(set, names)) return undefined;
      kept.push(option, value, set);
      continue;
    }
    const rule = Object.hasOwn(VALUES, option) ? VALUES[option] : undefined;
    const redacted = rule?.(value, names);
    if (redacted === undefined) return undefined;
    kept.push(option, redacted);
  }
  return kept;
}
