// Fisher's exact test, against values that can be counted: of the ways to choose, those as one-sided or more so.
import { expect, test } from "vitest";

import { chanceOf } from "../../src/diff/chance.js";

test.each([
  [0, 3, 3, 3, 0.05],
  [1, 10, 3, 10, 0.2910216718],
  [3, 10, 1, 10, 0.2910216718],
  [0, 5, 5, 5, 0.003968253968],
  [50, 100, 50, 100, 0.5561],
])("%d of %d and %d of %d", (a, ofA, b, ofB, expected) => {
  expect(chanceOf(a, ofA, b, ofB)).toBeCloseTo(expected, 3);
});

test("many packets take no longer, and leave no doubt", () => {
  expect(chanceOf(400_000, 1_000_000, 410_000, 1_000_000)).toBeLessThan(1e-9);
});
