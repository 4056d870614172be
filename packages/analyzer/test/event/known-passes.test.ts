// Passes are told apart by every number that decides what they are called.
import { ChunkType, dictionaryJson } from "@skbtracer/format";
import { expect, test } from "vitest";

import { type MadeEvent, MadeRecording, reconstruct } from "../support/made-recording.js";

const A = 0xffff_8880_0000_1000n;
const pass = (ns: number, event: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb: A,
  kind: "TRAVERSAL",
  at: "ipt_do_table",
  ...event,
});

test("each pass is called what it is, however often others come between", () => {
  const kinds: Partial<MadeEvent>[] = [
    {},
    { hook: 3 },
    { verdict: 0 },
    { ctState: 3 },
    { table: "nat" },
    { table: "filter", chain: "input" },
    { tail: { pf: 10 } },
  ];
  const twice = [...kinds, ...kinds].map((kind, i) => pass(i, kind));
  const { traversals } = reconstruct(new MadeRecording().on(0, ...twice).bytes());
  const told = traversals.map((row) =>
    [row.family, row.table_name, row.chain, row.hook, row.verdict, row.conntrack].join(" "),
  );
  expect(told.slice(kinds.length)).toEqual(told.slice(0, kinds.length));
  expect(told.slice(0, kinds.length)).toEqual([
    "ip filter  INPUT ACCEPT ",
    "ip filter  OUTPUT ACCEPT ",
    "ip filter  INPUT DROP ",
    "ip filter  INPUT ACCEPT NEW",
    "ip nat  INPUT ACCEPT ",
    "ip filter input INPUT ACCEPT ",
    "ip6 filter  INPUT ACCEPT ",
  ]);
});

test("a table's name that comes late is used from then on", () => {
  const chain = { id: 77n, engine: 0, family: 2, table: "late", chain: "" };
  const names = dictionaryJson({ symbols: [], stacks: [], devices: [], chains: [chain] });
  const { traversals } = reconstruct(
    new MadeRecording()
      .on(0, pass(1, { tail: { chain: 77n } }), pass(2, { tail: { chain: 77n } }))
      .round(3)
      .json(ChunkType.DICTIONARY, names)
      .on(0, pass(4, { tail: { chain: 77n } }))
      .bytes(),
  );
  expect(traversals.map((row) => row.table_name)).toEqual(["table 0x4d", "table 0x4d", "late"]);
});
