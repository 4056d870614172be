// What is made from a packet belongs to it: copies, segments, fragments, and what goes on in another skb.
import { describe, expect, test } from "vitest";

import { type MadeEvent, MadeRecording, reconstruct } from "../support/made-recording.js";

const A = 0xffff_8880_0000_1000n;
const B = 0xffff_8880_0000_1100n;
const C = 0xffff_8880_0000_1200n;
const D = 0xffff_8880_0000_1300n;

const first = { first: true } as const;
const sight = (ns: number, skb: bigint, more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb,
  at: "ip_rcv",
  ...more,
});
const made = (ns: number, skb: bigint, parent: bigint, more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb,
  kind: "CLONE",
  parent,
  ...more,
});
const free = (ns: number, skb: bigint): MadeEvent => ({ ns, skb, kind: "FREE" });

/** The paths of events on CPU 0. */
const pathsOf = (...events: readonly MadeEvent[]) =>
  reconstruct(new MadeRecording().on(0, ...events).bytes()).paths;

describe("what is made from a packet", () => {
  test.each([
    ["CLONE", "cloned"],
    ["COPY", "copied"],
    ["SEGMENT", "segmented"],
    ["FRAGMENT", "fragmented"],
  ] as const)("by %s begins as %s, with its parent", (how, begin) => {
    const paths = pathsOf(
      sight(100, A, first),
      made(150, B, A, { how, ...first }),
      free(200, A),
      free(300, B),
    );
    expect(paths).toMatchObject([
      { path: 1, parent: null, family: 1 },
      { path: 2, parent: 1, family: 1, begin, complete: 1 },
    ]);
  });

  test("is of one family, however far down", () => {
    const paths = pathsOf(
      sight(100, D, first),
      sight(110, A, first),
      made(150, B, A, { how: "COPY", ...first }),
      made(160, C, B, first),
      free(200, A),
      free(210, B),
      free(220, C),
      free(230, D),
    );
    expect(paths.map(({ path, parent, family }) => [path, parent, family])).toEqual([
      [1, null, 1],
      [2, null, 2],
      [3, 2, 2],
      [4, 3, 2],
    ]);
  });

  test("as a part has the packet that it shows itself, and until then its parent's", () => {
    const whole = sight(100, A, { ...first, packet: "tcpSynAck" });
    const parts = [
      made(150, B, A, { how: "SEGMENT", ...first }),
      made(150, C, A, { how: "SEGMENT", ...first }),
    ];
    const paths = pathsOf(whole, ...parts, free(200, A), sight(210, C, { packet: "udpDns" }));
    expect(paths.map(({ protocol }) => protocol)).toEqual(["TCP", "TCP", "UDP"]);
    expect(paths[2]?.len).toBeGreaterThan(0);
  });

  test("as a clone is as long as it is itself, and as its parent where no event shows it", () => {
    const whole = sight(100, A, { ...first, packet: "tcpSynAck" });
    const clones = [made(150, B, A, { how: "CLONE", ...first }), made(150, C, A, { how: "CLONE", ...first })];
    const paths = pathsOf(whole, ...clones, sight(210, C, { packet: "udpDns" }), free(220, B), free(230, C));
    const [parent, unseen, seen] = paths.toSorted((a, b) => a.path - b.path);
    expect(parent?.len).toBeGreaterThan(0);
    expect(unseen?.len).toBe(parent?.len);
    expect(seen?.len).toBeGreaterThan(0);
    expect(seen?.len).not.toBe(parent?.len);
  });

  test("as a segment, by a clone within the same call, is one path with the segmented one as its parent", () => {
    const paths = pathsOf(
      sight(100, A, first),
      sight(110, D, first),
      made(150, B, D, first),
      made(160, B, A, { how: "SEGMENT" }),
      free(200, A),
      free(210, B),
      free(220, D),
    );
    expect(paths).toMatchObject([
      { path: 1, family: 1 },
      { path: 2, family: 2 },
      { path: 3, parent: 1, family: 1, begin: "segmented", complete: 1 },
    ]);
  });

  test("at an address whose end was not seen is not joined to what was there", () => {
    const paths = pathsOf(
      sight(100, A, first),
      sight(110, B, first),
      made(150, B, A, { how: "COPY", ...first }),
      free(200, A),
      free(210, B),
    );
    expect(paths).toMatchObject([
      { path: 1 },
      { path: 2, outcome: "unknown", incomplete_because: "end" },
      { path: 3, parent: 1, begin: "copied", complete: 1 },
    ]);
  });
});

test("a packet whose data goes on in another says in which", () => {
  const paths = pathsOf(
    sight(100, A, first),
    sight(110, B, first),
    { ns: 150, skb: B, kind: "MERGE", into: A },
    free(150, B),
    free(200, A),
  );
  expect(paths).toMatchObject([{ merged_into: null }, { merged_into: 1, complete: 1 }]);
});

test("a new head is an event of the same packet", () => {
  const paths = pathsOf(sight(100, A, first), { ns: 150, skb: A, kind: "HEAD" }, free(200, A));
  expect(paths).toMatchObject([{ events: 3, hops: 1, complete: 1 }]);
});
