// The JSON of `nft --json list ruleset`: https://netfilter.org/projects/nftables, libnftables-json(5).
import { ipText, parseIpText } from "../dissect/addresses.js";
import { redactLinkAddress } from "./host-redactor.js";
import type { Pseudonyms } from "./pseudonyms.js";
import type { RuleCounts } from "./rules-redactor.js";

type Json = Readonly<Record<string, unknown>>;

/** What an expression that is compared with has for its values. */
type ValueKind = "address" | "device" | "mac" | "plain";

/** Words that nft has for values, and that name nothing of the host. */
export const NFT_WORD: RegExp =
  /^(?:ip|ip6|inet|arp|bridge|netdev|tcp|udp|icmp|icmpv6|ipv6-icmp|sctp|esp|ah|gre|igmp|established|related|new|invalid|untracked|snat|dnat|local|unicast|broadcast|multicast|host|other|syn|ack|fin|rst|psh|urg|echo-request|echo-reply|destination-unreachable|time-exceeded|parameter-problem|redirect|nd-router-solicit|nd-router-advert|nd-neighbor-solicit|nd-neighbor-advert|mld-listener-query|mld-listener-report|packet-too-big|original|reply|accept|drop|filter|nat|route|prerouting|input|forward|output|postrouting|ingress|egress|port-unreachable|host-unreachable|net-unreachable|admin-prohibited|prot-unreachable|no-route|addr-unreachable|second|minute|hour|day|bytes|packets|kbytes|mbytes|random|fully-random|persistent|icmpx|tcp reset)$/;
const OPERATORS: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">=", "in"]);
const DEVICE_KEYS: ReadonlySet<string> = new Set(["iifname", "oifname", "ibrname", "obrname"]);
const META_KEYS: ReadonlySet<string> = new Set([
  "l4proto",
  "nfproto",
  "protocol",
  "mark",
  "length",
  "pkttype",
  "iiftype",
  "oiftype",
  ...DEVICE_KEYS,
]);
const VERDICTS: ReadonlySet<string> = new Set(["accept", "drop", "return", "continue"]);

/** Some value is not understood: the rule goes. */
class NotUnderstood extends Error {}

/** All objects that are understood. */
export function redactNft(text: string, names: Pseudonyms, counts: RuleCounts): string {
  let list: unknown;
  try {
    list = (JSON.parse(text) as Json)["nftables"];
  } catch {
    return "";
  }
  if (!Array.isArray(list)) return "";
  const kept = (list as unknown[]).flatMap((item): Json[] => {
    const [member] = Object.entries((item ?? {}) as Json);
    if (!member) return [];
    const [kind, value] = member;
    if (typeof value !== "object" || value === null) return [];
    const redacted = redactObject(kind, value as Json, names, counts);
    return redacted ? [{ [kind]: redacted }] : [];
  });
  return JSON.stringify({ nftables: kept });
}

function redactObject(kind: string, value: Json, names: Pseudonyms, counts: RuleCounts): Json | undefined {
  const { family, table, name, chain, handle, type, hook, prio, policy } = value;
  const numbers = (members: Json): Json =>
    Object.fromEntries(Object.entries(members).filter(([, member]) => typeof member === "number"));
  const words = (members: Json): Json =>
    Object.fromEntries(
      Object.entries(members).filter(([, member]) => typeof member === "string" && NFT_WORD.test(member)),
    );
  const named = (prefix: "table" | "chain" | "set", text: unknown): string =>
    typeof text === "string" ? names.name(prefix, text) : "";
  switch (kind) {
    case "table":
      return { ...words({ family }), name: named("table", name), ...numbers({ handle }) };
    case "chain":
      return {
        ...words({ family }),
        table: named("table", table),
        name: named("chain", name),
        ...numbers({ handle, prio }),
        ...words({ type, hook, policy }),
      };
    case "rule": {
      const place = {
        ...words({ family }),
        table: named("table", table),
        chain: named("chain", chain),
        ...numbers({ handle }),
      };
      const expr = redactExpressions(value["expr"], names);
      if (expr) counts.kept++;
      else counts.removed++;
      return expr ? { ...place, expr } : { ...place, comment: "left out", expr: [] };
    }
    case "set":
    case "map":
      return {
        ...words({ family }),
        table: named("table", table),
        name: named("set", name),
        ...numbers({ handle }),
      };
    default:
      return undefined;
  }
}

/** The statements of a rule; undefined if one is not understood. */
function redactExpressions(expr: unknown, names: Pseudonyms): Json[] | undefined {
  if (!Array.isArray(expr)) return undefined;
  try {
    return (expr as unknown[]).map((statement) => redactStatement(statement, names));
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

function redactStatement(statement: unknown, names: Pseudonyms): Json {
  const [kind, value] = onlyMember(statement);
  if (VERDICTS.has(kind) && value === null) return { [kind]: null };
  switch (kind) {
    case "match": {
      const { op, left, right } = asObject(value);
      if (typeof op !== "string" || !OPERATORS.has(op)) throw new NotUnderstood();
      const compared = redactLeft(left);
      return { match: { op, left: compared.json, right: redactValue(right, compared.kind, names) } };
    }
    case "counter": {
      const { packets, bytes } = asObject(value);
      if (typeof packets !== "number" || typeof bytes !== "number") throw new NotUnderstood();
      return { counter: { packets, bytes } };
    }
    case "jump":
    case "goto": {
      const { target } = asObject(value);
      if (typeof target !== "string") throw new NotUnderstood();
      return { [kind]: { target: names.name("chain", target) } };
    }
    case "masquerade":
    case "redirect":
    case "snat":
    case "dnat": {
      if (value === null) return { [kind]: null };
      const kept: Record<string, unknown> = {};
      for (const [member, found] of Object.entries(asObject(value)))
        if (member === "addr") kept[member] = redactValue(found, "address", names);
        else if (member === "port" || member === "family" || member === "flags")
          kept[member] = redactValue(found, "plain", names);
        else throw new NotUnderstood();
      return { [kind]: kept };
    }
    case "reject":
      if (value === null) return { reject: null };
      return {
        reject: Object.fromEntries(
          Object.entries(asObject(value)).map(([member, found]) => {
            if (member !== "type" && member !== "expr") throw new NotUnderstood();
            return [member, redactValue(found, "plain", names)];
          }),
        ),
      };
    case "xt": {
      // Matches and targets of iptables, of which the JSON says the name only.
      const { type, name } = asObject(value);
      if ((type !== "match" && type !== "target") || typeof name !== "string" || !/^\w{1,16}$/.test(name))
        throw new NotUnderstood();
      return { xt: { type, name } };
    }
    default:
      throw new NotUnderstood();
  }
}

function redactLeft(left: unknown): { json: Json; kind: ValueKind } {
  const [kind, value] = onlyMember(left);
  const { key, protocol, field } = asObject(value);
  if (kind === "meta" && typeof key === "string" && META_KEYS.has(key))
    return { json: { meta: { key } }, kind: DEVICE_KEYS.has(key) ? "device" : "plain" };
  if (kind === "ct" && (key === "state" || key === "status" || key === "mark" || key === "direction"))
    return { json: { ct: { key } }, kind: "plain" };
  if (kind === "payload" && typeof protocol === "string" && typeof field === "string") {
    if (!/^[a-z0-9]{1,16}$/.test(protocol) || !/^[a-z0-9]{1,16}$/.test(field)) throw new NotUnderstood();
    const isAddress = field === "saddr" || field === "daddr";
    const json = { payload: { protocol, field } };
    return { json, kind: !isAddress ? "plain" : protocol === "ether" ? "mac" : "address" };
  }
  throw new NotUnderstood();
}

function redactValue(value: unknown, kind: ValueKind, names: Pseudonyms): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((item) => redactValue(item, kind, names));
  if (typeof value === "object" && value !== null) return redactSet(value as Json, kind, names);
  if (kind === "plain") {
    if (typeof value === "number" || (typeof value === "string" && NFT_WORD.test(value))) return value;
    throw new NotUnderstood();
  }
  if (typeof value !== "string" || value.startsWith("@")) throw new NotUnderstood();
  if (kind === "device") {
    if (value.endsWith("*")) throw new NotUnderstood(); // many, whose names become anything
    return names.name("if", value);
  }
  const mapped = kind === "mac" ? redactLinkAddress(value, names) : redactAddress(value, names);
  if (mapped === undefined) throw new NotUnderstood();
  return mapped;
}

function redactSet(value: Json, kind: ValueKind, names: Pseudonyms): unknown {
  const [member, inner] = onlyMember(value);
  if (member === "set") return { set: redactValue(inner, kind, names) };
  if (member === "range" && kind === "plain") return { range: redactValue(inner, kind, names) };
  if (member === "prefix" && kind === "address") {
    const { addr, len } = asObject(inner);
    const bytes = typeof addr === "string" ? parseIpText(addr) : undefined;
    if (bytes && typeof len === "number" && len >= 0 && len <= bytes.length * 8)
      return { prefix: { addr: ipText(names.network(bytes, len)), len } };
  }
  throw new NotUnderstood();
}

function redactAddress(text: string, names: Pseudonyms): string | undefined {
  const bytes = parseIpText(text);
  return bytes && ipText(names.ip(bytes));
}

function onlyMember(value: unknown): [name: string, value: unknown] {
  const members = Object.entries(asObject(value));
  const [first] = members;
  if (members.length !== 1 || !first) throw new NotUnderstood();
  return first;
}

function asObject(value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new NotUnderstood();
}
