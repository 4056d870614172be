// nft's own language, as `nft --handle --terse list ruleset` prints it: tables, chains and rules with their handles. Of the
// rest the JSON tells what is kept: see nft-rules.ts.
import { parseRuleset } from "../event/rule-texts.js";
import { ipText, parseIpText } from "../dissect/addresses.js";
import { redactLinkAddress } from "./host-redactor.js";
import { NFT_WORD } from "./nft-rules.js";
import type { Pseudonyms } from "./pseudonyms.js";
import type { RuleCounts } from "./rules-redactor.js";

/** Words that stand for what is compared, done or joined, and that name nothing of the host; NFT_WORD has values. */
const SYNTAX: ReadonlySet<string> = new Set(
  (
    "{ } : . / == != < > <= >= saddr daddr sport dport meta ct state status mark direction counter accept drop return " +
    "continue reject with type code masquerade redirect to snat dnat th l4proto nfproto protocol length ttl hoplimit " +
    "flags reset version dscp checksum sequence ether vlan id fib iiftype oiftype pkttype limit rate over burst set log notrack " +
    "queue num vmap random fully-random persistent tcp option maxseg size rt mtu exists missing"
  ).split(" "),
);

const DEVICE_KEYS: ReadonlySet<string> = new Set(["iif", "oif", "iifname", "oifname", "ibrname", "obrname"]);
/** Words between the key and its values. */
const AROUND_VALUES: ReadonlySet<string> = new Set(["{", "}", "==", "!=", ":"]);
const NUMBER = /^(?:\d{1,10}|0x[\da-f]{1,8})(?:-\d{1,10})?$/;
const RATE = /^\d{1,10}\/(?:second|minute|hour|day)$/;
const FAMILY = /^(?:ip|ip6|inet|arp|bridge|netdev)$/;

/** In the place of a rule that is not understood to its last word. */
const LEFT_OUT = "# a rule was left out here";

/** Tables and chains that have rules, and these. Counters are in the JSON. */
export function redactNftListing(text: string, names: Pseudonyms, counts: RuleCounts): string {
  const lines: string[] = [];
  let [lastTable, lastChain] = ["", ""];
  for (const { family, table, chain, text: rule, handle } of parseRuleset(text)) {
    if (!FAMILY.test(family)) continue;
    const place = `table ${family} ${names.name("table", table)} {`;
    const inner = `\tchain ${names.name("chain", chain)} {`;
    if (place !== lastTable) {
      if (lastTable !== "") lines.push("\t}", "}");
      lines.push(place, inner);
    } else if (inner !== lastChain) lines.push("\t}", inner);
    [lastTable, lastChain] = [place, inner];
    const redacted = redactRule(rule, names);
    if (redacted === undefined) counts.removed++;
    else counts.kept++;
    lines.push(`\t\t${redacted ?? LEFT_OUT} # handle ${handle}`);
  }
  return lines.length > 0 ? `${[...lines, "\t}", "}"].join("\n")}\n` : "";
}

/** A rule; undefined if a word of it is not understood. */
function redactRule(rule: string, names: Pseudonyms): string | undefined {
  const words = [...rule.matchAll(/"[^"]*",?|\S+/g)].map(([word]) => word);
  const kept: string[] = [];
  let isDevice: boolean = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const next = words[i + 1] ?? "";
    // Texts of people
    if ((word === "comment" || word === "prefix") && next.startsWith('"')) i++;
    else if (word === "jump" || word === "goto") {
      const [, chain = "", comma = ""] = /^(.*?)(,?)$/s.exec(next) ?? [];
      kept.push(word, names.name("chain", chain) + comma);
      i++;
    } else if (word === "xt" && (next === "match" || next === "target")) {
      const extension = words[i + 2] ?? "";
      if (!/^"\w{1,16}"$/.test(extension)) return undefined;
      kept.push(word, next, extension);
      i += 2;
    } else {
      const [, value = "", comma = ""] = /^(.*?)(,?)$/s.exec(word) ?? [];
      const redacted: string | undefined = isDevice ? redactDevice(value, names) : undefined;
      isDevice = DEVICE_KEYS.has(word) || (isDevice && (redacted !== undefined || AROUND_VALUES.has(word)));
      const own = redacted ?? redactWord(value, names);
      if (own === undefined) return undefined;
      kept.push(own + comma);
    }
  }
  return kept.join(" ");
}

/** `"eth0"`; one that ends with * stands for many, whose names become anything. */
function redactDevice(value: string, names: Pseudonyms): string | undefined {
  const [, device] = /^"([^"*]+)"$/.exec(value) ?? [];
  return device === undefined ? undefined : `"${names.name("if", device)}"`;
}

function redactWord(word: string, names: Pseudonyms): string | undefined {
  if (SYNTAX.has(word) || DEVICE_KEYS.has(word) || NUMBER.test(word) || RATE.test(word)) return word;
  if (word.split(",").every((one) => NFT_WORD.test(one))) return word;
  const mac = /^(?:[\da-f]{2}:){5}[\da-f]{2}$/.test(word) ? redactLinkAddress(word, names) : undefined;
  return mac ?? redactEnd(word, names);
}

/** `10.0.0.1`, `10.0.0.0/24`, `10.0.0.1:80`, `[fd00::1]:80`, `:80`. */
function redactEnd(word: string, names: Pseudonyms): string | undefined {
  const port = /^(.*?)(:\d{1,5}(?:-\d{1,5})?)$/.exec(word);
  const [address = "", ending = ""] =
    port && (port[1] === "" || port[1]?.startsWith("[") || !port[1]?.includes(":"))
      ? [port[1], port[2]]
      : [word];
  if (address === "") return ending;
  const [, bracketed] = /^\[(.*)\]$/.exec(address) ?? [];
  const [start = "", length, ...more] = (bracketed ?? address).split("/");
  const bytes = parseIpText(start);
  if (!bytes || more.length > 0) return undefined;
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8))
    return undefined;
  const mapped =
    length === undefined
      ? ipText(names.ip(bytes))
      : `${ipText(names.network(bytes, Number(length)))}/${length}`;
  return `${bracketed === undefined ? mapped : `[${mapped}]`}${ending}`;
}
