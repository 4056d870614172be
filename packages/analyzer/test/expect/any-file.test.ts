// Whatever a file of expectations holds, it is read or refused, and what is read can be judged.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { ExpectationsError } from "@skbtracer/analyzer";
import { readExpectations } from "@skbtracer/analyzer/expectations";

import { fixture, judge } from "./judged.js";

const WORDS = [
  ..."name where paths through not_through outcome drops traversals nat time protocol info source destination".split(
    " ",
  ),
  ..."address port source_port destination_port interface namespace direction clones before after from to".split(
    " ",
  ),
  ..."p50 p99 max margin table chain hook verdict at_least at_most between exist none tcp icmp $x 10.0.0.1".split(
    " ",
  ),
  ..."10.0.0.0/8 ::/0 9 81 0 -1 1ms 20% delivered dropped open ip_rcv ip_output NETFILTER_DROP INPUT DROP".split(
    " ",
  ),
];

/** YAML in flow style out of the language's words. */
const value: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...WORDS),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc
      .array(fc.tuple(fc.constantFrom(...WORDS), tie("value")), { maxLength: 4 })
      .map((members) => `{${members.map(([key, one]) => `${key}: ${one}`).join(", ")}}`),
  ),
})).value;

const ROWS = fixture("veth-6.1");

function readsOrRefuses(text: string): void {
  try {
    readExpectations(text, "x.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(ExpectationsError);
    return;
  }
  for (const { verdict, reasons } of judge(ROWS, text))
    if (verdict !== "pass") expect(reasons.length).toBeGreaterThan(0);
}

test("text of any kind", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200, unit: "binary" }), readsOrRefuses), { numRuns: 300 });
});

test("the language's words in any order", () => {
  const member = fc.tuple(fc.constantFrom(...WORDS), value).map(([key, one]) => `    ${key}: ${one}\n`);
  const file = fc
    .array(fc.array(member, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map(
      (all) => `expectations:\n${all.map((members, i) => `  - name: ${i}\n${members.join("")}`).join("")}`,
    );
  fc.assert(fc.property(file, readsOrRefuses), { numRuns: 500 });
});

test("what the language has, in any combination", () => {
  const parts: Readonly<Record<string, readonly string[]>> = {
    where: [
      "{protocol: tcp}",
      "{port: 9}",
      "{source: $x}",
      "{destination: $x, info: SYN}",
      "{namespace: a}",
      "{clones: true}",
    ],
    paths: ["exist", "none", "3", "{between: [1, 5]}"],
    through: ["[ip_rcv]", "[ip_output, ip_rcv]", "[nowhere]"],
    not_through: ["[ip_rcv]", "[br_forward]"],
    outcome: ["delivered", "dropped", "[delivered, open]"],
    drops: ["none", "NETFILTER_DROP", "nf_hook_slow"],
    traversals: ["none", "{table: nat}", "[{table: nat}, {verdict: DROP}]"],
    nat: ["none", "{after: {destination_port: 80}}", "{before: {source: $x}}", "{after: {source: $y}}"],
    time: ["{max: 1ms}", "{from: ip_output, to: ip_rcv, p99: 1ms, margin: 10%}"],
  };
  const one = fc
    .record(
      Object.fromEntries(Object.entries(parts).map(([key, texts]) => [key, fc.constantFrom(...texts)])),
      {
        requiredKeys: [],
      },
    )
    .map((members) =>
      Object.entries(members)
        .map(([key, text]) => `    ${key}: ${text}\n`)
        .join(""),
    );
  const file = fc
    .array(one, { minLength: 1, maxLength: 4 })
    .map((all) => `expectations:\n${all.map((members, i) => `  - name: n${i}\n${members}`).join("")}`);
  fc.assert(fc.property(file, readsOrRefuses), { numRuns: 500 });
});
