// Real recordings, cut and damaged in every way that can be drawn: what is read was recorded, and the rest is reported.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import {
  ChunkScanner,
  ChunkType,
  type EventBatch,
  FormatError,
  type ReadMode,
  RecordingReader,
} from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { reconstruct } from "../packages/analyzer/test/support/made-recording.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/v1/", import.meta.url));
const MODES: readonly ReadMode[] = ["strict", "tolerate-tail", "salvage"];

/** Every event as one text of its time, CPU and bytes; undefined if the file was refused with a typed error. */
function read(bytes: Uint8Array, mode: ReadMode): { events: string[]; reader: RecordingReader } | undefined {
  const reader = new RecordingReader({ mode });
  const events: string[] = [];
  const take = (batch: EventBatch): void => {
    for (let i = 0; i < batch.length; i++) {
      const skb = batch.wide("skb")[i] ?? 0n;
      const packet = Buffer.from(batch.captured(i)).toString("base64");
      // Absolute: where the file header is damaged, times count from another zero.
      const time = reader.startNs + BigInt(batch.times[i] ?? 0);
      events.push(`${time} ${batch.cpu(i)} ${skb} ${packet}`);
    }
  };
  try {
    for (const batch of reader.push(bytes)) take(batch);
    for (const batch of reader.end()) take(batch);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  return { events, reader };
}

/** Numbers that look random and are the same in every run. */
function* draws(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

/** Whether every one of `some` is in `all`, as often. */
function isContained(some: readonly string[], all: ReadonlyMap<string, number>): boolean {
  const left = new Map(all);
  return some.every((event) => {
    const count = left.get(event) ?? 0;
    left.set(event, count - 1);
    return count > 0;
  });
}

const names = readdirSync(FIXTURES).filter((name) => /^veth.*\.skbt$/.test(name));

describe.each(names)("%s", (name) => {
  const file = readFileSync(`${FIXTURES}${name}`);
  const whole = read(file, "strict");
  const recorded = new Map<string, number>();
  for (const event of whole?.events ?? []) recorded.set(event, (recorded.get(event) ?? 0) + 1);
  const scanner = new ChunkScanner();
  const boundaries = new Set([...scanner.push(file)].map(({ offset }) => offset));

  test("with a chunk of names damaged, paths that are called complete are told as if it were whole", () => {
    const texts = (bytes: Uint8Array): string[] =>
      reconstruct(bytes, {}, bytes.length, "salvage").paths.flatMap(({ complete, ...path }) =>
        complete
          ? [JSON.stringify(path, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value))]
          : [],
      );
    const all = new Set(texts(file));
    let incomplete = 0;
    for (const { offset, header } of new ChunkScanner().push(file)) {
      if (header.type !== ChunkType.DICTIONARY) continue;
      const damaged = Uint8Array.from(file);
      damaged[offset + 80] = (damaged[offset + 80] ?? 0) ^ 1;
      const left = texts(damaged);
      incomplete += all.size - left.length;
      expect(left.filter((path) => !all.has(path))).toEqual([]);
    }
    expect(incomplete).toBeGreaterThan(0);
  });

  test("is whole", () => {
    expect(whole?.reader.damage).toEqual([]);
    expect(whole?.reader.ended).toBeDefined();
  });

  test("cut anywhere, it reads up to there and says that it was not closed", () => {
    for (let length = 0; length < file.length; length += 311) {
      const cut = read(file.subarray(0, length), "tolerate-tail");
      if (length < 64) {
        expect(cut).toBeUndefined();
        continue;
      }
      expect(cut && isContained(cut.events, recorded), `cut at ${length}`).toBe(true);
      expect(cut?.reader.ended).toBeUndefined();
      expect((cut?.reader.damage.length ?? 0) > 0, `cut at ${length}`).toBe(!boundaries.has(length));
    }
  });

  test.each(MODES)("with a bit flipped anywhere, nothing is read that was not recorded (%s)", (mode) => {
    const draw = draws(name.length);
    for (let run = 0; run < 120; run++) {
      const at = (draw.next().value ?? 0) % (file.length * 8);
      const damaged = Buffer.from(file);
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7));
      const result = read(damaged, mode);
      if (!result) continue;
      expect(isContained(result.events, recorded), `bit ${at}`).toBe(true);
      // Every byte is covered by a checksum or checked: no flip goes unnoticed.
      expect(result.reader.damage.length, `bit ${at}`).toBeGreaterThan(0);
    }
  });
});
