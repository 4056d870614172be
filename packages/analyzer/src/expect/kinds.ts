// The kinds of single values in a file of expectations: addresses, ports, functions, times and the words of the tables.
import { addressText, parseAddress } from "../dissect/addresses.js";
import { ETHER_TYPE_NAMES, etherTypeName } from "../dissect/ether-type-names.js";
import { IP_PROTOCOL_NAMES } from "../dissect/ip-protocol-names.js";
import type { Outcome } from "../tables/rows.js";
import type { AddressPattern, Direction, DropPattern, Margin, PortPattern, Variable } from "./expectation.js";
import type { Kind } from "./forms.js";
import { canHaveInfo, INFO_WORDS, WITH_INFO } from "./info-words.js";

/** Any text with something in it. Without quotes it can be a number to YAML, or true. */
export const TEXT: Kind<string> = {
  schema: { type: ["string", "number", "boolean"], minLength: 1 },
  expected: "a text",
  parse: (text) => (text.trim() === "" ? undefined : text),
};

/** Words out of a list; upper and lower case mean the same. */
export function word<T extends string>(words: readonly T[], expected: string): Kind<T> {
  return {
    schema: { anyOf: [{ enum: words }, { type: "string", pattern: inAnyCase(words) }] },
    expected,
    words,
    parse: (text) => words.find((one) => one.toLowerCase() === text.toLowerCase()),
  };
}

/** A pattern for words in upper or lower case: JSON Schema has no flag for that. */
function inAnyCase(words: readonly string[]): string {
  const either = words.join("|");
  return `^(${either.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)})$`;
}

const YES_OR_NO = word(["true", "false"], "true or false");

export const BOOLEAN: Kind<boolean> = {
  schema: { anyOf: [{ type: "boolean" }, YES_OR_NO.schema] },
  expected: YES_OR_NO.expected,
  words: ["true", "false"],
  parse: (text) => {
    const found = YES_OR_NO.parse(text);
    return found && found === "true";
  },
};

/** Protocols that are asked for most. */
const PROTOCOLS = ["tcp", "udp", "icmp", "icmpv6", "arp", "sctp", "gre", "esp", "igmp", "ospf"] as const;

/** Protocols as `paths.protocol` has them, in small letters; ICMPv6 is called otherwise in filters. */
const PROTOCOL_NAMES: ReadonlySet<string> = new Set(
  [...IP_PROTOCOL_NAMES, ...ETHER_TYPE_NAMES, "ipv6-icmp"].map((name) => name.toLowerCase()),
);

export const PROTOCOL: Kind<string> = {
  schema: { type: ["string", "number"], examples: PROTOCOLS },
  expected: "a protocol such as tcp, udp, icmp or arp, or its number",
  words: [...PROTOCOL_NAMES],
  parse: (text) => {
    if (PROTOCOL_NAMES.has(text.toLowerCase())) return text;
    // Paths have ethertypes by their names.
    if (/^0x[0-9a-f]{4}$/i.test(text)) return etherTypeName(Number(text));
    return /^\d{1,3}$/.test(text) && Number(text) < 256 ? String(Number(text)) : undefined;
  },
};

export const INFO: Kind<string> = {
  schema: { type: "string", minLength: 1, examples: ["SYN", "SYN,ACK", "request", "reply", "unreachable"] },
  expected: "TCP flags such as SYN or 'SYN,ACK', or a message such as request, reply or unreachable",
  words: INFO_WORDS,
  parse: (text) =>
    WITH_INFO.some((protocol) => canHaveInfo(protocol, text.toLowerCase())) ? text : undefined,
};

export const OUTCOME: Kind<Outcome> = word(
  ["delivered", "transmitted", "dropped", "consumed", "open", "unknown"],
  "an outcome: delivered, transmitted, dropped, consumed, open or unknown",
);

export const DIRECTION: Kind<Direction> = word(["received", "sent"], "received or sent");
export const NONE: Kind<"none"> = word(["none"], "none");
export const EXIST: Kind<"exist" | "none"> = word(["exist", "none"], "exist or none");

export const FUNCTION: Kind<string> = {
  schema: { type: "string", pattern: "^[A-Za-z_][A-Za-z0-9_.:]*$", examples: ["ip_rcv", "ip_output"] },
  expected: "a function of the kernel such as ip_rcv",
  parse: (text) => (/^[A-Za-z_][A-Za-z0-9_.:]*$/.test(text) ? text : undefined),
};

export const HOOK: Kind<string> = word(
  ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "INGRESS"],
  "a hook: PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING or INGRESS",
);

export const VERDICT: Kind<string> = word(
  ["ACCEPT", "DROP", "STOLEN", "QUEUE", "REPEAT", "STOP"],
  "a verdict: ACCEPT, DROP, STOLEN, QUEUE, REPEAT or STOP",
);

export const VARIABLE: Kind<Variable> = {
  schema: { type: "string", pattern: "^\\$[A-Za-z_][A-Za-z0-9_]*$" },
  expected: "a name such as $client",
  parse: (text) => {
    const variable = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)?.[1];
    return variable === undefined ? undefined : { variable };
  },
};

export const ADDRESS: Kind<AddressPattern> = {
  schema: {
    type: "string",
    pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
    examples: ["10.0.0.1", "10.0.0.0/8", "2001:db8::/32"],
  },
  expected: "an address such as 10.0.0.1, or a prefix such as 10.0.0.0/8",
  parse: parsePrefix,
};

function parsePrefix(text: string): AddressPattern | undefined {
  const [, base = "", digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(base);
  if (!address) return undefined;
  const { family, bytes } = address;
  const bits = bytes.length * 8;
  // The prefix of an IPv4-mapped address counts the 96 bits before it.
  const isMapped = family === 4 && base.includes(":");
  const length = digits === undefined ? bits : Number(digits) - (isMapped ? 96 : 0);
  if (length < 0 || length > bits) return undefined;
  const masked = masking(bytes, length);
  const shown = addressText({ family, bytes: masked });
  return { family, bytes: masked, length, text: length === bits ? shown : `${shown}/${length}` };
}

/** The address with zeros behind its first `length` bits. */
export function masking(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, length - 8 * i));
    return byte & (0xff << (8 - kept));
  });
}

export const PORT: Kind<PortPattern> = {
  schema: {
    anyOf: [
      { type: "integer", minimum: 0, maximum: 65_535 },
      { type: "string", pattern: "^[0-9]{1,5}(-[0-9]{1,5})?$", examples: ["8000-8080"] },
    ],
  },
  expected: "a port from 0 to 65535, or a range such as 8000-8080",
  parse: (text) => {
    const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
    const [from, to] = [Number(first), Number(last)];
    return first !== "" && from <= to && to <= 65_535 ? { from, to } : undefined;
  },
};

export const COUNT: Kind<number> = {
  schema: {
    anyOf: [
      { type: "integer", minimum: 0 },
      { type: "string", pattern: "^[0-9]{1,15}$" },
    ],
  },
  expected: "a whole number from 0",
  parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
};

const NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

function parseNs(text: string): number | undefined {
  const [, amount = "", unit = ""] = /^(\d{1,12}(?:\.\d{1,9})?) ?(ns|us|µs|ms|s)$/.exec(text) ?? [];
  const ns = NS[unit];
  return ns === undefined ? undefined : Number(amount) * ns;
}

export const TIME: Kind<number> = {
  schema: { type: "string", pattern: "^[0-9]+(\\.[0-9]+)? ?(ns|us|µs|ms|s)$", examples: ["200us", "1.5ms"] },
  expected: "a time with its unit such as 200us, 1.5ms or 2s",
  parse: parseNs,
};

export const MARGIN: Kind<Margin> = {
  schema: {
    type: "string",
    pattern: "^[0-9]+(\\.[0-9]+)? ?(%|ns|us|µs|ms|s)$",
    examples: ["20%", "50us"],
  },
  expected: "a margin such as 20% or 50us",
  parse: (text) => {
    const percent = /^(\d{1,6}(?:\.\d{1,6})?) ?%$/.exec(text)?.[1];
    if (percent !== undefined) return { share: Number(percent) / 100 };
    const ns = parseNs(text);
    return ns === undefined ? undefined : { ns };
  },
};

const REASON = /^[A-Z][A-Z0-9_]*$/;
const FUNCTION_NAME = /^[a-z_][A-Za-z0-9_]*$/;

export const DROP: Kind<DropPattern> = {
  schema: {
    type: "string",
    pattern: "^[A-Za-z_][A-Za-z0-9_]*( at [A-Za-z_][A-Za-z0-9_]*)?$",
    examples: ["NETFILTER_DROP", "nf_hook_slow", "NO_SOCKET at icmp_rcv"],
  },
  expected: "a reason such as NETFILTER_DROP, a function such as nf_hook_slow, or NO_SOCKET at icmp_rcv",
  parse: (text) => {
    const [first = "", second] = text.split(" at ");
    if (second !== undefined)
      return REASON.test(first) && FUNCTION_NAME.test(second)
        ? { reason: first, function: second }
        : undefined;
    if (REASON.test(first)) return { reason: first };
    return FUNCTION_NAME.test(first) && first !== "none" ? { function: first } : undefined;
  },
};
