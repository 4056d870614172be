// The map of living skbs behaves as a Map does, however its keys collide.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { AddressMap } from "../src/address-map.js";

interface Step {
  readonly set: boolean;
  readonly low: number;
  readonly high: number;
}

/** Addresses of a slab, whose lowest bits are equal, and ones far apart. */
const address = fc.oneof(
  fc.record({ low: fc.nat(40).map((n) => n * 256), high: fc.constant(0xffff_8880) }),
  fc.record({ low: fc.nat(40).map((n) => n * 0x8000_0000), high: fc.nat(3) }),
  fc.record({ low: fc.nat(0xffff_ffff), high: fc.nat(0xffff_ffff) }),
);
const step: fc.Arbitrary<Step> = fc
  .tuple(fc.boolean(), address)
  .map(([set, place]) => ({ set, low: place.low >>> 0, high: place.high >>> 0 }));

/** The bits of an address that the map is to tell apart. */
const keyOf = ({ low, high }: Step): string => `${high & 0x1f_ffff}/${low}`;

function run(steps: readonly Step[]): void {
  const map = new AddressMap<number>();
  const truth = new Map<string, number>();
  steps.forEach((one, i) => {
    if (one.set) {
      map.set(one.low, one.high, i);
      truth.set(keyOf(one), i);
    } else {
      map.delete(one.low, one.high);
      truth.delete(keyOf(one));
    }
    expect(map.size).toBe(truth.size);
  });
  for (const one of steps) expect(map.get(one.low, one.high)).toBe(truth.get(keyOf(one)));
  expect([...map.values()].toSorted((a, b) => a - b)).toEqual([...truth.values()].toSorted((a, b) => a - b));
  map.clear();
  expect(map.size).toBe(0);
  for (const one of steps) expect(map.get(one.low, one.high)).toBeUndefined();
}

test("it finds what a Map finds, whatever was set and deleted", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 400 }), run));
});

test("it does so when its array is full of runs, beyond where it grows", () => {
  const dense = fc.record({
    set: fc.boolean(),
    // More than it begins with room for, in steps that hash to neighbours
    low: fc.nat(2000).map((n) => n * 32),
    high: fc.constant(0),
  });
  fc.assert(fc.property(fc.array(dense, { minLength: 3000, maxLength: 6000 }), run), { numRuns: 10 });
});

test("addresses that differ in the 53 bits that kernels use are different keys", () => {
  const map = new AddressMap<string>();
  map.set(0xffff_ffff, 0xffff_8880, "one");
  map.set(0x7fff_ffff, 0xffff_8880, "two");
  map.set(0xffff_ffff, 0xffff_8881, "three");
  expect(map.get(0xffff_ffff, 0xffff_8880)).toBe("one");
  expect(map.get(0x7fff_ffff, 0xffff_8880)).toBe("two");
  expect(map.get(0xffff_ffff, 0xffff_8881)).toBe("three");
});
