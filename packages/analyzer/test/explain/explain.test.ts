// Explanations are held to the names that real kernels have, as fixtures recorded them, and to the places of real drops.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  BENIGN_RULES,
  explainDrop,
  explainedNames,
  explainName,
  harmlessRules,
  PLACES,
} from "@skbtracer/analyzer";
import { RecordingReader } from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { reconstruct } from "../support/made-recording.js";

const FIXTURES = fileURLToPath(new URL("../../../../fixtures/v1/", import.meta.url));
const recordings = readdirSync(FIXTURES).filter((name) => name.endsWith(".skbt"));

/** Names of the rules by which a reason or place is harmless. */
function rulesOf(name: string): string[] {
  const found = explainName(name);
  return found ? harmlessRules(found).map((rule) => rule.name) : [];
}

/** Bounds of an enum, which recordings have among its reasons. */
const isNoReason = (name: string): boolean => /^__(?!_)|_MAX$/.test(name);

/** The names of reasons that a recording carries. */
function recordedReasons(name: string): string[] {
  const reader = new RecordingReader({ mode: "strict" });
  for (const _ of reader.push(readFileSync(FIXTURES + name)));
  const { core = [], subsystems = [] } = reader.environment?.dropReasons ?? {};
  const all = [...core, ...subsystems.flatMap(({ reasons }) => reasons)];
  return all.map((reason) => reason.name).filter((reason) => !isNoReason(reason));
}

describe.each(recordings)("%s", (name) => {
  test("has no reason without an explanation", () => {
    expect(recordedReasons(name).filter((reason) => explainName(reason)?.kind !== "reason")).toEqual([]);
  });

  test("has no drop without one, but for those that are harmless", () => {
    const unexplained = reconstruct(readFileSync(FIXTURES + name)).drops.filter(
      (drop) => !drop.benign && !explainDrop(drop.reason, drop.function),
    );
    expect(unexplained).toEqual([]);
  });
});

test("the newest kernel's names are many: the test above is of something", () => {
  expect(recordings).toContain("veth-7.2.skbt");
  expect(recordedReasons("veth-7.2.skbt").length).toBeGreaterThan(130);
});

test("each explanation is whole, in sentences, and short enough for a line or three", () => {
  for (const name of explainedNames()) {
    const found = explainName(name);
    if (!found) throw new Error(`${name} is listed and not found`);
    expect(found.name).toBe(name);
    for (const part of [found.means, found.causes, found.check, found.source]) {
      expect(part, name).toMatch(/\S/);
      expect(part.length, `${name}: ${part}`).toBeLessThan(240);
    }
    expect(found.means, name).toMatch(/^[A-Za-z].*\.$/);
    expect(found.causes, name).toMatch(/^[A-Za-z].*\.$/);
  }
});

test("no name is explained twice", () => {
  const names = explainedNames();
  expect(new Set(names).size).toBe(names.length);
  expect(PLACES.flatMap(({ functions }) => functions).filter((name) => name.includes("."))).toEqual([]);
});

test.each([
  ["NO_SOCKET", "__udp4_lib_rcv", "NO_SOCKET"],
  ["NOT_SPECIFIED", "ip_rcv_finish_core", "ip_rcv_finish_core"],
  ["NOT_SPECIFIED", "no_function_that_is_known", "NOT_SPECIFIED"],
  [null, "ip_forward", "ip_forward"],
] as const)("a drop with reason %s at %s is explained by %s", (reason, place, name) => {
  expect(explainDrop(reason, place)?.name).toBe(name);
});

test("what nobody knows is not explained", () => {
  expect(explainDrop(null, "no_function_that_is_known")).toBeUndefined();
  expect(explainDrop("reason 999", "nf_hook_slow")).toBeUndefined();
  expect(explainName("constructor")).toBeUndefined();
});

test.each([
  ["no_socket", "NO_SOCKET"],
  ["SKB_DROP_REASON_NO_SOCKET", "NO_SOCKET"],
  ["SKB_CONSUMED", "SKB_CONSUMED"],
  ["qdisc_drop", "QDISC_DROP"],
  ["nf_hook_slow+0x9f", "nf_hook_slow"],
  ["br_flood.constprop.0+0x1 [bridge]", "br_flood"],
  ["RX_DROP_U_MIC_FAIL", "RX_DROP_U_MIC_FAIL"],
  ["___RX_DROP_U_MIC_FAIL", "___RX_DROP_U_MIC_FAIL"],
])("%s is understood as %s", (text, name) => {
  expect(explainName(text)?.name).toBe(name);
});

test("a name that rules of harmless drops know says so", () => {
  expect(rulesOf("icmp_rcv")).toEqual(["icmp-handled"]);
  expect(rulesOf("SKB_CONSUMED")).toEqual(["not-a-drop"]);
  expect(rulesOf("nf_hook_slow")).toEqual([]);
  expect(BENIGN_RULES.length).toBeGreaterThan(5);
});
