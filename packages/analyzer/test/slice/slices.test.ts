// A slice gives the same answers about what it has as the recording that it is from, losses and damage included.
import { readFileSync } from "node:fs";

import { ChunkScanner, ChunkType, type EventBatch, parseJson, RecordingReader } from "@skbtracer/format";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type PathRow, Reconstruction, SliceWriter, WantedFamilies } from "../../src/index.js";
import type { FollowedBatch } from "../../src/reconstruct/lives.js";
import { frame } from "../dissect/frames.js";
import { type MadeEvent, MadeRecording, type Reconstructed, reconstruct } from "../support/made-recording.js";

const FIXTURES = new URL("../../../../fixtures/", import.meta.url);

/** Families in which some path is wanted. @param pieces bytes that come at a time */
function slice(bytes: Uint8Array, isWanted: (path: PathRow) => boolean, pieces = bytes.length): Uint8Array {
  const families = new WantedFamilies();
  const reader = new RecordingReader();
  const choosing = new Reconstruction(reader, { tables: new Set(["paths"]) });
  const want = (found: ReturnType<Reconstruction["finish"]>): void => {
    for (const { path } of found) if (isWanted(path)) families.want(path.path);
  };
  for (const batch of [...reader.push(bytes), ...reader.end()]) {
    const found = choosing.take(batch);
    families.note(found.followed);
    want([...found.paths]);
  }
  want(choosing.finish());
  return keep(bytes, (lives, i) => families.has(lives[i]?.id ?? 0), pieces);
}

/** Exactly these events. */
function sliceEvents(bytes: Uint8Array, isKept: (time: number) => boolean): Uint8Array {
  return keep(bytes, (_, i, batch) => isKept(batch.times[i] ?? 0), bytes.length);
}

type Lives = FollowedBatch["lives"];

function keep(
  bytes: Uint8Array,
  isKept: (lives: Lives, i: number, batch: EventBatch) => boolean,
  pieces: number,
): Uint8Array {
  const spans: Uint8Array[] = [];
  const writer = new SliceWriter({
    mode: "tolerate-tail",
    uuid: new Uint8Array(16).fill(5),
    facts: ["some"],
    write: (more) => spans.push(...more.map((span) => Uint8Array.from(span))),
  });
  const keeping = new Reconstruction(writer.reader, { tables: new Set() });
  const take = (batches: ReturnType<RecordingReader["push"]>): void => {
    for (const batch of batches) {
      const { lives } = keeping.take(batch).followed;
      writer.take(batch, (i) => isKept(lives, i, batch));
    }
  };
  for (let at = 0; at < bytes.length; at += pieces) take(writer.reader.push(bytes.slice(at, at + pieces)));
  take(writer.reader.end());
  writer.end();
  return Buffer.concat(spans);
}

/** Rows without numbers that count from the recording's first. */
function plain(rows: readonly object[]): unknown[] {
  const NUMBERS = new Set([
    "recording",
    "path",
    "event",
    "drop",
    "traversal",
    "parent",
    "family",
    "merged_into",
  ]);
  const texts = rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !NUMBERS.has(name))),
  );
  // Losses have a CPU and two times.
  const order = ["time_ns", "after_ns", "before_ns", "cpu"];
  const key = (row: Record<string, unknown>): number[] => order.map((name) => Number(row[name] ?? 0));
  return texts.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    return left.map((value, i) => value - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
  });
}

const without = (recording: Reconstructed, wanted: ReadonlySet<number>) => ({
  paths: plain(recording.paths.filter(({ path }) => wanted.has(path))),
  drops: plain(recording.drops.filter(({ path }) => wanted.has(path))),
  traversals: plain(recording.traversals.filter(({ path }) => wanted.has(path))),
  losses: plain(recording.others["losses"] ?? []),
});

/** Numbers of the paths of the families that have a wanted one: joined until nothing changes. */
function familyOf(paths: readonly PathRow[], isWanted: (path: PathRow) => boolean): Set<number> {
  const wanted = new Set(paths.filter(isWanted).map(({ path }) => path));
  for (let size = -1; size !== wanted.size;) {
    size = wanted.size;
    for (const { path, parent, merged_into: into } of paths)
      for (const relative of [parent, into]) {
        if (relative === null) continue;
        if (wanted.has(path)) wanted.add(relative);
        if (wanted.has(relative)) wanted.add(path);
      }
  }
  return wanted;
}

// The later ones have references to bytes and to connections in them, merged packets, fragments, new heads and hooks.
describe.each([
  "v1/veth-5.10",
  "v1/veth-6.1",
  "v1/bridge-6.12",
  "v1/veth-7.2",
  "kernels/nat-5.10",
  "kernels/nat-6.1",
  "kernels/nft-6.12",
  "kernels/vxlan-7.2",
  "kernels/tcp-drop-6.1",
  "kernels/fragments-6.1",
])("%s", (name) => {
  const bytes = Uint8Array.from(readFileSync(new URL(`${name}.skbt`, FIXTURES)));
  const before = reconstruct(bytes);

  test.each<[what: string, isWanted: (path: PathRow) => boolean]>([
    ["dropped", ({ outcome }) => outcome === "dropped"],
    ["of ICMP", ({ protocol }) => protocol === "ICMP"],
    ["that are clones, with what they were cloned from", ({ parent }) => parent !== null],
    ["whose data went on in others, with these", ({ merged_into: into }) => into !== null],
    ["of a moment", ({ time_ns: time }) => time > 3.2e9 && time < 3.5e9],
    ["all", () => true],
    ["none", () => false],
  ])("paths %s", (_, isWanted) => {
    const wanted = familyOf(before.paths, isWanted);
    const sliced = slice(bytes, isWanted);
    const after = reconstruct(sliced);
    expect(without(after, new Set(after.paths.map(({ path }) => path)))).toEqual(without(before, wanted));
    expect(after.others["meta"]?.[0]).toMatchObject({ missing: 0, closed: 1, damaged_ranges: 0, late: 0 });
  });

  test("is the same in pieces of any size", () => {
    const whole = slice(bytes, ({ protocol }) => protocol === "TCP");
    for (const pieces of [1000, 4096, 77_777])
      expect(Buffer.from(slice(bytes, ({ protocol }) => protocol === "TCP", pieces)).equals(whole)).toBe(
        true,
      );
  });
});

// Where events refer to others, they cannot all stand as they were.
test.each(["v1/veth-5.10", "v1/veth-6.1", "v1/bridge-6.12", "v1/veth-7.2"])(
  "of %s has its events byte for byte, and the names that they use and no others",
  (name) => {
    const bytes = Uint8Array.from(readFileSync(new URL(`${name}.skbt`, FIXTURES)));
    const sliced = slice(bytes, ({ outcome }) => outcome === "dropped");
    const chunks = [...new ChunkScanner("strict").push(sliced)];
    for (const { header, payload } of chunks)
      if (header.type === ChunkType.RAW)
        expect(Buffer.from(bytes).includes(Buffer.from(payload.subarray(0, 60)))).toBe(true);
    const symbols = (from: typeof chunks): string[] =>
      from
        .filter(({ header }) => header.type === ChunkType.DICTIONARY)
        .flatMap(({ payload }) => (parseJson(payload) as { symbols: { address: string }[] }).symbols)
        .map(({ address }) => address);
    const own = symbols(chunks);
    expect(new Set(own).size).toBe(own.length);
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThan(symbols([...new ChunkScanner().push(bytes)]).length);
  },
);

/** Lives of some skbs on two CPUs, events lost between them. */
const lossy = fc
  .array(
    fc.record({
      skb: fc.integer({ min: 1, max: 6 }),
      cpu: fc.integer({ min: 0, max: 1 }),
      what: fc.constantFrom("sight", "sight", "sight", "clone", "free", "drop", "loss"),
      pause: fc.integer({ min: 1, max: 30 }),
      isLast: fc.boolean(),
    }),
    { minLength: 5, maxLength: 60 },
  )
  .map((steps) => {
    const made = new MadeRecording();
    const living = new Set<number>();
    let pending: [(MadeEvent | number)[], (MadeEvent | number)[]] = [[], []];
    let ns = 0;
    const flush = (): void => {
      pending.forEach((events, cpu) => events.length > 0 && made.on(cpu, ...events));
      pending = [[], []];
    };
    for (const { skb, cpu, what, pause, isLast } of steps) {
      ns += pause;
      const address = BigInt(skb) * 0x100n;
      const first = living.has(skb) ? {} : ({ first: true } as const);
      const events = pending[cpu === 0 ? 0 : 1];
      if (what === "loss") events.push(3);
      else if (what === "clone") {
        if (!living.has(skb) || living.has(skb + 10)) continue;
        living.add(skb + 10);
        events.push({ ns, skb: BigInt(skb + 10) * 0x100n, kind: "CLONE", parent: address });
      } else if (what === "free") {
        for (const one of [skb, skb + 10])
          if (living.delete(one)) events.push({ ns, skb: BigInt(one) * 0x100n, kind: "FREE" });
      } else {
        living.add(skb);
        const kind = what === "drop" ? ({ kind: "DROP", location: "nf_hook_slow", reason: 4 } as const) : {};
        events.push({ ns, skb: address, at: "ip_rcv", packet: "udpDns", ...kind, ...first });
      }
      if (isLast) {
        flush();
        made.round(ns - 20);
      }
    }
    flush();
    return made;
  });

test("of any lossy recording, paths are as complete as before, and losses as long", () =>
  fc.assert(
    fc.property(lossy, fc.boolean(), fc.integer({ min: 2, max: 4 }), (made, closed, modulo) => {
      const bytes = made.bytes({ closed });
      const isWanted = ({ time_ns: time }: PathRow): boolean => time % modulo === 0;
      const before = reconstruct(bytes);
      const wanted = familyOf(before.paths, isWanted);
      const after = reconstruct(slice(bytes, isWanted));
      const all = new Set(after.paths.map(({ path }) => path));
      const [left, right] = [without(after, all), without(before, wanted)];
      expect(left.losses.filter((row) => (row as { cause: string }).cause !== "damage")).toEqual(
        right.losses,
      );
      if (closed) expect(left.paths).toEqual(right.paths);
      expect(left.paths).toHaveLength(right.paths.length);
      expect(left.drops).toEqual(right.drops);
    }),
    { numRuns: 300 },
  ));

const firstBecause = (bytes: Uint8Array): unknown => reconstruct(bytes).paths[0]?.incomplete_because;

test("a path whose end was not seen is not known to have ended where the next one at its address is not in the slice", () => {
  const made = new MadeRecording();
  made.on(0, { ns: 10, skb: 1n, at: "ip_rcv", first: true }, { ns: 20, skb: 1n, at: "ip_rcv", first: true });
  expect(firstBecause(made.bytes())).toBe("end");
  expect(firstBecause(slice(made.bytes(), ({ path }) => path === 1))).toBe("open");
});

const losses = (bytes: Uint8Array): unknown => plain(reconstruct(bytes).others["losses"] ?? []);

test("a slice of a slice loses nothing of what was lost", () => {
  const made = new MadeRecording();
  made.on(
    0,
    { ns: 10, skb: 1n, at: "ip_rcv", first: true },
    { ns: 20, skb: 2n, at: "ip_rcv", first: true },
    7,
  );
  made.on(0, { ns: 40, skb: 2n, kind: "FREE" }, { ns: 60, skb: 1n, kind: "FREE" });
  const once = slice(made.bytes(), ({ skb }) => skb.endsWith("1"));
  expect(losses(made.bytes())).toEqual([expect.objectContaining({ count: 7, after_ns: 20, before_ns: 40 })]);
  expect(losses(once)).toEqual(losses(made.bytes()));
  expect(losses(slice(once, () => false))).toEqual(losses(made.bytes()));
});

const completeness = ({ paths }: Reconstructed): unknown[] =>
  paths.map(({ incomplete_because: because }) => because);

test("damage of the source makes the same paths of the slice incomplete", () => {
  const made = new MadeRecording();
  made.on(0, { ns: 10, skb: 1n, at: "ip_rcv", first: true }, { ns: 11, skb: 2n, at: "ip_rcv", first: true });
  made.on(0, { ns: 12, skb: 2n, kind: "FREE" }).round(50);
  made.damagedChunk();
  for (let i = 1; i < 8; i++)
    made
      .on(
        0,
        { ns: 100 * i, skb: 3n, at: "ip_rcv", first: true },
        { ns: 100 * i + 1, skb: 3n, kind: "FREE" },
        ...(i === 7 ? [{ ns: 100 * i + 2, skb: 1n, kind: "FREE" } as const] : []),
      )
      .round(100 * i + 50);
  const bytes = made.bytes();
  const [before, after] = [reconstruct(bytes), reconstruct(slice(bytes, () => true))];
  expect(completeness(before)).toContain("damage");
  expect(completeness(before)).toContain(null);
  expect(completeness(after)).toEqual(completeness(before));
  expect(plain(after.others["losses"] ?? [])).toEqual(plain(before.others["losses"] ?? []));
});

test("a recording that was not closed is told as that by its slice, which is whole itself", () => {
  const made = new MadeRecording().on(0, { ns: 10, skb: 1n, at: "ip_rcv", first: true });
  const sliced = slice(made.bytes({ closed: false }), () => true);
  const reader = new RecordingReader({ mode: "strict" });
  for (const _ of [...reader.push(sliced), ...reader.end()]);
  expect(reader.gaps).toEqual([expect.objectContaining({ reason: "the recording was not closed" })]);
  expect(reader.ended).toMatchObject({ reason: "torn" });
  expect(reconstruct(sliced).others["losses"]).toEqual([expect.objectContaining({ cause: "damage" })]);
  expect(reconstruct(sliced).paths.map(({ complete }) => complete)).toEqual([0]);
  expect(reader.environment?.origins).toEqual([
    { command: "slice", parent: "07070707-0707-0707-0707-070707070707", facts: ["some"] },
  ]);
});

const packets = (bytes: Uint8Array): [time: number, packet: string][] => {
  const reader = new RecordingReader({ mode: "strict" });
  return [...reader.push(bytes), ...reader.end()].flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i): [number, string] => [
      batch.times[i] ?? 0,
      Buffer.from(batch.captured(i)).toString("hex"),
    ]),
  );
};

/** How often some bytes stand in others. @param digits hexadecimal */
const count = (bytes: Uint8Array, digits = "none"): number =>
  Buffer.from(bytes).toString("hex").split(digits).length - 1;

describe("bytes that an event does not repeat", () => {
  const made = new MadeRecording().on(
    0,
    { ns: 100, skb: 1n, at: "ip_rcv", packet: "udpDns", first: true },
    { ns: 110, skb: 1n, at: "ip_rcv_finish", packet: "udpDns", sameBytesAs: 100 },
    { ns: 120, skb: 1n, at: "ip_local_deliver", packet: "udpDns", sameBytesAs: 100 },
    { ns: 130, skb: 1n, kind: "FREE" },
    { ns: 140, skb: 1n, at: "ip_rcv", packet: "tcpSynAck", first: true },
    { ns: 150, skb: 1n, at: "ip_rcv_finish", packet: "tcpSynAck", sameBytesAs: 140 },
    { ns: 160, skb: 1n, at: "ip_local_deliver", packet: "tcpSynAck", sameBytesAs: 77 },
  );
  const bytes = made.bytes();
  const [udp, tcp] = [packets(bytes)[0]?.[1], packets(bytes)[4]?.[1]];

  test.each<[kept: number[], expected: (string | undefined)[]]>([
    [
      [100, 110, 120],
      [udp, udp, udp],
    ],
    [
      [110, 120],
      [udp, udp],
    ],
    [
      [120, 130],
      [udp, ""],
    ],
    // Without the end between them
    [
      [110, 150],
      [udp, tcp],
    ],
    [
      [100, 120, 150],
      [udp, udp, tcp],
    ],
    // Lost in the source too: unknown, and not another's
    [
      [140, 160],
      [tcp, ""],
    ],
    [[160], [""]],
  ])("are in a slice of the events at %j", (kept, expected) => {
    const sliced = sliceEvents(bytes, (time) => kept.includes(time));
    expect(packets(sliced)).toEqual(kept.map((time, i) => [time, expected[i]]));
  });

  test("are written once, if there is more than one event of them", () => {
    expect(count(bytes, udp)).toBe(1);
    expect(
      count(
        sliceEvents(bytes, (time) => time > 100),
        udp,
      ),
    ).toBe(1);
  });
});

const V4 = (...bytes: number[]): Uint8Array => Uint8Array.from([...bytes, ...new Uint8Array(12)]);
const pass = (ns: number, skb: bigint, conntrack: bigint): MadeEvent => ({
  ns,
  skb,
  kind: "TRAVERSAL",
  at: "ip_rcv",
  packet: "udpDns",
  conntrack,
  ctState: 3,
});

const tells = (ns: number, skb: bigint, id: bigint): MadeEvent => ({
  ns,
  skb,
  kind: "CONNTRACK",
  packet: "tcpSynAck",
  tail: { id, family: 2, original_source: V4(10, 0, 0, 1), reply_source: V4(10, 9, 9, 9) },
});

describe("a connection", () => {
  const [ONE, TWO] = [0x1111_2222_3333_4444n, 0x5555_6666_7777_8888n];
  /** Ids of connections in the order in which they are told and used, with the bytes that events of them have. */
  const told = (bytes: Uint8Array): [kind: string, id: bigint, skb: bigint, length: number][] => {
    const reader = new RecordingReader({ mode: "strict" });
    const all: ReturnType<typeof told> = [];
    for (const batch of [...reader.push(bytes), ...reader.end()])
      for (let i = 0; i < batch.length; i++) {
        const id = batch.tailWide(i, "id") || batch.tailWide(i, "conntrack");
        const kind = batch.tailWide(i, "id") ? "tells" : "uses";
        if (id) all.push([kind, id, batch.wide("skb")[i] ?? 0n, batch.captureLength(i)]);
      }
    return all;
  };

  test("is told of in the slice where a packet that is kept first uses it, without the packet that told of it", () => {
    const made = new MadeRecording().on(
      0,
      tells(100, 1n, ONE),
      pass(101, 1n, ONE),
      pass(110, 2n, ONE),
      pass(120, 2n, ONE),
      pass(130, 2n, TWO),
    );
    const { length: captured } = frame("udpDns");
    expect(told(sliceEvents(made.bytes(), (time) => time >= 110))).toEqual([
      ["tells", ONE, 0n, 0],
      ["uses", ONE, 2n, captured],
      ["uses", ONE, 2n, captured],
      ["uses", TWO, 2n, captured],
    ]);
  });

  test("is told of where the source tells of it later, and again on other CPUs", () => {
    const made = new MadeRecording();
    // Its first event was lost, and the kernel has forgotten it since.
    made.on(0, pass(100, 1n, ONE), tells(110, 2n, ONE), pass(120, 1n, ONE));
    made.on(1, pass(130, 3n, ONE));
    const kinds = told(sliceEvents(made.bytes(), (time) => time !== 110)).map(([kind]) => kind);
    expect(kinds).toEqual(["uses", "tells", "uses", "tells", "uses"]);
  });

  test("does not count as an event that the slice has of the source", () => {
    const made = new MadeRecording().on(0, tells(100, 1n, ONE), pass(110, 2n, ONE));
    const sliced = sliceEvents(made.bytes(), (time) => time === 110);
    expect(reconstruct(sliced).others["meta"]?.[0]).toMatchObject({ missing: 0, closed: 1 });
    expect(told(sliceEvents(sliced, (time) => time === 110))).toEqual(told(sliced));
  });
});
