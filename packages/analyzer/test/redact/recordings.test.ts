// Redacted recordings: the same answers, and nothing of the original anywhere in the file.
import { readdirSync, readFileSync } from "node:fs";

import {
  ChunkScanner,
  ChunkType,
  EVENT_LAYOUT,
  type EventBatch,
  EventFlag,
  EventKind,
  type Environment,
  parseJson,
  RecordingCopier,
  RecordingReader,
} from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { returnText } from "../../src/event/return-text.js";
import { captureOf } from "../../src/event/trace-event.js";
import { dissect } from "../../src/dissect/packet.js";
import { ipText, parseIpText } from "../../src/dissect/addresses.js";
import { FIELD_RULES } from "../../src/redact/event-redactor.js";
import { redactRelease } from "../../src/redact/host-redactor.js";
import { RedactionKey } from "../../src/redact/key.js";
import { Pseudonyms } from "../../src/redact/pseudonyms.js";
import { Redaction } from "../../src/redact/redaction.js";
import { redactReturnValue } from "../../src/redact/return-value.js";
import { frame } from "../dissect/frames.js";
import { MadeRecording, reconstruct } from "../support/made-recording.js";

const FIXTURES = new URL("../../../../fixtures/", import.meta.url);
const key = new RedactionKey(Buffer.from("a key for tests, of 32 bytes...."));

function redact(bytes: Uint8Array, by: RedactionKey = key): Uint8Array {
  const spans: Uint8Array[] = [];
  const redaction = new Redaction(by);
  const copier = new RecordingCopier({
    mode: "strict",
    uuid: () => new Uint8Array(16).fill(9),
    write: (more) => spans.push(...more.map((span) => Uint8Array.from(span))),
    copy: (chunk, log, source) => redaction.copy(chunk, log, source),
  });
  for (const _ of copier.source.push(bytes));
  for (const _ of copier.source.end());
  copier.end();
  return Buffer.concat(spans);
}

/** Everything in a recording that identifies: as bytes of packets and events, and as text. */
function identifying(bytes: Uint8Array): { binary: Map<string, Buffer>; texts: Set<string> } {
  const binary = new Map<string, Buffer>();
  const texts = new Set<string>();
  const addBytes = (part: Uint8Array): void => {
    const buffer = Buffer.from(part);
    if (!buffer.every((byte) => byte === 0 || byte === 0xff)) binary.set(buffer.toString("hex"), buffer);
  };
  const addKernelAddress = (address: bigint): void => {
    // Without the bits that stay: those within a page, and those that all have.
    if (address > 4096n) addBytes(wide(address).subarray(2, 6));
  };
  const reader = new RecordingReader({ mode: "strict" });
  const batches = [...reader.push(bytes), ...reader.end()];
  for (const batch of batches)
    for (let i = 0; i < batch.length; i++) {
      for (const name of ["skb", "head", "address"] as const) addKernelAddress(batch.wide(name)[i] ?? 0n);
      for (const name of ["parent", "old_head", "into", "location"])
        addKernelAddress(batch.tailWide(i, name));
      for (const address of reader.dictionary.stack(batch.narrow("stack_id")[i] ?? -1) ?? [])
        texts.add(address.toString(16));
      for (const id of hashesOf(batch, i)) {
        addBytes(wide(id));
        texts.add(id.toString(16));
        const { table = "", chain = "" } = reader.dictionary.chain(id) ?? {};
        for (const name of [table, chain]) if (!COMMON_NAME.test(name)) texts.add(name);
      }
      for (const address of tupleOf(batch, i)) addBytes(address);
      const packet = dissect(captureOf(batch, i));
      for (const { source, destination, arp } of [packet, packet.quoted ?? packet])
        for (const ip of [source, destination, arp?.senderAddress, arp?.targetAddress])
          if (ip !== undefined && !/^(0\.0\.0\.0|255\.255|22[4-9]|ff|127\.)/.test(ip)) {
            addBytes(parseIpText(ip) ?? new Uint8Array(0));
            texts.add(ip);
          }
      for (const mac of [packet.srcMac, packet.destMac])
        if (mac !== undefined && mac !== "00:00:00:00:00:00") {
          addBytes(Buffer.from(mac.replaceAll(":", ""), "hex"));
          texts.add(mac);
        }
    }
  const { environment } = reader;
  // A short name may be a part of some word: it would stand by itself.
  for (const text of namesIn(environment)) texts.add(text.length > 5 ? text : `"${text}"`);
  for (const { address } of environment?.probes ?? [])
    if (address !== undefined && address > 4096n) texts.add(address.toString(16));
  return { binary, texts };
}

/** Names that redaction leaves as they are, and none. */
const COMMON_NAME =
  /^(?:|filter|nat|mangle|raw|security|broute|PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/;

function wide(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** Hashes of what can be guessed: of tables, chains and connections. Those of made recordings may be small numbers. */
function hashesOf(batch: EventBatch, i: number): bigint[] {
  return ["chain", "conntrack", "id"]
    .map((name) => batch.tailWide(i, name))
    .filter((id) => id > 0xffff_ffffn);
}

/** Addresses of a connection. */
function tupleOf(batch: EventBatch, i: number): Buffer[] {
  if (batch.narrow("kind")[i] !== EventKind.CONNTRACK) return [];
  const size = batch.tailNumber(i, "family") === 2 ? 4 : 16;
  return ["original_source", "original_destination", "reply_source", "reply_destination"].map((name) => {
    const { offset = 0 } =
      EVENT_LAYOUT.kinds
        .find(({ kind }) => kind === EventKind.CONNTRACK)
        ?.tail.fields.find((field) => field.name === name) ?? {};
    const at = EVENT_LAYOUT.head.size + offset;
    return Buffer.from(batch.ownBytes(i).subarray(at, at + size));
  });
}

function namesIn(environment: Environment | undefined): string[] {
  const namespaces = environment?.namespaces ?? [];
  return [
    environment?.host.bootId ?? "",
    environment?.host.kernelVersion ?? "",
    ...(environment?.commandLine ?? []).filter((word) => word.includes("/")),
    ...namespaces.flatMap(({ name = "", comm = "", interfaces }) => [
      name,
      comm,
      ...interfaces.flatMap((device) => [device.name, device.mac ?? ""]),
    ]),
  ].filter((text) => text !== "lo" && !/^[0:]*$/.test(text) && text !== "ff:ff:ff:ff:ff:ff");
}

/** Of those with connections, merged packets, new heads and hooks, which the first ones lack. */
const WITH_ALL_KINDS = /^(?:nat|nft|ipv6|tcp-drop|fragments|vxlan)-.*\.skbt$/;

// Those of v1 have names and addresses as they were; the others were redacted before, by another key.
const recordings = [
  ...readdirSync(new URL("v1/", FIXTURES)).map((name) => `v1/${name}`),
  ...readdirSync(new URL("kernels/", FIXTURES))
    .filter((name) => WITH_ALL_KINDS.test(name))
    .map((name) => `kernels/${name}`),
].filter((name) => name.endsWith(".skbt"));

describe.each(recordings)("%s", (name) => {
  const before = readFileSync(new URL(name, FIXTURES));
  const after = Buffer.from(redact(before));

  test("holds nothing of the original that identifies", () => {
    const { binary, texts } = identifying(before);
    expect(binary.size).toBeGreaterThan(10);
    expect(texts.size).toBeGreaterThan(10);
    for (const [hex, part] of binary) expect(after.includes(part), hex).toBe(false);
    for (const text of texts) expect(after.includes(text), text).toBe(false);
  });

  test("gives the same answers", () => {
    const [a, b] = [reconstruct(before), reconstruct(after)];
    const WHO =
      /^(recording|skb|parent_skb|pid|tid|head|source|destination|last_source|last_destination|interfaces?|namespaces|in_interface|out_interface|mac|source_mac|dest_mac|destination_mac|stack|ip_len|address)$/;
    const shapes = (rows: readonly object[]): unknown[] =>
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row)
            .filter(([column]) => !WHO.test(column))
            // What an ICMP error quotes, and what NAT made of addresses
            .map(([column, value]) => [
              column,
              ["info", "nat_before", "nat_after"].includes(column)
                ? String(value).replaceAll(/\d+\.\d+\.\d+\.\d+|[0-9a-f]+(?::[0-9a-f]*){7}(?=:)/g, "*")
                : (value as unknown),
            ]),
        ),
      );
    expect(shapes(b.paths)).toEqual(shapes(a.paths));
    expect(shapes(b.drops)).toEqual(shapes(a.drops));
    expect(shapes(b.traversals)).toEqual(shapes(a.traversals));
    expect(shapes(b.others["losses"] ?? [])).toEqual(shapes(a.others["losses"] ?? []));
    expect(b.paths.length).toBeGreaterThanOrEqual(8);
  });

  test("is whole, and says what was done", () => {
    const reader = new RecordingReader({ mode: "strict" });
    for (const _ of reader.push(after));
    for (const _ of reader.end());
    expect(reader.damage).toEqual([]);
    expect(reader.ended).toBeDefined();
    expect(reader.environment?.commandLine).toEqual([]);
    expect(reader.environment?.origins?.at(-1)).toMatchObject({ command: "redact" });
    expect(reader.environment?.origins?.at(-1)?.facts.join()).toMatch(/kept: .*replaced: .*removed: /);
  });
});

const sources = (bytes: Uint8Array): unknown[] => reconstruct(bytes).paths.map(({ source }) => source);

test("one key maps two recordings alike, another key not", () => {
  const before = readFileSync(new URL("v1/veth-6.1.skbt", FIXTURES));
  expect(sources(redact(before))).toEqual(sources(redact(before)));
  const other = sources(redact(before, new RedactionKey(Buffer.from("another key for tests of 32 byte"))));
  expect(other).not.toEqual(sources(redact(before)));
});

const skb = (number: number): bigint => 0xffff_8881_2345_6000n + BigInt(number) * 0x2000n;
const V4 = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Uint8Array(12)]);
const V6 = (text: string): Uint8Array => parseIpText(text) ?? new Uint8Array(16);

/** Of each event, as hexadecimal digits. */
function packets(bytes: Uint8Array): string[] {
  const reader = new RecordingReader({ mode: "strict" });
  return [...reader.push(bytes), ...reader.end()].flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => Buffer.from(batch.captured(i)).toString("hex")),
  );
}

describe("of a recording with events of all kinds", () => {
  const SECRET_POINTER = 0xffff_8881_9abc_def0n;
  /** 198.51.100.23 as `fib_compute_spec_dst` has it */
  const SECRET_ADDRESS = 0x1764_33c6n;
  const [CHAIN, CONNECTION, CONNECTION6] = [
    0x1122_3344_5566_7788n,
    0x99aa_bbcc_ddee_ff01n,
    0x1357_9bdf_0246_8acen,
  ];
  const NATTED = [
    [203, 0, 113, 77],
    [198, 51, 100, 88],
  ] as const;
  const SECRETS = ["acme", "eth0", "vb", "10.9.8.7", "fd00:acde", "made", "sEcReT"];
  const RULESET = {
    nftables: [
      { table: { family: "inet", name: "acme-table", handle: 1 } },
      { chain: { family: "inet", table: "acme-table", name: "acme-chain", handle: 2, comment: "acme" } },
      { set: { family: "inet", table: "acme-table", name: "acme-set", handle: 3, elem: ["10.9.8.7"] } },
      {
        rule: {
          family: "inet",
          table: "acme-table",
          chain: "acme-chain",
          handle: 7,
          comment: "acme",
          expr: [
            { match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: "10.9.8.7" } },
            { drop: null },
          ],
        },
      },
    ],
  };
  const LISTING = `table inet acme-table { # handle 1
\tcomment "acme"
\tchain acme-chain { # handle 2
\t\tip saddr 10.9.8.7 iifname "eth0" drop comment "acme" # handle 7
\t\tip saddr @acme-set drop # handle 8
\t}
}
`;
  const functionBase = 0xffff_ffff_8100_0000n;
  const returning = (name: string, i: number, returnType: string): Environment["probes"][number] => ({
    name: `${name}%return`,
    type: "kretprobe",
    event: "return",
    status: "attached",
    symbol: name,
    address: functionBase + BigInt(i * 256),
    returnType,
  });
  const made = new MadeRecording({
    probes: [
      returning("ip_rcv", 0, "int"),
      returning("ip_rcv_finish", 1, "unsigned int"),
      returning("ip_local_deliver", 2, "struct sk_buff *"),
      {
        name: "kfree_skbmem",
        type: "kprobe",
        event: "free",
        status: "attached",
        symbol: "kfree_skbmem",
        address: functionBase + 0x10_0000n,
      },
    ],
    options: { keep: true, nftRules: true, filter: { expression: "host 10.9.8.7 and not port 1" } },
  });
  made.json(ChunkType.RULES, {
    at: "start",
    rules: [
      { netns: 100, kind: "nft", text: JSON.stringify(RULESET) },
      { netns: 100, kind: "nft-handles", text: LISTING },
    ],
    problems: ["sEcReT"],
  });
  made.json(ChunkType.DICTIONARY, {
    symbols: [],
    stacks: [],
    devices: [],
    chains: [
      { id: `0x${CHAIN.toString(16)}`, engine: 1, family: 1, table: "acme-table", chain: "acme-chain" },
    ],
  });
  const packet = frame("udpDns");
  const port = (at: number): number => Buffer.from(packet).readUInt16LE(at);
  const tuple = (id: bigint, family: number, [source, destination, translated]: Uint8Array[]) => ({
    id,
    family,
    protocol: 17,
    original_source: source ?? V4(),
    original_destination: destination ?? V4(),
    reply_source: translated ?? V4(),
    reply_destination: source ?? V4(),
    original_source_port: port(34),
    original_destination_port: port(36),
    reply_source_port: port(36),
    reply_destination_port: port(34),
    reserved: 0x5eed,
    reserved2: 0x5eed_5eed,
  });
  const inNetns = { netns: 100, ifindex: 1 };
  made.on(
    0,
    { ns: 100, skb: skb(1), at: "ip_rcv", packet: "udpDns", first: true, ...inNetns },
    { ns: 110, skb: skb(1), at: "ip_rcv_finish", packet: "udpDns", sameBytesAs: 100, ...inNetns },
    {
      ns: 120,
      skb: skb(1),
      kind: "CONNTRACK",
      tail: tuple(CONNECTION, 2, [
        V4(...packet.subarray(26, 30)),
        V4(...packet.subarray(30, 34)),
        V4(...NATTED[1]),
      ]),
    },
    {
      ns: 120,
      skb: skb(1),
      kind: "CONNTRACK",
      tail: tuple(CONNECTION + 1n, 2, [V4(10, 9, 8, 7), V4(...NATTED[0]), V4(10, 9, 8, 7)]),
    },
    {
      ns: 121,
      skb: skb(1),
      kind: "CONNTRACK",
      tail: tuple(CONNECTION6, 10, ["fd00:acde::1", "fd00:acde::2", "fd00:acde::3"].map(V6)),
    },
    {
      ns: 129,
      skb: skb(1),
      kind: "RULE",
      handle: 7,
      verdict: 0,
      ...inNetns,
      tail: { chain: CHAIN },
    },
    {
      ns: 130,
      skb: skb(1),
      kind: "TRAVERSAL",
      at: "ip_rcv",
      packet: "udpDns",
      sameBytesAs: 100,
      conntrack: CONNECTION,
      ctState: 3,
      verdict: 0,
      tail: { chain: CHAIN, engine: 1 },
      ...inNetns,
    },
    { ns: 140, skb: skb(1), kind: "HEAD", tail: { old_head: skb(20) } },
    { ns: 150, skb: skb(2), kind: "CLONE", parent: skb(1), how: "SEGMENT" },
    { ns: 160, skb: skb(3), at: "ip_rcv", packet: "udpDns", first: true },
    { ns: 170, skb: skb(3), kind: "MERGE", into: skb(2) },
    { ns: 171, skb: skb(3), kind: "FREE" },
    { ns: 180, skb: skb(1), kind: "RETURN", at: "ip_rcv", tail: { value: 0xffff_fff2n, entry_ns: 0n } },
    {
      ns: 181,
      skb: skb(1),
      kind: "RETURN",
      at: "ip_rcv_finish",
      tail: { value: SECRET_ADDRESS, entry_ns: 0n },
    },
    {
      ns: 182,
      skb: skb(1),
      kind: "RETURN",
      at: "ip_local_deliver",
      tail: { value: SECRET_POINTER, entry_ns: 0n },
    },
    { ns: 190, skb: skb(1), kind: "HOOK", result: -1, ...inNetns },
    // As no recorder writes it: a reference beside bytes
    {
      ns: 195,
      skb: skb(4),
      at: "ip_rcv",
      packet: Buffer.concat([Buffer.from("sEcReT"), frame("udpDns")]),
      fields: { flags: EventFlag.SAME_BYTES },
    },
    { ns: 200, skb: skb(1), kind: "FREE" },
  );
  const before = Buffer.from(made.bytes());
  const after = Buffer.from(redact(before));

  test("nothing that identifies is in the file", () => {
    const { binary, texts } = identifying(before);
    for (const secret of SECRETS) texts.add(secret.length > 5 ? secret : `"${secret}"`);
    texts.add("acme");
    // As long as a reference
    texts.add("sEcR");
    for (const [name, value] of [
      ["connection", CONNECTION],
      ["IPv6 connection", CONNECTION6],
      ["chain", CHAIN],
    ] as const)
      binary.set(name, wide(value));
    binary.set("pointer", wide(SECRET_POINTER).subarray(2, 6));
    binary.set("old head", wide(skb(20)).subarray(2, 6));
    binary.set("returned address", wide(SECRET_ADDRESS).subarray(0, 4));
    for (const bytes of [...NATTED, [10, 9, 8, 7]]) binary.set(bytes.join("."), Buffer.from(bytes));
    binary.set("fd00:acde::2", Buffer.from(V6("fd00:acde::2")));
    binary.set("reserved", Buffer.from([0xed, 0x5e, 0xed, 0x5e]));
    // What is looked for is there: the addresses are binary in events, and text in rules.
    for (const [name, bytes] of binary) expect(before.includes(bytes), name).toBe(true);
    for (const [name, bytes] of binary) expect(after.includes(bytes), name).toBe(false);
    for (const text of texts) expect(after.includes(text), text).toBe(false);
  });

  test("events with another's bytes still have them", () => {
    const [own, same, , , , , traversal] = packets(after);
    expect(own).not.toBe("");
    expect([same, traversal]).toEqual([own, own]);
    const first = packets(before)[0];
    expect(own).not.toBe(first);
  });

  test("addresses, names and ids are replaced by the same wherever they stand", () => {
    const { traversals, paths, events, others } = reconstruct(after);
    const pseudonyms = new Pseudonyms(key);
    const ip = (...bytes: readonly number[]): string => ipText(pseudonyms.ip(Uint8Array.from(bytes)));
    const [table, chain] = [pseudonyms.name("table", "acme-table"), pseudonyms.name("chain", "acme-chain")];
    expect(traversals[0]).toMatchObject({
      table_name: table,
      chain,
      rule_handle: 7,
      rule: `ip saddr ${ip(10, 9, 8, 7)} iifname "${pseudonyms.name("if", "eth0")}" drop`,
    });
    expect(paths[0]?.nat_before).toBe(
      `${paths[0]?.source}:${paths[0]?.source_port} -> ${ip(...packet.subarray(30, 34))}:53`,
    );
    expect(paths[0]?.nat_after).toBe(
      `${paths[0]?.source}:${paths[0]?.source_port} -> ${ip(...NATTED[1])}:53`,
    );
    expect(paths.map(({ parent, merged_into: into }) => [parent, into])).toEqual([
      [null, null],
      [1, null],
      [null, 2],
      [null, null],
    ]);
    expect(JSON.stringify(others["rules"])).toContain(chain);
    const returned = events.filter(({ kind }) => kind === "return").map((row) => row["return_value"]);
    expect(returned[0]).toBe("-14");
    expect(returned[1]).toMatch(/^\d{6,10}$/);
    expect(returned[2]).toBe(`0x${pseudonyms.kernelAddress(SECRET_POINTER).toString(16)}`);
  });

  test("that an expression chose packets is told, and which not", () => {
    expect(reconstruct(after).others["meta"]?.[0]).toMatchObject({ filter: "--keep --expression removed" });
  });
});

test.each<[value: bigint, type: string | undefined, what: RegExp]>([
  [0xffff_ffff_ffff_fff4n, "long int", /^-12$/],
  [0xffff_fff4n, "int", /^-12$/],
  [0x1234_5678_0000_0001n, "int", /^1$/],
  [0x1234_5678_9abc_0001n, "_Bool", /^true$/],
  [0x1234_5678_9abc_def0n, "void", /^$/],
  [2054n, "unsigned int", /^2054$/],
  [0n, "struct sk_buff *", /^0x0$/],
  [0xffff_ffff_ffff_fff4n, "struct sk_buff *", /^0xfffffffffffffff4$/],
  [0xc0a8_0001n, "unsigned int", /^(?!3232235521$)\d{5,10}$/],
  [0x1234_5678_9abc_def0n, "long unsigned int", /^(?!1311768467463790320$)\d{6,20}$/],
  [0x1234_5678_9abc_def0n, undefined, /^0x(?!123456789abcdef0$)[0-9a-f]{5,16}$/],
])("what was returned, %i of %s, becomes %s", (value, type, what) =>
  expect(returnText(redactReturnValue(value, type, new Pseudonyms(key)), type)).toMatch(what),
);

test("every field of an event has a rule", () => {
  const fields = [EVENT_LAYOUT.head, ...EVENT_LAYOUT.kinds.map(({ tail }) => tail)].flatMap(
    (struct) => struct.fields,
  );
  for (const { name } of fields) expect(Object.keys(FIELD_RULES), name).toContain(name);
});

test("what is not known is left out: members, chunks, and bytes of packets", () => {
  const secret = "sEcReT-of-acme";
  const made = new MadeRecording({
    problems: [secret],
    options: { filter: { expression: secret }, later: secret },
    commandLine: [secret],
  });
  made.json(ChunkType.STATS, { later: secret, counters: { attempts: 3, [secret]: 4 } });
  made.json(0x8fff, { secret });
  made.json(ChunkType.RULES, {
    at: secret,
    rules: [{ netns: 1, kind: secret, text: secret }],
    problems: [secret],
  });
  made.json(ChunkType.REPAIR, { left_out: [{ reason: secret }] });
  made.json(ChunkType.GAP, { offset: 1, length: 2, reason: secret });
  made.on(0, { ns: 1, skb: 0xffff_8880_0000_1000n, at: "ip_rcv", packet: Buffer.from(secret) });
  made.on(0, {
    ns: 2,
    skb: 0xffff_8880_0000_2000n,
    kind: "TRAVERSAL",
    at: "ipt_do_table",
    table: secret,
    packet: "udpDns",
  });
  const before = made.bytes();
  expect(Buffer.from(before).includes(secret)).toBe(true);
  const after = Buffer.from(redact(before));
  expect(after.includes(secret)).toBe(false);
  expect(after.includes("example")).toBe(false);
  const stats = [...new ChunkScanner().push(after)].find(({ header }) => header.type === ChunkType.STATS);
  expect(stats && parseJson(stats.payload)).toEqual({ counters: { attempts: 3 } });
});

test.each([
  ["6.1.0-50-amd64", "6.1.0-50-amd64"],
  ["6.8.0-1021-aws", "6.8.0-1021-aws"],
  ["5.14.0-427.13.1.el9.x86_64", "5.14.0-427.13.1.el9.x86_64"],
  ["6.9.3-acme-prod", "6.9.3"],
  ["acme", ""],
])("release %s is told as %s", (before, after) => expect(redactRelease(before)).toBe(after));
