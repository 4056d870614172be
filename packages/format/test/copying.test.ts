// Copies of recordings: whole themselves, and as damaged as their source where answers are concerned.
import { describe, expect, test } from "vitest";

import {
  type Chunk,
  ChunkScanner,
  ChunkType,
  encodeLeftOut,
  encodeLostRecord,
  encodeSample,
  HeadReader,
  LogWriter,
  PERF_RECORD_SAMPLE,
  perfRecords,
  type ReadMode,
  RecordingCopier,
  RecordingReader,
  soundRecords,
} from "../src/index.js";
import { EVENT_LAYOUT } from "../src/index.js";
import { LogBuilder, lostRecord, sample, START_NS } from "./log-builder.js";

function copy(bytes: Uint8Array, mode: ReadMode = "salvage"): Uint8Array {
  const spans: Uint8Array[] = [];
  const copier = new RecordingCopier({
    mode,
    uuid: () => new Uint8Array(16).fill(3),
    write: (more) => spans.push(...more.map((span) => Uint8Array.from(span))),
    copy: ({ header, payload }: Chunk, log, { layout }) => {
      if (header.type !== ChunkType.RAW || !layout) log.copy({ header, payload, offset: 0, bytes: payload });
      else {
        const records = [...soundRecords(payload, new HeadReader(layout))];
        log.raw(
          records.map((record) => record.bytes),
          records.filter(({ type }) => type === PERF_RECORD_SAMPLE).length,
          header,
        );
      }
    },
  });
  for (const _ of copier.source.push(bytes));
  for (const _ of copier.source.end());
  copier.end();
  return Buffer.concat(spans);
}

function read(bytes: Uint8Array, mode: ReadMode = "strict"): RecordingReader {
  const reader = new RecordingReader({ mode });
  for (const _ of [...reader.push(bytes), ...reader.end()]);
  return reader;
}

const log = (): LogBuilder => new LogBuilder().environment();

describe("a copy", () => {
  test("of a whole recording has its events, losses and end", () => {
    const bytes = log()
      .raw(0, [sample(10, 1n), lostRecord(4), sample(20, 1n)], 4)
      .round(50)
      .end(6, 4)
      .bytes();
    const [before, after] = [read(bytes), read(copy(bytes))];
    expect(after.events).toBe(2);
    expect(after.losses()).toEqual(before.losses());
    expect(after.ended).toEqual(before.ended);
    expect(after.gaps).toEqual([]);
    expect(after.startNs).toBe(before.startNs);
  });

  test.each<[what: string, damage: (bytes: Uint8Array) => Uint8Array]>([
    ["a payload that is damaged", (bytes) => bytes.with(bytes.length - 300, 99)],
    ["a torn end", (bytes) => bytes.subarray(0, -150)],
    ["zeros", (bytes) => Uint8Array.from(bytes, (byte, i) => (i > 3000 && i < 3300 ? 0 : byte))],
  ])("with %s is whole, and has a gap there", (_, damage) => {
    const builder = log();
    for (let i = 0; i < 8; i++) builder.raw(0, [sample(10 * i, 1n), sample(10 * i + 1, 2n)]).round(10 * i);
    const damaged = damage(Uint8Array.from(builder.end(16).bytes()));
    const before = read(damaged, "salvage");
    const after = read(copy(damaged));
    expect(before.damage.length).toBeGreaterThan(0);
    expect(after.events).toBe(before.events);
    expect(after.damage).toEqual([]);
    expect(after.gaps.slice(0, before.damage.length)).toEqual(before.damage);
    expect(after.ended).toBeDefined();
    expect(after.damagedPlaces).toBeGreaterThanOrEqual(before.damagedPlaces);
  });

  test("leaves out records that contradict the layout, and what is not the JSON that it should be", () => {
    const wrong = sample(30, 1n);
    new DataView(wrong.buffer).setUint16(12 + captureLengthAt, 9999, true);
    const bytes = log().raw(0, [sample(10, 1n), wrong, sample(20, 1n)]);
    bytes.add(bytes.encoder.chunk(ChunkType.DICTIONARY, [Buffer.from("{")]));
    const after = read(copy(bytes.end(3).bytes()));
    expect(after.events).toBe(2);
    expect(after.gaps.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/contradict/),
      expect.stringMatching(/not JSON/),
    ]);
  });

  test("of a copy keeps its gaps", () => {
    const once = copy(
      log()
        .raw(0, [sample(10, 1n)])
        .bytes(),
    );
    expect(read(once).gaps).toHaveLength(1);
    expect(read(copy(once)).gaps).toEqual(read(once).gaps);
  });
});

const captureLengthAt = EVENT_LAYOUT.head.fields.find(({ name }) => name === "capture_length")?.offset ?? 0;

const leftOut = (ns: number): Uint8Array => encodeLeftOut(START_NS + BigInt(ns));

const lossOf = (...records: Uint8Array[]): unknown =>
  read(log().raw(0, records).end().bytes())
    .losses()
    .map(({ afterNs, beforeNs, count }) => [afterNs, beforeNs, count]);

const countedLosses = (...records: Uint8Array[]): unknown =>
  read(log().raw(0, records, 7).end(0, 0, 90).bytes())
    .losses()
    .map(({ afterNs, beforeNs, count }) => [afterNs, beforeNs, count]);

describe("events that a slice left out", () => {
  test("say when others were lost, as they would have themselves", () => {
    const whole = lossOf(sample(10, 1n), sample(20, 2n), lostRecord(5), sample(30, 2n), sample(40, 1n));
    expect(whole).toEqual([[20, 30, 5]]);
    expect(lossOf(sample(10, 1n), leftOut(20), lostRecord(5), leftOut(30), sample(40, 1n))).toEqual(whole);
    expect(lossOf(sample(10, 1n), leftOut(20), lostRecord(5), sample(30, 1n))).toEqual(whole);
    expect(lossOf(leftOut(20), lostRecord(5), leftOut(30))).toEqual(whole);
  });

  test("say it also of losses that only the counters know", () => {
    expect(countedLosses(sample(10, 1n), leftOut(60))).toEqual([[60, 90, 7]]);
    expect(countedLosses(sample(10, 1n))).toEqual([[10, 90, 7]]);
  });

  test("are no events", () => {
    const reader = read(
      log()
        .raw(0, [leftOut(20), sample(30, 1n), leftOut(40)])
        .end(1)
        .bytes(),
    );
    expect({ events: reader.events, first: reader.firstNs, last: reader.lastNs }).toEqual({
      events: 1,
      first: 30,
      last: 30,
    });
  });
});

describe("records", () => {
  test("are written as the kernel does", () => {
    expect(Buffer.from(encodeLostRecord(4)).equals(lostRecord(4))).toBe(true);
    const event = sample(10, 1n, Buffer.from("packet"));
    const [record] = perfRecords(encodeSample(event.subarray(12)));
    expect(record?.bytes).toEqual(event);
  });

  test("of a ring that was full fit into one chunk", () => {
    const spans: Uint8Array[] = [];
    const source = read(log().end().bytes());
    const writer = new LogWriter(source, new Uint8Array(16), (more) => spans.push(...more));
    writer.raw(
      Array.from({ length: 300_000 }, () => lostRecord(1)),
      0,
      { cpu: 0 },
    );
    const [chunk] = new ChunkScanner("strict").push(Buffer.concat(spans));
    expect(chunk?.payload.length).toBe(300_000 * 24);
  });
});
