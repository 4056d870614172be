// Expectations held against real recordings: what holds, what does not and where, and what cannot be told.
import { describe, expect, test } from "vitest";

import type { PathRow } from "@skbtracer/analyzer";

import { fixture, judge, judgeOne, type Rows, withMeta, withoutNft, withoutProbe } from "./judged.js";

/** Ping, TCP to a redirected port and to a rejected one (81), UDP to a dropped port (9) and to one without socket (7777). */
const VETH = withoutNft(fixture("veth-6.1"));

describe("what holds and what does not, of a whole recording", () => {
  test.each([
    // Which packets, and how many.
    ["pass", "where: {protocol: icmp, info: request}\npaths: 10"],
    ["fail", "where: {protocol: icmp, info: request}\npaths: 9"],
    ["pass", "where: {protocol: ICMP, info: REQUEST}\npaths: {between: [5, 10]}"],
    ["pass", "where: {protocol: tcp, info: SYN}\npaths: 4"],
    ["pass", "where: {protocol: 6}\npaths: 14"],
    ["fail", "where: {protocol: 6}\npaths: none"],
    ["fail", "where: {protocol: ipv4}\npaths: none"],
    ["pass", "where: {protocol: tcp, info: 'SYN,ACK'}\npaths: 1"],
    ["pass", "where: {info: unreachable}\npaths: 3"],
    ["pass", "where: {source: 10.0.0.0/31}\npaths: {at_least: 1}"],
    ["pass", "where: {source: 10.0.0.2/31, port: 81}\npaths: 3"],
    ["fail", "where: {source: 11.0.0.0/8}"],
    ["pass", "where: {source: 11.0.0.0/8}\npaths: none"],
    ["pass", "where: {address: 10.0.0.1, port: 81}\npaths: 6"],
    ["pass", "where: {destination_port: 80-82}\npaths: 3"],
    ["pass", "where: {destination_port: [9, 7777]}\npaths: 8"],
    ["pass", "where: {interface: va, port: 9}\npaths: 5"],
    ["fail", "where: {interface: vc}"],
    ["pass", "where: {namespace: b, port: 9}\npaths: 5"],
    ["pass", "where: {namespace: 4026532227, port: 9}\npaths: 5"],
    ["fail", "where: {namespace: c}"],
    ["pass", "where: {direction: sent, port: 9}\npaths: 5"],
    ["pass", "where: {direction: received, port: 9}\npaths: none"],
    // Copies for tcpdump do not count unless they are asked for.
    ["pass", "where: {protocol: icmp, info: reply}\npaths: 10"],
    ["pass", "where: {protocol: icmp, info: reply, clones: true}\npaths: 30"],
    // Their way.
    ["pass", "where: {port: 9}\nthrough: [ip_output, ip_rcv]"],
    ["fail", "where: {port: 9}\nthrough: [ip_rcv, ip_output]"],
    ["pass", "where: {port: 9}\nnot_through: [br_forward]"],
    ["fail", "where: {port: 9}\nnot_through: [br_forward, ip_rcv]"],
    // Their end.
    ["pass", "where: {port: 9}\noutcome: dropped"],
    ["fail", "where: {port: 9}\noutcome: [delivered, transmitted]"],
    ["pass", "where: {protocol: udp}\ndrops: [NETFILTER_DROP, NO_SOCKET]"],
    ["fail", "where: {protocol: udp}\ndrops: NETFILTER_DROP"],
    ["pass", "where: {port: 9}\ndrops: nf_hook_slow"],
    ["pass", "where: {port: 9}\ndrops: NETFILTER_DROP at nf_hook_slow"],
    ["fail", "where: {port: 9}\ndrops: NETFILTER_DROP at ip_rcv"],
    // The kernel frees echo replies as dropped: that is harmless, unless it is named.
    ["pass", "where: {info: reply}\noutcome: delivered\ndrops: none"],
    ["pass", "where: {info: reply}\noutcome: dropped\ndrops: NO_SOCKET at icmp_rcv"],
    ["fail", "where: {info: reply}\noutcome: delivered\ndrops: NO_SOCKET"],
    // Tables.
    ["pass", "where: {port: 9}\ntraversals: {table: filter, hook: INPUT, verdict: DROP}"],
    ["pass", "where: {port: 9}\ntraversals: [{table: nat}, {chain: INPUT}]"],
    ["fail", "where: {port: 9}\ntraversals: [{table: filter}, {table: nat}]"],
    ["fail", "where: {port: 9}\ntraversals: {table: mangle}"],
    ["fail", "where: {port: 9}\ntraversals: none"],
    // NAT: REDIRECT of port 8080 to 80.
    [
      "pass",
      "where: {destination_port: 8080}\nnat: {before: {destination_port: 8080}, after: {destination_port: 80}}",
    ],
    ["fail", "where: {destination_port: 8080}\nnat: {after: {destination_port: 81}}"],
    ["fail", "where: {destination_port: 8080}\nnat: none"],
    ["pass", "where: {port: 9}\nnat: none"],
    ["pass", "where: {source_port: 80}\nnat: {after: {source: 10.0.0.0/8, source_port: 8080}}"],
    // Times.
    ["pass", "where: {info: request}\ntime: {max: 1s}"],
    ["fail", "where: {info: request}\ntime: {max: 1ms}"],
    ["pass", "where: {info: request}\ntime: {from: ip_output, to: ip_rcv, p50: 1ms, p99: 11ms}"],
    ["pass", "where: {info: request}\ntime: {from: ip_output, to: ip_rcv, p99: 9ms, margin: 20%}"],
    ["pass", "where: {info: request}\ntime: {from: ip_output, to: ip_rcv, p99: 9ms, margin: 2ms}"],
    ["fail", "where: {info: request}\ntime: {from: ip_output, to: ip_rcv, p99: 9ms}"],
    ["fail", "where: {info: request}\ntime: {from: ip_rcv, to: ip_output, max: 1s}"],
  ])("%s: %s", (verdict, members) => {
    const result = judgeOne(VETH, members);
    expect(result.verdict, result.reasons.join("; ")).toBe(verdict);
  });
});

describe("protocols by number, and by version of IP", () => {
  const PACKET = VETH.paths.slice(0, 1);
  const rows = (...paths: readonly Partial<PathRow>[]): Rows => ({
    ...VETH,
    paths: paths.flatMap((path) =>
      PACKET.map((packet) => ({ ...packet, source_port: null, destination_port: null, ...path })),
    ),
  });
  const ROWS = rows(
    { protocol: "TCP", source: "10.0.0.1", destination: "10.0.0.2" },
    { protocol: "ICMP", source: "10.0.0.1", destination: "10.0.0.2" },
    { protocol: "ICMPv6", source: "fd00::1", destination: "fd00::2" },
    { protocol: "250", source: "fd00::1", destination: "fd00::2" },
    { protocol: "IPv6", source: "10.0.0.1", destination: "10.0.0.2" },
    { protocol: "ARP", source: "10.0.0.1", destination: "10.0.0.2" },
    { protocol: "IPv4", source: null, destination: null },
  );

  test.each([
    ["6", 1],
    ["006", 1],
    ["1", 1],
    ["icmp", 2],
    ["58", 1],
    ["250", 1],
    ["17", 0],
    ["41", 1],
    ["0x0806", 1],
    ["0x0800", 4],
    ["ipv4", 4],
    ["IPv6", 3],
    ["[6, ipv6]", 4],
  ])("%s", (protocol, count) => {
    expect(judgeOne(ROWS, `where: {protocol: ${protocol}}\npaths: ${count}`).verdict).toBe("pass");
  });

  test("flags may be said twice", () => {
    const one = rows({ protocol: "TCP", info: "SYN" });
    expect(judgeOne(one, 'where: {info: "SYN,SYN"}\npaths: 1').verdict).toBe("pass");
  });
});

/** Why an expectation cannot be told. */
function untold(rows: Rows, members: string): string {
  const { verdict, reasons } = judgeOne(rows, members);
  expect(verdict, reasons.join("; ")).toBe("unknown");
  return reasons.join("; ");
}

describe("functions whose probes record something else than that packets pass through", () => {
  test.each([
    ["not_through: [ipt_do_table]", "passes through tables: use `traversals`"],
    ["not_through: ['skb:kfree_skb']", "drops: use `drops`"],
    ["through: [ip_rcv, ipt_do_table]", "passes through tables: use `traversals`"],
    ["through: [skb_clone, ip_rcv]", "copies of packets"],
    ["time: {to: kfree_skbmem, max: 10s}", "ends of packets"],
    ["time: {from: ipt_do_table, max: 10s}", "passes through tables: use `traversals`"],
  ])("%s cannot be told", (members, why) => {
    expect(untold(VETH, `where: {port: 9}\n${members}`)).toContain(
      ` is not recorded as a function that packets pass through, but as ${why}`,
    );
  });

  test("are as others where packets are seen at them too", () => {
    const sight = VETH.probes.find(({ probe }) => probe === "ip_rcv");
    const both = { ...VETH, probes: [...VETH.probes, { ...sight, probe: "skb_clone", symbol: "skb_clone" }] };
    expect(judgeOne(both, "where: {port: 9}\nnot_through: [skb_clone]").verdict).toBe("pass");
  });

  test("cannot be told where that is so in one recording of two", () => {
    const second = VETH.probes.map((row) => ({
      ...row,
      recording: "second",
      ...(row["probe"] === "br_forward" && { event: "hook" }),
    }));
    const two = { ...VETH, meta: [...VETH.meta, ...VETH.meta], probes: [...VETH.probes, ...second] };
    expect(judgeOne(two, "where: {port: 9}\nnot_through: [br_forward_finish]").verdict).toBe("pass");
    expect(untold(two, "where: {port: 9}\nnot_through: [br_forward]")).toContain("but as hooks");
  });
});

describe("the nearest packet, and where it departs", () => {
  test("from its way", () => {
    const { nearest, reasons } = judgeOne(
      VETH,
      "where: {port: 9}\nthrough: [ip_output, ip_forward_x, ip_rcv]",
      true,
    );
    expect(nearest).toBeUndefined();
    expect(reasons[0]).toBe("not judged: 5 of 5 packets: ip_forward_x was not probed");
    const other = judgeOne(VETH, "where: {port: 9}\nthrough: [ip_output, br_forward, ip_rcv]");
    expect(other.reasons).toEqual([
      "5 of 5 packets: it does not enter br_forward after ip_output (no packet of this recording does: the kernel may have inlined it)",
    ]);
    expect(other.nearest).toMatchObject({ step: 1, path: { destination_port: 9 } });
  });

  test("the one that keeps to it for longest", () => {
    const { nearest } = judgeOne(VETH, "where: {protocol: udp}\noutcome: delivered");
    expect(nearest).toMatchObject({ step: 6, path: { outcome: "dropped" } });
  });

  test("of those that are not asked for, where none is", () => {
    const { reasons, nearest } = judgeOne(
      VETH,
      "where: {protocol: tcp, destination: 10.0.0.2, destination_port: 82}",
    );
    expect(reasons).toEqual(["no packet matches where"]);
    expect(nearest?.why).toMatch(/^its destination_port is (81|8080)$/);
  });

  test("one that is almost as asked, where there are too few", () => {
    const { reasons, nearest } = judgeOne(VETH, "where: {protocol: udp, destination_port: 9}\npaths: 6");
    expect(reasons).toEqual(["5 packets found, expected exactly 6"]);
    expect(nearest).toMatchObject({ why: "its destination_port is 7777", path: { destination_port: 7777 } });
    expect(judgeOne(VETH, "where: {protocol: udp, destination_port: 9}\npaths: 4").nearest).toBeUndefined();
  });

  test("and how many were measured, where not all pass both functions", () => {
    const reasons = ["to: tpacket_rcv, max: 10s", "to: ip_rcv, max: 10s", "to: tpacket_rcv, max: 1ns"].map(
      (limits) => judgeOne(VETH, `where: {protocol: icmp}\ntime: {${limits}}`).reasons,
    );
    expect(reasons).toEqual([
      ["10 of 23 packets measured from its begin to tpacket_rcv"],
      [],
      [expect.stringMatching(/, expected at most 1 ns \(10 of 23 packets measured\)$/)],
    ]);
  });

  test("the slowest, where it takes too long", () => {
    const { nearest } = judgeOne(VETH, "where: {info: request}\ntime: {max: 1ms}");
    const slowest = Math.max(
      ...VETH.paths
        .filter(({ info, parent }) => info === "request" && parent === null)
        .map((path) => path.duration_ns),
    );
    expect(nearest?.path.duration_ns).toBe(slowest);
  });
});

/** The source port of a connection to 81, and what NAT makes of the port 8080. */
const natYaml = (after: string): string =>
  `expectations:\n  - {name: a, where: {protocol: tcp, source_port: $service, destination_port: 81}}\n  - {name: b, where: {destination_port: 8080}, nat: {after: {source_port: ${after}}}}`;

describe("names for values", () => {
  const client =
    "  - {name: asked, where: {protocol: tcp, info: SYN, destination_port: 8080, source: $client, source_port: $port}}\n";

  test("stand for what the first expectation found", () => {
    const [, answered, other] = judge(
      VETH,
      `expectations:\n${client}  - {name: answered, where: {source_port: 80, destination: $client, destination_port: $port}, outcome: delivered}\n  - {name: on 82, where: {source_port: 82, destination: $client}}`,
    );
    expect(answered).toMatchObject({ verdict: "pass", paths: 4 });
    expect(other?.verdict).toBe("fail");
    expect(other?.reasons).toEqual(["where $client is 10.0.0.1: no packet matches where"]);
  });

  test("have to hold for each value", () => {
    const ports = "expectations:\n  - {name: a, where: {protocol: udp, destination_port: $port}}\n";
    const [, each] = judge(
      VETH,
      `${ports}  - {name: b, where: {destination_port: $port}, drops: NETFILTER_DROP}`,
    );
    expect(each?.verdict).toBe("fail");
    expect(each?.reasons).toEqual([
      "where $port is 7777: 3 of 3 packets: it is dropped: NO_SOCKET at __udp4_lib_rcv+0x9a2",
    ]);
  });

  test("compare what NAT makes of packets", () => {
    expect(judge(VETH, natYaml("$service")).map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);
    expect(judge(VETH, natYaml("$other")).map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
  });

  /** What NAT makes of the source port is what it was for 81, and another for 8080. */
  test.each([
    ["pass", "{name: b, where: {source_port: $p, port: 81}, nat: {after: {source_port: $p}}}"],
    ["fail", "{name: b, where: {source_port: $p, port: 80}, nat: {after: {source_port: $p}}}"],
    ["pass", "{name: b, where: {port: 81}, nat: {before: {source_port: $p}, after: {source_port: $p}}}"],
    ["fail", "{name: b, where: {port: 80}, nat: {before: {source_port: $p}, after: {source_port: $p}}}"],
    ["fail", "{name: b, where: {port: 81}, nat: {before: {source_port: $p, destination_port: $p}}}"],
    // With a name that has its values from an earlier one.
    ["pass", "{name: b, where: {source: $a, source_port: $p, port: 81}, nat: {after: {source_port: $p}}}"],
    ["fail", "{name: b, where: {source: $a, source_port: $p, port: 80}, nat: {after: {source_port: $p}}}"],
  ])("are one value of each packet, wherever they stand: %s %s", (verdict, second) => {
    const [, result] = judge(
      VETH,
      `expectations:\n  - {name: a, where: {info: reply, source: $a}}\n  - ${second}`,
    );
    expect(result?.verdict, result?.reasons.join("; ")).toBe(verdict);
  });

  test.each([
    [9, "pass"],
    [7777, "fail"],
  ])("have their values from packets that names of another chose: %s, %s", (port, verdict) => {
    const [, , third] = judge(
      VETH,
      `expectations:
  - {name: one, where: {protocol: udp, destination_port: ${port}, source_port: $c}}
  - {name: two, where: {protocol: udp, source_port: $c, destination_port: $e}}
  - {name: three, where: {protocol: udp, destination_port: $e}, drops: NETFILTER_DROP}`,
    );
    expect(third?.verdict, third?.reasons.join("; ")).toBe(verdict);
  });

  test("may have had more values where names of another may have", () => {
    const yaml = `expectations:
  - {name: one, where: {protocol: udp, source_port: $c}}
  - {name: two, where: {source_port: $c, destination_port: 9, source: $e}}
  - {name: three, where: {destination_port: 9, source: $e}}`;
    expect(judge(VETH, yaml).map(({ verdict }) => verdict)).toEqual(["pass", "fail", "pass"]);
    const filtered = judge(withMeta(VETH, { filter: "--port 9" }), yaml)[2];
    expect(filtered?.reasons).toEqual([expect.stringMatching(/^\$e may have had more values: /)]);
  });

  test("leave packets apart that are alike but for what NAT makes of them", () => {
    const paths = VETH.paths.map((path) =>
      path.info === "ACK,PSH" ? { ...path, last_destination_port: 81 } : path,
    );
    const { verdict, reasons } = judgeOne(
      { ...VETH, paths },
      "where: {source: $client, destination_port: 8080, info: [ACK, 'ACK,PSH']}\nnat: {after: {destination_port: 80}}",
    );
    expect(verdict).toBe("fail");
    expect(reasons[0]).toMatch(/^1 of 2 packets: after: its destination_port is not as expected: /);
  });

  test("that NAT changes are told with the packet", () => {
    const { reasons, nearest } = judgeOne(
      VETH,
      "where: {source: 10.0.0.2, source_port: $p, protocol: tcp}\nnat: {after: {source_port: $p}}",
    );
    expect(reasons[0]).toMatch(/^4 of 7 packets: after: its source_port is not \$p, which is 80: /);
    expect(nearest?.path).toMatchObject({ source_port: 80, last_source_port: 8080 });
  });

  test("may have had values that were not seen, where events were lost", () => {
    const yaml =
      "expectations:\n  - {name: a, where: {info: SYN, source: $x}}\n  - {name: b, where: {destination: $x}}";
    expect(judge(VETH, yaml).map(({ verdict }) => verdict)).toEqual(["pass", "pass"]);
    const lossy = judge(withMeta(VETH, { lost: 1 }), yaml);
    expect(lossy.map(({ verdict }) => verdict)).toEqual(["pass", "unknown"]);
    expect(lossy[1]?.reasons).toEqual(["$x may have had more values: 1 event(s) were lost while recording"]);
    expect(judge(withMeta(VETH, { lost: 1 }), yaml, true).map(({ verdict }) => verdict)).toEqual([
      "pass",
      "pass",
    ]);
  });

  test("have none where no packet was found", () => {
    const [first, second] = judge(
      VETH,
      "expectations:\n  - {name: a, where: {port: 82, source: $x}}\n  - {name: b, where: {source: $x}}",
    );
    expect(first?.verdict).toBe("fail");
    expect(second).toMatchObject({
      verdict: "fail",
      reasons: ['$x has no value: no packet was found for "a"'],
    });
  });
});

/** Where packets may be missing: what was seen is true, and no more. */
const OF_GAPS = {
  exists: "pass",
  none: "unknown",
  count: "unknown",
  atLeast: "pass",
  way: "unknown",
  noDrops: "unknown",
  wrong: "fail",
  tooMany: "fail",
};

/** What each of some expectations is, by what is not known. */
const IGNORANCE: readonly (readonly [
  what: string,
  rows: Rows,
  verdicts: Readonly<Record<string, string>>,
])[] = [
  [
    "nothing is missing",
    VETH,
    {
      exists: "pass",
      none: "pass",
      count: "pass",
      atLeast: "pass",
      way: "pass",
      noDrops: "pass",
      wrong: "fail",
      tooMany: "fail",
    },
  ],
  ["events were lost", withMeta(VETH, { lost: 3 }), OF_GAPS],
  ["a part of the file is damaged", withMeta(VETH, { damaged_ranges: 1 }), OF_GAPS],
  ["the recording was not closed", withMeta(VETH, { closed: 0 }), OF_GAPS],
  [
    "the kernel missed hits of probes",
    { ...VETH, losses: [{ cause: "missed", probe: null, count: 3 }] },
    OF_GAPS,
  ],
  [
    "it was made without kprobes",
    withMeta(VETH, { ends_recorded: 0 }),
    {
      exists: "pass",
      none: "unknown",
      count: "unknown",
      atLeast: "unknown",
      way: "unknown",
      noDrops: "unknown",
      wrong: "fail",
      tooMany: "unknown",
    },
  ],
  [
    "drops were not probed",
    withoutProbe(VETH, "skb:kfree_skb"),
    {
      exists: "pass",
      none: "pass",
      count: "pass",
      atLeast: "pass",
      way: "pass",
      noDrops: "unknown",
      wrong: "fail",
      tooMany: "fail",
    },
  ],
  [
    "a function was not probed",
    withoutProbe(
      {
        ...VETH,
        paths: VETH.paths.map((path) => ({
          ...path,
          functions: path.functions.replaceAll("ip_rcv", "ip6_rcv"),
        })),
      },
      "ip_rcv",
    ),
    {
      exists: "pass",
      none: "pass",
      count: "pass",
      atLeast: "pass",
      way: "unknown",
      noDrops: "pass",
      wrong: "fail",
      tooMany: "fail",
    },
  ],
  [
    "neither arrival nor departure was probed",
    withoutProbe(VETH, "__netif_receive_skb", "__dev_queue_xmit"),
    {
      exists: "pass",
      none: "unknown",
      count: "unknown",
      atLeast: "pass",
      way: "unknown",
      noDrops: "pass",
      wrong: "fail",
      tooMany: "fail",
    },
  ],
  [
    "it was recorded with another filter",
    withMeta(VETH, { filter: "--port 53" }),
    {
      exists: "pass",
      none: "unknown",
      count: "unknown",
      atLeast: "pass",
      noDrops: "pass",
      wrong: "fail",
      tooMany: "fail",
    },
  ],
];

const QUESTIONS: Readonly<Record<string, string>> = {
  exists: "where: {info: request}",
  none: "where: {port: 82}\npaths: none",
  count: "where: {info: request}\npaths: 10",
  atLeast: "where: {info: request}\npaths: {at_least: 2}",
  way: "where: {info: request}\nthrough: [ip_output, ip_rcv]",
  noDrops: "where: {info: unreachable}\ndrops: none",
  wrong: "where: {port: 9}\ndrops: none",
  tooMany: "where: {info: request}\npaths: 2",
};

describe.each(IGNORANCE)("where %s", (_, rows, verdicts) => {
  test.each(Object.entries(verdicts))("%s: %s", (question, verdict) => {
    const result = judgeOne(rows, QUESTIONS[question] ?? "");
    expect(result.verdict, result.reasons.join("; ")).toBe(verdict);
    if (verdict === "unknown") expect(result.reasons[0]).toBeTruthy();
  });

  test("with --allow-loss nothing is unknown, but what was not judged is told", () => {
    for (const members of Object.values(QUESTIONS)) {
      const { verdict, reasons } = judgeOne(rows, members, true);
      expect(verdict).not.toBe("unknown");
      if (verdict === "pass" && judgeOne(rows, members).verdict !== "pass")
        expect(reasons[0]).toMatch(/^not judged: ./);
    }
  });
});

/** Of packets to port 9 something is missing. */
const rowsWith = (because: string, values: object = {}): Rows => ({
  ...VETH,
  paths: VETH.paths.map((path) =>
    path.destination_port === 9
      ? { ...path, complete: 0 as const, incomplete_because: because, ...values }
      : path,
  ),
});

describe("paths of which something is missing", () => {
  test.each([
    // They exist, and a drop of a packet with these ends is one.
    ["loss", "paths: 5", "pass"],
    ["loss", "outcome: dropped", "pass"],
    ["loss", "drops: none", "fail"],
    ["loss", "through: [ip_output]", "unknown"],
    ["loss", "not_through: [br_forward]", "unknown"],
    ["loss", "traversals: {table: nat}", "unknown"],
    ["loss_elsewhere", "outcome: dropped", "pass"],
    ["loss_elsewhere", "through: [ip_output]", "unknown"],
    ["loss_elsewhere", "not_through: [br_forward]", "unknown"],
    ["damage", "nat: none", "unknown"],
    // What was before the recording is not of it; what was seen is.
    ["begin", "through: [ip_rcv]", "pass"],
    ["begin", "through: [br_forward]", "unknown"],
    ["begin", "not_through: [br_forward]", "pass"],
    ["begin", "outcome: dropped", "pass"],
    ["begin", "outcome: delivered", "fail"],
  ])("%s, %s: %s", (because, members, verdict) => {
    const result = judgeOne(rowsWith(because), `where: {destination_port: 9}\n${members}`);
    expect(result.verdict, result.reasons.join("; ")).toBe(verdict);
  });

  test.each([
    ["through: [ip_output]", "pass"],
    ["through: [br_forward]", "unknown"],
    ["not_through: [br_forward]", "pass"],
    ["drops: none", "pass"],
    ["outcome: delivered", "unknown"],
    ["outcome: [delivered, open]", "pass"],
    ["outcome: [delivered, open]\nthrough: [ip_rcv, br_forward]", "pass"],
    ["outcome: [delivered, open]\nnot_through: [ip_rcv]", "fail"],
    ["time: {max: 1s}", "unknown"],
  ])("still under way, %s: %s", (members, verdict) => {
    const open = { outcome: "open", drop_reason: null, drop_location: null };
    const result = judgeOne(rowsWith("open", open), `where: {destination_port: 9}\n${members}`);
    expect(result.verdict, result.reasons.join("; ")).toBe(verdict);
  });

  test("a drop behind a loss may be another packet's, where the ends are others then", () => {
    const rows = rowsWith("loss", { last_destination: "10.9.9.9" });
    expect(judgeOne(rows, "where: {destination_port: 9}\ndrops: none").verdict).toBe("unknown");
  });
});

test("without reasons of drops one cannot tell whether they are the wanted ones", () => {
  const rows = fixture("veth-5.10");
  const named = judgeOne(rows, "where: {port: 9}\ndrops: NETFILTER_DROP");
  expect(named).toMatchObject({ verdict: "unknown" });
  expect(named.reasons[0]).toContain("this kernel gives no reasons: name the function");
  expect(judgeOne(rows, "where: {port: 9}\ndrops: nf_hook_slow").verdict).toBe("pass");
});

test("packets whose headers were not recorded may be any", () => {
  const rows: Rows = {
    ...VETH,
    paths: VETH.paths.map((path) =>
      path.destination_port === 81 ? { ...path, protocol: null, source: null, destination: null } : path,
    ),
  };
  expect(judgeOne(rows, "where: {port: 82}\npaths: none").verdict).toBe("unknown");
  expect(judgeOne(rows, "where: {port: 9}\noutcome: dropped").verdict).toBe("unknown");
  expect(judgeOne(rows, "where: {port: 9}").verdict).toBe("pass");
});

test("functions have the names of the probe table, whatever a kernel calls them", () => {
  const rows = fixture("veth-7.2");
  const renamed: Rows = {
    ...rows,
    paths: rows.paths.map((path) => ({
      ...path,
      functions: path.functions.replace("ip_rcv", "gro_receive_skb"),
    })),
  };
  for (const name of ["napi_gro_receive", "gro_receive_skb"]) {
    expect(judgeOne(renamed, `where: {port: 9}\nthrough: [${name}]`).verdict).toBe("pass");
    for (const span of [`from: ${name}`, `to: ${name}`, `from: ip_output, to: ${name}`])
      expect(judgeOne(renamed, `where: {port: 9}\ntime: {${span}, max: 10s}`).verdict).toBe("pass");
  }
});
