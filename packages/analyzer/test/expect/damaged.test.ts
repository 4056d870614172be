// However a recording was damaged: what is not so never passes, and what is so never fails.
import { readFileSync } from "node:fs";

import { ChunkScanner, FormatError, type ReadMode } from "@skbtracer/format";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { judge, type Rows, rowsOf, withoutNft } from "./judged.js";

const FILE = readFileSync(new URL("../../../../fixtures/v1/veth-6.1.skbt", import.meta.url));

/** What is not so in the whole recording. */
const WRONG = [
  "where: {port: 9}\npaths: none",
  "where: {protocol: udp, destination_port: 9}\npaths: 4",
  "where: {protocol: icmp, info: request}\npaths: {at_least: 11}",
  "where: {protocol: udp}\npaths: {at_most: 7}",
  "where: {protocol: udp, direction: received}",
  "where: {port: 9}\noutcome: delivered",
  "where: {protocol: udp}\ndrops: NO_SOCKET",
  "where: {port: 9}\ndrops: none",
  "where: {port: 9}\nnot_through: [ip_rcv]",
  "where: {port: 9}\nthrough: [ip_rcv, ip_output]",
  "where: {port: 9}\ntraversals: none",
  "where: {port: 9}\ntraversals: {table: filter, verdict: ACCEPT}",
  "where: {destination_port: 8080}\nnat: none",
  "where: {protocol: icmp, info: request}\ntime: {max: 1ms}",
];

/** What is so. */
const RIGHT = [
  "where: {port: 82}\npaths: none",
  "where: {protocol: udp, destination_port: 9}\npaths: 5",
  "where: {protocol: icmp, info: request}\npaths: {at_most: 10}",
  "where: {port: 9}\noutcome: dropped\ndrops: NETFILTER_DROP",
  "where: {port: 9}\nnot_through: [br_forward]\nthrough: [ip_output, ip_rcv]",
  "where: {port: 9}\ntraversals: [{table: nat}, {table: filter, verdict: DROP}]\nnat: none",
  "where: {protocol: icmp}\ndrops: none",
];

const yaml = (list: readonly string[]): string =>
  `expectations:\n${list.map((members, i) => `  - name: n${i}\n${members.replaceAll(/^/gm, "    ")}\n`).join("")}`;
const [WRONG_YAML, RIGHT_YAML] = [yaml(WRONG), yaml(RIGHT)];

/** The rows of a damaged recording; undefined if it is refused. */
function rowsIfRead(bytes: Uint8Array, mode: ReadMode): Rows | undefined {
  try {
    return withoutNft(rowsOf(bytes, mode));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function expectNoWrongAnswer(bytes: Uint8Array, what: string): void {
  for (const mode of ["tolerate-tail", "salvage"] as const) {
    const rows = rowsIfRead(bytes, mode);
    if (!rows) continue;
    const passed = judge(rows, WRONG_YAML).flatMap(({ verdict }, i) => (verdict === "pass" ? WRONG[i] : []));
    const failed = judge(rows, RIGHT_YAML).flatMap(({ verdict, reasons }, i) =>
      verdict === "fail" ? [RIGHT[i], ...reasons] : [],
    );
    expect({ passed, failed }, `${what}, ${mode}`).toEqual({ passed: [], failed: [] });
  }
}

test("of the whole recording these are so, and those are not", () => {
  const rows = withoutNft(rowsOf(FILE));
  expect(judge(rows, WRONG_YAML).map(({ verdict }) => verdict)).toEqual(WRONG.map(() => "fail"));
  expect(judge(rows, RIGHT_YAML).map(({ verdict }) => verdict)).toEqual(RIGHT.map(() => "pass"));
});

describe("chunk by chunk", () => {
  const chunks = [...new ChunkScanner().push(FILE)].map(({ offset, bytes: { length } }) => ({
    begin: offset,
    end: offset + length,
  }));
  const part = (begin: number, end?: number): Uint8Array => FILE.subarray(begin, end);

  test.each(chunks.map((chunk, i) => [i, chunk] as const))("%d", (i, { begin, end }) => {
    expectNoWrongAnswer(Buffer.concat([part(0, begin), part(end)]), "taken out");
    expectNoWrongAnswer(Buffer.concat([part(0, end), part(begin, end), part(end)]), "repeated");
    expectNoWrongAnswer(part(0, begin), "cut before");
    const next = chunks[i + 1];
    if (!next) return;
    const swapped = [part(0, begin), part(next.begin, next.end), part(begin, end), part(next.end)];
    expectNoWrongAnswer(Buffer.concat(swapped), "after the next");
  });
});

test("bytes that are changed anywhere", () => {
  const change = fc.tuple(fc.nat(FILE.length - 1), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(FILE);
      for (const [at, flips] of changes) bytes[at] = (bytes[at] ?? 0) ^ flips;
      expectNoWrongAnswer(bytes, "changed");
    }),
    { numRuns: 60 },
  );
});

describe("a recording whose host is described only at its end, as the first description is damaged", () => {
  // Of today's layout, so that its events can be read all the same.
  const file = readFileSync(new URL("../../../../fixtures/kernels/tcp-drop-6.1.skbt", import.meta.url));
  const RIGHT_OF_IT = [
    "where: {protocol: tcp, source_port: 80}\noutcome: delivered\ndrops: none",
    "where: {protocol: tcp, source_port: 80}\npaths: 4",
    "where: {protocol: tcp, destination_port: 81}\ndrops: NETFILTER_DROP",
  ];
  const [description] = [...new ChunkScanner().push(file)];

  test("says so of the whole recording", () => {
    const verdicts = judge(rowsOf(file), yaml(RIGHT_OF_IT)).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(RIGHT_OF_IT.map(() => "pass"));
  });

  test("cannot tell: ends are guessed, and reasons are numbers", () => {
    const bytes = Buffer.from(file);
    const at = (description?.offset ?? 0) + 100;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const rows = rowsOf(bytes, "salvage");
    expect(rows.paths.length).toBeGreaterThan(10);
    expect(rows.meta).toMatchObject([{ ends_recorded: 0 }]);
    const verdicts = judge(rows, yaml(RIGHT_OF_IT)).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(RIGHT_OF_IT.map(() => "unknown"));
  });

  test("is refused if the file's header is damaged too: which layout events have is not known", () => {
    const bytes = Buffer.from(file);
    for (const at of [8, (description?.offset ?? 0) + 100]) bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(() => rowsOf(bytes, "salvage")).toThrow(/so is the file's header/);
  });
});
