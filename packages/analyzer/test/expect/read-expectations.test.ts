// Files of expectations: what they mean, and what is said of those that mean nothing.
import { describe, expect, test } from "vitest";

import { ExpectationsError } from "@skbtracer/analyzer";
import { readExpectations } from "@skbtracer/analyzer/expectations";

import { etherTypeName } from "../../src/dissect/ether-type-names.js";
import { icmpName } from "../../src/dissect/icmp.js";
import { IP_PROTOCOL, ipProtocolName } from "../../src/dissect/ip-protocol-names.js";
import { tcpFlagsText } from "../../src/dissect/tcp.js";

const one = (members: string): string =>
  `expectations:\n  - name: it\n${members.replaceAll(/^/gm, "    ")}\n`;

function problems(text: string): string[] {
  try {
    readExpectations(text, "x.yaml");
  } catch (error) {
    if (error instanceof ExpectationsError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a file of expectations", () => {
  test("has its names, and the lines where they stand", () => {
    const read = readExpectations("# first\nexpectations:\n  - name: a\n  - {name: b, paths: 3}\n", "x.yaml");
    expect(read.map(({ expectation: { name }, line }) => [name, line])).toEqual([
      ["a", 3],
      ["b", 4],
    ]);
    expect(read[1]?.expectation.paths).toEqual({ atLeast: 3, atMost: 3 });
  });

  test.each([
    ["exist", 1, Number.POSITIVE_INFINITY],
    ["none", 0, 0],
    ["0", 0, 0],
    ["7", 7, 7],
    ["{at_least: 2}", 2, Number.POSITIVE_INFINITY],
    ["{at_most: 5}", 0, 5],
    ["{at_least: 2, at_most: 5}", 2, 5],
    ["{between: [2, 5]}", 2, 5],
  ])("paths: %s", (text, atLeast, atMost) => {
    const [read] = readExpectations(one(`paths: ${text}`), "x.yaml");
    expect(read?.expectation.paths).toEqual({ atLeast, atMost });
  });

  test("knows addresses and prefixes by what they are, however they are written", () => {
    const text = "where:\n  source: [10.1.2.3/8, 2001:DB8:0::1, '::ffff:10.0.0.1']\n  destination: $server";
    const [read] = readExpectations(one(text), "x.yaml");
    const { source, destination } = read?.expectation.where ?? {};
    expect(source).toMatchObject([
      { text: "10.0.0.0/8", family: 4 },
      { text: "2001:db8::1", family: 6 },
      { text: "10.0.0.1", family: 4 },
    ]);
    expect(destination).toEqual({ variable: "server" });
  });

  test("takes a value for a list of one, and an alias for what it stands for", () => {
    const [, second] = readExpectations(
      "expectations:\n  - {name: a, where: &web {protocol: tcp, port: 80}}\n  - {name: b, where: *web, outcome: dropped}",
      "x.yaml",
    );
    expect(second?.expectation).toEqual({
      name: "b",
      where: { protocol: ["tcp"], port: [{ from: 80, to: 80 }] },
      outcome: ["dropped"],
    });
  });

  test("takes an alias for the nearest anchor of that name before it", () => {
    const read = readExpectations(
      `expectations:
  - {name: a, where: &x {protocol: tcp}}
  - {name: b, where: *x}
  - {name: c, where: {port: &x 80}}
  - {name: d, where: {port: *x}}`,
      "x.yaml",
    );
    expect(read.map(({ expectation: { where } }) => where)).toEqual([
      { protocol: ["tcp"] },
      { protocol: ["tcp"] },
      { port: [{ from: 80, to: 80 }] },
      { port: [{ from: 80, to: 80 }] },
    ]);
  });

  test("is read in little time, however many aliases it has", () => {
    const rules = Array.from({ length: 4000 }, (_, i) => `  - {name: n${i}, where: *w, outcome: *o}\n`);
    const text = `expectations:\n  - {name: n, where: &w {protocol: tcp}, outcome: &o [dropped, open]}\n${rules.join("")}`;
    const start = performance.now();
    expect(readExpectations(text, "x.yaml")).toHaveLength(4001);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test("has times in ns, and margins", () => {
    const [read] = readExpectations(one("time: {from: ip_rcv, p99: 1.5ms, max: 2 s, margin: 20%}"), "x.yaml");
    expect(read?.expectation.time).toEqual([
      { from: "ip_rcv", p99: 1.5e6, max: 2e9, margin: { share: 0.2 } },
    ]);
  });
});

const isRead = (member: string, value: string): void =>
  expect(problems(one(`where: {${member}: ${JSON.stringify(value)}}`)), value).toEqual([]);

describe("what a packet can show can be asked for", () => {
  test("protocols", () => {
    for (let number = 0; number < 256; number++) isRead("protocol", ipProtocolName(number));
    for (const number of [0, 6, 255]) isRead("protocol", String(number));
    for (const etherType of [0x0001, 0x0806, 0x88cc, 0x1234]) isRead("protocol", etherTypeName(etherType));
  });

  test("flags and messages", () => {
    for (let flags = 1; flags < 256; flags++) isRead("info", tcpFlagsText(flags));
    for (const protocol of [IP_PROTOCOL.icmp, IP_PROTOCOL.icmpv6])
      for (let type = 0; type < 256; type++)
        for (const code of [0, 1, 17]) isRead("info", icmpName(protocol, type, code));
    for (const other of ["fragment", "fragment@1480", "operation 3"]) isRead("info", other);
  });
});

describe("what is wrong is said with its line and column", () => {
  test.each([
    ["", ["x.yaml:1:1: there is nothing in this file"]],
    ["{", ["x.yaml:1:2: not valid YAML: "]],
    ["a: b: c", ["x.yaml:1:4: not valid YAML: "]],
    ["expectations:\n\t- name: a", ["x.yaml:2:1: not valid YAML: "]],
    ["- name: a", ["x.yaml:1:1: expected a mapping with the key expectations, found a list"]],
    [
      "expectation: []",
      ["x.yaml:1:1: expectations: is missing", 'unknown key "expectation": did you mean expectations?'],
    ],
    ["expectations:", ["x.yaml:1:14: expected a list of expectations, found nothing"]],
    ["expectations: []", ["x.yaml:1:15: expected a list of expectations, found an empty list"]],
    ["expectations:\n  - where: {protocol: tcp}", ["x.yaml:2:5: name: is missing"]],
    ["expectations:\n  - name: a\n  - name: a", ["x.yaml:3:5: another expectation has this name, in line 2"]],
    ["expectations:\n  - name: a\n---\na: b", ["x.yaml:3:1: not valid YAML: a second document begins here"]],
    ["expectations:\n  - name: a\n    name: b", ["x.yaml:3:5: not valid YAML: Map keys must be unique"]],
  ])("%j", (text, expected) => {
    const found = problems(text);
    expect(found.length).toBeGreaterThan(0);
    for (const message of expected) expect(found.join("\n")).toContain(message);
  });

  test.each([
    ["wher: {protocol: tcp}", '3:5: unknown key "wher": did you mean where?'],
    ["where: {protcol: tcp}", '3:13: unknown key "protcol": did you mean protocol?'],
    ["where: {vlan: 5}", "expected one of protocol, info, source"],
    [
      "where: {protocol: tpc}",
      '3:23: expected a protocol such as tcp, udp, icmp or arp, or its number, found "tpc": did you mean tcp?',
    ],
    ["where: {protocol: ucmp}", 'found "ucmp": did you mean icmp?'],
    ["where: {info: SNY}", "3:19: expected TCP flags such as SYN or 'SYN,ACK', or a message"],
    ["where: {info: 'SYN,AKC'}", 'found "SYN,AKC"'],
    ["where: {info: unreachable(prot)}", 'found "unreachable(prot)": did you mean unreachable(port)?'],
    ["where: {info: request(0)}", 'found "request(0)"'],
    ["where: {info: unreachable(3)}", 'found "unreachable(3)"'],
    ["where: {info: type3}", 'found "type3"'],
    ["where: {info: operation 1}", 'found "operation 1"'],
    ["where: {info: 'request,SYN'}", 'found "request,SYN"'],
    ["where: {protocol: 256}", 'found "256"'],
    ["where: {info: unreachble}", 'found "unreachble": did you mean unreachable?'],
    [
      "where: {port: *web}",
      "3:19: expected a port from 0 to 65535, or a range such as 8000-8080, found *web, and no &web before it",
    ],
    ["paths: {at_least: 0}", "3:5: paths: at least 0 is always so, and nothing else is expected"],
    ["where: {source: 10.0.0.256}", "3:21: expected a name such as $client, or an address such as 10.0.0.1"],
    ["where: {source: 10.0.0.0/33}", 'found "10.0.0.0/33"'],
    ["where: {port: 65536}", 'found "65536"'],
    ["where: {port: 90-80}", 'found "90-80"'],
    ["where: {direction: in}", '3:24: expected received or sent, found "in"'],
    ["where:", "3:11: expected which packets, such as"],
    [
      "where: {}",
      "3:12: expected which packets, such as {protocol: tcp, destination_port: 80}, found nothing in it",
    ],
    [
      "outcome: deliverd",
      '3:14: expected an outcome: delivered, transmitted, dropped, consumed, open or unknown, found "deliverd": did you mean delivered?',
    ],
    ["through: ip_rcv", "3:14: expected a list of functions, such as [ip_rcv, ip_output]"],
    ["through: []", "found an empty list"],
    ["drops: Netfilter-Drop", "expected none, or a reason such as NETFILTER_DROP"],
    ["paths: some", "3:12: expected exist, none, a number"],
    ["paths: {between: [1]}", "between: expected two numbers"],
    ["paths: -1", 'found "-1"'],
    ["traversals: {table: filter, verdict: DENY}", "3:42: expected a verdict"],
    ["time: {p99: 5}", '3:17: expected a time with its unit such as 200us, 1.5ms or 2s, found "5"'],
    ["time: {from: ip_rcv}", "3:5: time: give a limit: p50, p99 or max"],
    ["nat: maybe", "expected none, or {before"],
  ])("%s", (members, expected) => {
    expect(problems(one(members)).join("\n")).toContain(expected);
  });

  test.each([
    ["expectations: &a [*a]", "expected an expectation such as"],
    ["expectations: &a\n  - {name: it, where: *a}", "expected which packets, such as"],
    ["expectations:\n  - &a {name: it, where: *a}", 'unknown key "name"'],
    ["expectations:\n  - {name: it, where: {port: &a [80, *a]}}", "expected a port from 0 to 65535"],
    ["expectations:\n  - {name: it, where: *a}\n  - {name: b, where: &a {port: 80}}", "no &a before it"],
  ])("an alias that stands for itself or what comes later: %j", (text, expected) => {
    expect(problems(text).join("\n")).toContain(expected);
  });

  test("nesting without end", () => {
    expect(problems(`expectations: ${"[".repeat(50_000)}`)).toEqual([
      expect.stringMatching(/^x\.yaml:1:\d+: not valid YAML: nested too deeply$/),
    ]);
  });

  test("and not more than can be read", () => {
    const found = problems(`expectations:\n${"  - {}\n".repeat(100)}`);
    expect(found).toHaveLength(21);
    expect(found.at(-1)).toBe("x.yaml: and 180 more");
  });
});

describe("contradictions are refused", () => {
  test.each([
    [
      "paths: none\noutcome: delivered",
      "4:5: outcome says something about packets, and paths says that there are none",
    ],
    ["paths: {between: [5, 2]}", "3:5: paths: at least 5 and at most 2 cannot both be"],
    ["paths: {at_least: 5, at_most: 2}", "cannot both be"],
    ["through: [ip_rcv]\nnot_through: [ip_rcv]", "4:5: not_through: ip_rcv stands in through as well"],
    ["not_through: [ip_rcv]\ntime: {from: ip_rcv, max: 1s}", "3:5: not_through: time is measured at ip_rcv"],
    ["outcome: dropped\ndrops: none", "4:5: drops: none, and outcome says that they are dropped"],
    ["drops: none\ntraversals: {verdict: DROP}", "3:5: drops: none, and traversals says"],
    ["where: {source: 10.0.0.1, destination: fd00::1}", "of different families"],
    ["where: {protocol: icmp, port: 80}", "3:29: port: icmp has no ports"],
    ["where: {protocol: [1, ospf], port: 80}", "3:34: port: 1 and ospf has no ports"],
    ["where: {info: request, port: 80}", "3:28: port: packets with info request have no ports"],
    ["where: {info: fragment, port: 80}", "packets with info fragment have no ports"],
    ["where: {protocol: udp, info: SYN}", "3:28: info: no packet of udp has SYN"],
    ["where: {protocol: 17, info: SYN}", "info: no packet of 17 has SYN"],
    ["where: {protocol: tcp, info: request}", "info: no packet of tcp has request"],
    ["where: {protocol: 1, info: neighbour_solicitation}", "info: no packet of 1 has neighbour_solicitation"],
    ["where: {protocol: icmpv6, info: unreachable(host)}", "no packet of icmpv6 has unreachable(host)"],
    ["where: {protocol: [udp, icmp], info: [SYN, FIN]}", "no packet of udp or icmp has SYN or FIN"],
    ["where: {protocol: arp, info: fragment}", "no packet of arp has fragment"],
    ["where: {protocol: ipv6, info: operation 3}", "no packet of ipv6 has operation 3"],
    ["where: {protocol: ipv4, source: fd00::1}", "3:13: ipv4 has no IPv6 addresses"],
    [
      "where: {source: 10.0.0.1, address: 'fd00::1'}",
      "3:31: address: neither source nor destination can be it",
    ],
    ["where: {source: $x, destination: 10.0.0.1, address: 'fd00::1'}", "address: neither source nor"],
    ["where: {source: 10.0.0.1, destination: 10.0.0.2, address: 10.9.9.9}", "address: neither source nor"],
    ["where: {source: 10.0.0.0/16, destination: 10.2.0.0/16, address: 10.1.0.0/16}", "neither source nor"],
    ["where: {source_port: 80, destination_port: 443, port: 22}", "3:53: port: neither source_port nor"],
    ["where: {protocol: icmpv6, source: 10.0.0.1}", "icmpv6 has no IPv4 addresses"],
    [
      "where: {destination: 10.0.0.0/8}\nnat: {before: {destination: 11.0.0.1}}",
      "4:20: before: where asks for another destination",
    ],
    ["where: {port: 80}\ntime: {from: ip_rcv, to: ip_rcv, max: 1s}", "from and to are the same function"],
  ])("%s", (members, expected) => {
    expect(problems(one(members)).join("\n")).toContain(expected);
  });

  test.each([
    "{protocol: icmp, info: neighbour_solicitation}",
    "{protocol: [udp, tcp], info: SYN}",
    "{protocol: udp, info: [SYN, fragment]}",
    "{protocol: 17, info: fragment@8}",
    "{protocol: arp, info: request}",
    "{protocol: ipv4, info: 'SYN,ACK', port: 80}",
    "{protocol: ipv6, info: request}",
    "{protocol: 6, port: 80}",
    "{protocol: [icmp, udp], port: 80}",
    "{info: [request, RST], port: 80}",
    "{protocol: [arp, icmpv6], source: 10.0.0.1}",
    "{protocol: ipv6, source: [10.0.0.1, 'fd00::1']}",
    "{source: 10.0.0.1, address: 10.9.9.9}",
    "{source: $x, destination: 10.0.0.2, address: 10.9.9.9}",
    "{source: 10.0.0.0/8, destination: 11.0.0.1, address: [10.2.0.0/16, 'fd00::1']}",
    "{source: 10.2.0.0/16, destination: 11.0.0.1, address: 10.0.0.0/8}",
    "{source: [10.0.0.1, 'fd00::1'], address: 'fd00::2'}",
    "{source_port: 80, port: 22}",
    "{source_port: $p, destination_port: 443, port: 22}",
    "{source_port: 80, destination_port: 440-450, port: [22, 443]}",
  ])("but not what can be: %s", (where) => {
    expect(problems(one(`where: ${where}`))).toEqual([]);
  });

  test("names whose values come from different expectations", () => {
    const text = `expectations:
  - {name: a, where: {source: $x}}
  - {name: b, where: {source: $y}}
  - {name: c, where: {source: $x, destination: $y}}`;
    expect(problems(text)).toEqual([
      "x.yaml:4:6: $x and $y have their values from different expectations: use names of one",
    ]);
  });
});
