// The language of expectations: the one definition. What reads a file and the JSON Schema for editors both follow it.
import type {
  AddressPattern,
  AddressWanted,
  Count,
  Ends,
  Expectation,
  Nat,
  PassPattern,
  PortPattern,
  PortWanted,
  TimeLimits,
  Where,
} from "./expectation.js";
import { either, type Form, list, mapped, mapping, one, some } from "./forms.js";
import {
  ADDRESS,
  BOOLEAN,
  COUNT,
  DIRECTION,
  DROP,
  EXIST,
  FUNCTION,
  HOOK,
  INFO,
  MARGIN,
  NONE,
  OUTCOME,
  PORT,
  PROTOCOL,
  TEXT,
  TIME,
  VARIABLE,
  VERDICT,
} from "./kinds.js";

const ADDRESSES: Form<readonly AddressPattern[]> = some(one(ADDRESS));
const PORTS: Form<readonly PortPattern[]> = some(one(PORT));
const ADDRESS_WANTED: Form<AddressWanted> = either(one(VARIABLE), ADDRESSES);
const PORT_WANTED: Form<PortWanted> = either(one(VARIABLE), PORTS);
const TEXTS = some(one(TEXT));
const FUNCTIONS = list(one(FUNCTION), "a list of functions, such as [ip_rcv, ip_output]");

const WHERE: Form<Where> = mapping<Where>(
  {
    protocol: {
      form: some(one(PROTOCOL)),
      meaning:
        "tcp, udp, icmp (ICMPv6 too), icmpv6, arp, sctp, gre..., ipv4 or ipv6 for all of that version, or the number of an IP protocol. One or a list.",
    },
    info: {
      form: some(one(INFO)),
      meaning:
        "What kind of packet: TCP flags in any order (SYN, or 'SYN,ACK' in quotes), ICMP and ARP messages (request, reply, unreachable), or fragment. One or a list.",
    },
    source: {
      form: ADDRESS_WANTED,
      meaning: "The source address when the packet is first seen: an address, a prefix, a list, or $name.",
    },
    destination: {
      form: ADDRESS_WANTED,
      meaning:
        "The destination address when the packet is first seen, so before any NAT here: an address, a prefix, a list, or $name.",
    },
    address: { form: ADDRESSES, meaning: "The source or the destination address." },
    source_port: { form: PORT_WANTED, meaning: "A port, a range such as 8000-8080, a list, or $name." },
    destination_port: {
      form: PORT_WANTED,
      meaning:
        "A port, a range such as 8000-8080, a list, or $name: when the packet is first seen, before any NAT here.",
    },
    port: { form: PORTS, meaning: "The source or the destination port." },
    interface: {
      form: TEXTS,
      meaning: "A device that the packet passes anywhere on its way. One or a list.",
    },
    namespace: {
      form: TEXTS,
      meaning: "A network namespace that the packet is seen in, by name or inode. One or a list.",
    },
    direction: {
      form: one(DIRECTION),
      meaning: "received from a device, or sent from this host: how the packet began here.",
    },
    clones: {
      form: one(BOOLEAN),
      meaning: "true: copies count too, which the kernel makes for tcpdump and to flood a bridge.",
    },
  },
  "which packets, such as {protocol: tcp, destination_port: 80}",
);

interface CountLimits {
  readonly at_least?: number;
  readonly at_most?: number;
  readonly between?: readonly number[];
}

const COUNT_LIMITS: Form<CountLimits> = mapping<CountLimits>(
  {
    at_least: { form: one(COUNT), meaning: "So many or more." },
    at_most: { form: one(COUNT), meaning: "So many or fewer." },
    between: {
      form: list(one(COUNT), "two numbers, such as [2, 5]"),
      meaning: "Two numbers: both are allowed too.",
    },
  },
  "{at_least: 2}, {at_most: 5} or {between: [2, 5]}",
);

const ANY_NUMBER = Number.POSITIVE_INFINITY;

const FEW = "exist, none, a number, {at_least: 2}, {at_most: 5} or {between: [2, 5]}";

const WORDS_OF_COUNT: Form<Count> = mapped(one(EXIST), (text) =>
  text === "exist" ? { atLeast: 1, atMost: ANY_NUMBER } : { atLeast: 0, atMost: 0 },
);
const EXACT_COUNT: Form<Count> = mapped(one(COUNT), (count) => ({ atLeast: count, atMost: count }));

const LIMITED_COUNT: Form<Count> = {
  ...COUNT_LIMITS,
  read: (node, reading) => {
    const limits = COUNT_LIMITS.read(node, reading);
    if (!limits) return undefined;
    const { between, at_least: atLeast = 0, at_most: atMost = ANY_NUMBER } = limits;
    if (!between) return { atLeast, atMost };
    const [low, high] = between;
    const place = reading.placeOf(limits, "between");
    if (low === undefined || high === undefined || between.length !== 2)
      return reading.complain(place, "between: expected two numbers, such as [2, 5]");
    if (limits.at_least !== undefined || limits.at_most !== undefined)
      return reading.complain(place, "between stands alone: leave at_least and at_most out");
    return { atLeast: low, atMost: high };
  },
};

const PATHS: Form<Count> = either(either(WORDS_OF_COUNT, EXACT_COUNT), LIMITED_COUNT, FEW);

const PASS: Form<PassPattern> = mapping<PassPattern>(
  {
    table: { form: one(TEXT), meaning: "filter, nat, mangle, raw, security, or what nftables calls it." },
    chain: { form: one(TEXT), meaning: "The base chain; of iptables, the hook's." },
    hook: { form: one(HOOK), meaning: "PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING." },
    verdict: { form: one(VERDICT), meaning: "What the table decided: ACCEPT, DROP, STOLEN, QUEUE..." },
  },
  "a pass such as {table: filter, hook: INPUT, verdict: ACCEPT}",
);

const ENDS: Form<Ends> = mapping<Ends>(
  {
    source: { form: ADDRESS_WANTED, meaning: "The source address." },
    source_port: { form: PORT_WANTED, meaning: "The source port." },
    destination: { form: ADDRESS_WANTED, meaning: "The destination address." },
    destination_port: { form: PORT_WANTED, meaning: "The destination port." },
  },
  "ends such as {destination: 10.0.0.2, destination_port: 80}",
);

const NAT: Form<Nat> = mapping<Nat>(
  {
    before: { form: ENDS, meaning: "The packet when it is first seen." },
    after: { form: ENDS, meaning: "The packet when it is last seen." },
  },
  "{before: {...}, after: {...}}",
);

const TIME_LIMITS: Form<TimeLimits> = mapping<TimeLimits>(
  {
    from: {
      form: one(FUNCTION),
      meaning: "From when the packet enters this function; else from its first event.",
    },
    to: { form: one(FUNCTION), meaning: "To when it enters this one after that; else to its last event." },
    p50: { form: one(TIME), meaning: "Half of the packets take at most this long." },
    p99: { form: one(TIME), meaning: "99 of 100 packets take at most this long." },
    max: { form: one(TIME), meaning: "Every packet takes at most this long." },
    margin: { form: one(MARGIN), meaning: "Added to each limit: 20%, or a time such as 50us." },
  },
  "limits such as {from: ip_rcv, to: ip_output, p99: 200us}",
);

/** One expectation. */
export const EXPECTATION: Form<Expectation> = mapping<Expectation>(
  {
    name: {
      form: one(TEXT),
      meaning: "What is expected, in words: it stands in the report.",
      required: true,
    },
    where: {
      form: WHERE,
      meaning: "Which packets this is about: all that is given has to hold. Without it, all packets.",
    },
    paths: {
      form: PATHS,
      meaning: `How many such packets there are: ${FEW}. Without it, at least one.`,
    },
    through: {
      form: FUNCTIONS,
      meaning: "Functions that each of them enters, in this order; others may come between.",
    },
    not_through: { form: FUNCTIONS, meaning: "Functions that none of them enters." },
    outcome: {
      form: some(one(OUTCOME)),
      meaning:
        "What becomes of each: delivered, transmitted, dropped, consumed; open: still under way when the recording ended. One or a list.",
    },
    drops: {
      form: either(one(NONE), some(one(DROP))),
      meaning:
        "none, or the only reasons for which they may be dropped. Harmless drops do not count unless they are named.",
    },
    traversals: {
      form: either(one(NONE), some(PASS)),
      meaning: "Passes through tables of rules that each of them makes, in this order; or none.",
    },
    nat: {
      form: either(one(NONE), NAT),
      meaning: "How their addresses and ports change; none: they do not.",
    },
    time: { form: some(TIME_LIMITS), meaning: "How long they may take." },
  },
  "an expectation such as {name: web is reachable, where: {destination_port: 80}, outcome: delivered}",
);

/** A whole file. */
export interface ExpectationsFile {
  readonly expectations: readonly Expectation[];
}

/** A whole file. */
export const EXPECTATIONS_FILE: Form<ExpectationsFile> = mapping<ExpectationsFile>(
  {
    expectations: {
      form: list(EXPECTATION, "a list of expectations"),
      meaning: "What is expected of the recording: all of it has to hold.",
      required: true,
    },
  },
  "a mapping with the key expectations",
);
