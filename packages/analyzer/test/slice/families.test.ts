// Families are joined in any order, and wanted as a whole.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Life } from "../../src/reconstruct/life.js";
import type { FollowedBatch } from "../../src/reconstruct/lives.js";
import { WantedFamilies } from "../../src/slice/families.js";

function batchOf(links: readonly (readonly [path: number, parent: number | undefined])[]): FollowedBatch {
  const lives = links.map(([path, parent]) => {
    const life = new Life(path, 0, 0, 0, 0, 0, true);
    life.parent = parent;
    return life;
  });
  return { lives } as unknown as FollowedBatch;
}

test("a path that is wanted before its parent is known wants the parent too", () => {
  const families = new WantedFamilies();
  families.note(
    batchOf([
      [1, undefined],
      [2, undefined],
    ]),
  );
  families.want(2);
  families.note(
    batchOf([
      [2, 1],
      [3, 1],
    ]),
  );
  expect([1, 2, 3, 4].map((path) => families.has(path))).toEqual([true, true, true, false]);
});

test("what a path went on in is of its family, and so is what else went on there", () => {
  const families = new WantedFamilies();
  const made = new Life(4, 0, 0, 0, 0, 0, true);
  made.parent = 1;
  made.mergedInto = 2;
  const other = new Life(3, 0, 0, 0, 0, 0, true);
  other.mergedInto = 2;
  families.note({ lives: [made, other] } as unknown as FollowedBatch);
  families.want(3);
  expect([1, 2, 3, 4, 5].map((path) => families.has(path))).toEqual([true, true, true, true, false]);
});

test("whatever the order, exactly the families with a wanted path are wanted", () =>
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.nat(), { nil: undefined }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.boolean(),
      (parents, chosen, wantFirst) => {
        // A path's parent has a lower number.
        const links = parents.map(
          (parent, i) => [i + 1, parent === undefined || i === 0 ? undefined : 1 + (parent % i)] as const,
        );
        const firstOf = (path: number): number => {
          const parent = links[path - 1]?.[1];
          return parent === undefined ? path : firstOf(parent);
        };
        const wanted = chosen.map((one) => 1 + (one % links.length));
        const families = new WantedFamilies();
        if (wantFirst) for (const path of wanted) families.want(path);
        families.note(batchOf(links));
        if (!wantFirst) for (const path of wanted) families.want(path);
        for (const [path] of links)
          expect(families.has(path)).toBe(wanted.some((one) => firstOf(one) === firstOf(path)));
      },
    ),
  ));
