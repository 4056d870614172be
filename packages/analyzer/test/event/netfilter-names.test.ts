// Verdicts by name, as kernels return them.
import { describe, expect, test } from "vitest";

import { verdictName } from "../../src/event/netfilter-names.js";

const EPERM = 1;

describe("a verdict", () => {
  test.each([
    [0, "DROP"],
    [1, "ACCEPT"],
    [2, "STOLEN"],
    [3 | (7 << 16), "QUEUE"],
    [4, "REPEAT"],
    [9, "verdict 9"],
  ])("%i is %s", (verdict, name) => {
    expect(verdictName(verdict)).toBe(name);
  });

  test("that says stolen with an errno is that of a packet that was dropped and freed: nftables since 6.7", () => {
    expect(verdictName((EPERM << 16) | 2)).toBe("DROP");
  });
});
