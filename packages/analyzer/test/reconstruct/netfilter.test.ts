// What is reconstructed of nftables, hooks, traced rules and connections.
import { ChunkType } from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { frame } from "../dissect/frames.js";
import { type MadeEvent, MadeRecording, type Reconstructed, reconstruct } from "../support/made-recording.js";

const A = 0xffff_8880_0000_1000n;
const CONNECTION = 77n;
const NEW = 3;
const ESTABLISHED_REPLY = 4;

const first = { first: true } as const;
const free = (ns: number): MadeEvent => ({ ns, skb: A, kind: "FREE" });
const sight = (ns: number, more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb: A,
  at: "ip_rcv",
  ...more,
});
const pass = (ns: number, more: Partial<MadeEvent>): MadeEvent => ({
  ns,
  skb: A,
  kind: "TRAVERSAL",
  at: "ipt_do_table",
  ...more,
});
const nft = (ns: number, chain: string, more: Partial<MadeEvent> = {}): MadeEvent =>
  pass(ns, { table: "fw", chain, ...more });
const rule = (ns: number, chain: string, handle: number, more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb: A,
  kind: "RULE",
  table: "fw",
  chain,
  handle,
  netns: 100,
  ...more,
});

const hook = (ns: number, more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb: A,
  kind: "HOOK",
  at: "ip_rcv",
  hook: 0,
  ...more,
});

/** What is reconstructed of events on CPU 0. */
function of(...events: readonly MadeEvent[]): Reconstructed {
  return reconstruct(new MadeRecording().on(0, ...events).bytes());
}

/** An IPv4 datagram, from and to other addresses than its own where they are given. */
function datagram({ source, destination }: { source?: number[]; destination?: number[] } = {}): Uint8Array {
  const bytes = frame("udpDns");
  if (source) bytes.set(source, 26);
  if (destination) bytes.set(destination, 30);
  return bytes;
}

const ip = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Uint8Array(12)]);
const port = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

/** A datagram's connection to 10.0.4.15, which NAT has sent on to 10.9.9.9. */
function redirected(ns: number, own: Uint8Array): MadeEvent {
  const [source, destination] = [own.subarray(26, 30), own.subarray(30, 34)];
  const [sport, dport] = [(own[34] ?? 0) * 256 + (own[35] ?? 0), (own[36] ?? 0) * 256 + (own[37] ?? 0)];
  return {
    ns,
    skb: A,
    kind: "CONNTRACK",
    tail: {
      id: CONNECTION,
      family: 2,
      protocol: 17,
      original_source: ip(...source),
      original_destination: ip(...destination),
      reply_source: ip(10, 9, 9, 9),
      reply_destination: ip(...source),
      original_source_port: port(sport),
      original_destination_port: port(dport),
      reply_source_port: port(dport),
      reply_destination_port: port(sport),
    },
  };
}

describe("a pass", () => {
  test("through nftables has its chain, its table's family and what ran it", () => {
    const { paths, traversals } = of(
      sight(100, first),
      nft(110, "early", { hook: 0 }),
      pass(120, { table: "filter", hook: 1, verdict: 1 }),
      nft(130, "late", { hook: 1, verdict: 0 }),
      free(200),
    );
    expect(paths[0]?.verdicts).toBe("fw/early.PREROUTING.ACCEPT filter.INPUT.ACCEPT fw/late.INPUT.DROP");
    expect(traversals).toMatchObject([
      {
        engine: "nft",
        family: "ip",
        table_family: "inet",
        table_name: "fw",
        chain: "early",
        verdict: "ACCEPT",
      },
      { engine: "xtables", family: "ip", table_family: "ip", table_name: "filter", chain: null },
      { engine: "nft", chain: "late", hook: "INPUT", verdict: "DROP" },
    ]);
  });

  test("of the family inet at a device's hook decides it, though it calls the packet IPv4", () => {
    const { paths } = of(
      sight(100, first),
      hook(110, { hook: 0, durationNs: 50, result: -1, tail: { pf: 5 } }),
      nft(120, "in", { hook: 5, verdict: 0 }),
      free(200),
    );
    expect(paths[0]?.verdicts).toBe("fw/in.INGRESS.DROP");
  });

  test("through a table that was never named has its id", () => {
    const { traversals } = of(sight(100, first), pass(110, { tail: { chain: 0xabcn } }), free(200));
    expect(traversals).toMatchObject([{ table_name: "table 0xabc", chain: null }]);
  });

  test("has the rule that decided, the last one that was told of before its end", () => {
    const listing = "table inet fw {\n\tchain input {\n\t\tudp dport 9 drop # handle 7\n\t}\n}\n";
    const log = new MadeRecording();
    log.json(ChunkType.RULES, { at: "start", rules: [{ netns: 100, kind: "nft-handles", text: listing }] });
    log.on(
      0,
      sight(100, { ...first, netns: 100 }),
      rule(110, "input", 5, { verdict: 0xffff_ffff }),
      rule(111, "input", 7, { verdict: 0 }),
      nft(112, "input", { verdict: 0 }),
      rule(120, "other", 8),
      nft(121, "other"),
      rule(130, "third", 0, { traceType: 1 }),
      nft(131, "third"),
      rule(140, "fourth", 9),
      rule(141, "fourth", 0, { traceType: 2 }),
      nft(142, "fourth"),
      nft(150, "fourth"),
      rule(160, "fourth", 9),
      nft(161, "fifth"),
      free(200),
    );
    expect(reconstruct(log.bytes()).traversals.map((row) => [row.rule_handle, row.rule])).toEqual([
      [7, "udp dport 9 drop"],
      [8, null],
      [null, "policy"],
      [9, null],
      [null, null],
      [null, null],
    ]);
  });
});

describe("a hook that did not let the packet pass", () => {
  test("is a pass with what it made of the packet", () => {
    const { paths, traversals, events } = of(
      sight(100, { ...first, packet: "udpDns" }),
      hook(110, { result: -1, durationNs: 20 }),
      { ns: 120, skb: A, kind: "DROP", location: "nf_hook_slow" },
      free(125),
    );
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatchObject({ verdicts: "hooks.PREROUTING.DROP", outcome: "dropped", complete: 1 });
    expect(traversals).toMatchObject([
      { engine: "hooks", table_name: "hooks", verdict: "DROP", destination_port: 53, duration_ns: 20 },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual(["sight", "hook", "drop", "free"]);
    expect(of(sight(100, first), hook(110, { result: 0 }), free(200)).paths[0]?.verdicts).toBe(
      "hooks.PREROUTING.STOLEN",
    );
  });

  test("and was entered before the packet was seen is of the same path as what it tells first meanwhile", () => {
    const { paths } = of(
      hook(100, { ...first, result: -1, durationNs: 50 }),
      { ns: 120, skb: A, kind: "DROP", location: "nf_hook_slow", packet: "udpDns", ...first },
      free(125),
      sight(160, first),
      free(170),
    );
    expect(paths.map(({ verdicts, outcome, complete }) => [verdicts, outcome, complete])).toEqual([
      ["hooks.PREROUTING.DROP", "dropped", 1],
      [null, "delivered", 1],
    ]);
  });

  test("is not among the verdicts where a table in it decided", () => {
    const { paths, traversals } = of(
      sight(100, first),
      hook(110, { result: -1, durationNs: 50 }),
      nft(120, "early", { hook: 0 }),
      pass(130, { hook: 0, verdict: 0 }),
      free(150),
    );
    expect(paths[0]?.verdicts).toBe("fw/early.PREROUTING.ACCEPT filter.PREROUTING.DROP");
    expect(traversals.map(({ engine }) => engine)).toEqual(["hooks", "nft", "xtables"]);
    const after = of(
      sight(100, first),
      hook(110, { result: 0, durationNs: 5 }),
      pass(120, { hook: 0, verdict: 0 }),
    );
    expect(after.paths[0]?.verdicts).toBe("hooks.PREROUTING.STOLEN filter.PREROUTING.DROP");
  });

  test("is over when it is over: what is first then is another packet", () => {
    const { paths } = of(hook(100, { ...first, result: 0, durationNs: 50 }), sight(151, first), free(170));
    expect(paths).toHaveLength(2);
  });
});

describe("NAT", () => {
  const own = datagram();

  test("is what conntrack says, also of what the packet never showed", () => {
    const { paths, traversals } = of(
      sight(100, { ...first, packet: own }),
      redirected(110, own),
      pass(111, { packet: own, table: "nat", hook: 0, conntrack: CONNECTION, ctState: NEW }),
      free(200),
    );
    const { nat_before, nat_after, conntrack } = paths[0] ?? {};
    expect(nat_before).toMatch(/^[\d.]+:\d+ -> [\d.]+:53$/);
    expect(nat_after).toBe(nat_before?.replace(/-> .*/, "-> 10.9.9.9:53"));
    expect(conntrack).toBe("NEW");
    expect(traversals).toMatchObject([{ conntrack: "NEW" }]);
  });

  test("of a reply is that of the other direction", () => {
    const reply = Uint8Array.from(own);
    reply.set([10, 9, 9, 9], 26);
    reply.set(own.subarray(26, 30), 30);
    reply.set(own.subarray(36, 38), 34);
    reply.set(own.subarray(34, 36), 36);
    const { paths } = of(
      redirected(90, own),
      free(91),
      sight(100, { ...first, packet: reply }),
      pass(111, { packet: reply, conntrack: CONNECTION, ctState: ESTABLISHED_REPLY }),
      free(200),
    );
    const path = paths.at(-1);
    expect(path?.nat_before).toMatch(/^10\.9\.9\.9:53 -> /);
    expect(path?.nat_after).toMatch(/:53 -> /);
    expect(path?.nat_after).not.toMatch(/^10\.9\.9\.9/);
    expect(path?.conntrack).toBe("ESTABLISHED_REPLY");
  });

  test("without conntrack is one end that changes while the other stays", () => {
    const nat = (changed: Uint8Array): unknown[] => {
      const { paths } = of(sight(100, { ...first, packet: own }), sight(110, { packet: changed }), free(200));
      return [paths[0]?.nat_before, paths[0]?.nat_after];
    };
    const [before, after] = nat(datagram({ destination: [10, 0, 0, 9] }));
    expect(after).toBe(String(before).replace(/-> .*/, "-> 10.0.0.9:53"));
    expect(nat(own)).toEqual([null, null]);
    expect(nat(datagram({ source: [1, 2, 3, 4], destination: [5, 6, 7, 8] }))).toEqual([null, null]);
    expect(nat(frame("tcpSynAck"))).toEqual([null, null]);
  });

  test("of a connection that was never told of is not known", () => {
    const { paths } = of(
      sight(100, { ...first, packet: own }),
      pass(111, { packet: own, conntrack: 5n, ctState: NEW }),
      free(200),
    );
    expect(paths[0]).toMatchObject({ nat_before: null, nat_after: null, conntrack: "NEW" });
  });
});
