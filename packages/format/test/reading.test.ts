// Reading a log: order, names, losses, and what is done about what is not understood.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  ChunkType,
  crcOf,
  EVENT_LAYOUT,
  type EventLayout,
  NewerFormatError,
  NotARecordingError,
  type ReaderOptions,
  RecordingReader,
} from "../src/index.js";
import { LogBuilder, lostRecord, sample } from "./log-builder.js";

/** What a reader gives, with the batches as they came. */
function readAll(bytes: Uint8Array, pieces: number = bytes.length, options: ReaderOptions = {}) {
  const reader = new RecordingReader(options);
  const events: { ns: number; cpu: number; skb: bigint }[] = [];
  const take = (batches: Iterable<import("../src/index.js").EventBatch>): void => {
    for (const batch of batches)
      for (let i = 0; i < batch.length; i++)
        events.push({ ns: batch.times[i] ?? 0, cpu: batch.cpu(i), skb: batch.wide("skb")[i] ?? 0n });
  };
  for (let at = 0; at < bytes.length; at += pieces) take(reader.push(bytes.slice(at, at + pieces)));
  take(reader.end());
  return { reader, events };
}

const skbs = (events: readonly { skb: bigint }[]): number[] => events.map(({ skb }) => Number(skb));

describe("order", () => {
  test("events of several CPUs come by time, at equal times by CPU, then by place in the file", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(1, [sample(10, 3n), sample(30, 6n)])
      .raw(0, [sample(5, 1n), sample(10, 2n), sample(20, 5n)])
      .raw(1, [sample(30, 7n)])
      .raw(2, [sample(15, 4n)])
      .end(7)
      .bytes();
    expect(skbs(readAll(bytes).events)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("an interrupt's event that was written before that of what it interrupted is put behind it", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(0, [sample(20, 2n), sample(10, 1n), sample(30, 3n)])
      .end(3)
      .bytes();
    const { reader, events } = readAll(bytes);
    expect(skbs(events)).toEqual([1, 2, 3]);
    expect(reader.late).toBe(0);
  });

  test("events are held until a round says that no earlier ones will come", () => {
    const reader = new RecordingReader();
    const first = new LogBuilder()
      .environment()
      .raw(0, [sample(10, 1n), sample(90, 2n)])
      .round(50);
    const released = [...reader.push(first.bytes())].flatMap((batch) => [...batch.times]);
    expect(released).toEqual([10]);
    expect([...reader.end()].flatMap((batch) => [...batch.times])).toEqual([90]);
  });

  test("an event that comes after later ones were released is given, and counted as late", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(0, [sample(40, 1n)])
      .round(50)
      .raw(1, [sample(20, 2n)])
      .end(2)
      .bytes();
    const { reader, events } = readAll(bytes);
    expect(skbs(events)).toEqual([1, 2]);
    expect(reader.late).toBe(1);
  });

  test("without rounds no more is held than the window allows", () => {
    const log = new LogBuilder().environment();
    for (let i = 0; i < 100; i++) log.raw(0, [sample(i, BigInt(i))]);
    const reader = new RecordingReader({ windowBytes: 1000 });
    const early = [...reader.push(log.bytes())].reduce((sum, batch) => sum + batch.length, 0);
    expect(early).toBeGreaterThan(80);
    expect([...reader.end()].reduce((sum, batch) => sum + batch.length, early)).toBe(100);
  });

  test("pieces of any size give the same events as the whole", () => {
    const event = fc.record({ cpu: fc.nat(3), ns: fc.nat(1000) });
    fc.assert(
      fc.property(
        fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        (rounds, pieces) => {
          const log = new LogBuilder().environment();
          let id = 0n;
          rounds.forEach((round, i) => {
            for (const { cpu, ns } of round) log.raw(cpu, [sample(i * 1000 + ns, id++)]);
            log.round((i + 1) * 1000);
          });
          const bytes = log.end(Number(id)).bytes();
          const whole = readAll(bytes);
          const inPieces = readAll(bytes, pieces);
          expect(inPieces.events).toEqual(whole.events);
          expect(whole.events.length).toBe(Number(id));
          expect(whole.events.map(({ ns }) => ns)).toEqual(
            whole.events.map(({ ns }) => ns).toSorted((a, b) => a - b),
          );
          expect(inPieces.reader.damage).toEqual([]);
        },
      ),
    );
  });
});

describe("losses", () => {
  test("what the stream and the counter both tell is counted once, between the events around it", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(0, [sample(10, 1n), lostRecord(5), sample(20, 2n)], 5)
      .end(7, 5)
      .bytes();
    const { reader } = readAll(bytes);
    expect(reader.lost).toBe(5);
    expect(reader.losses()).toEqual([{ cpu: 0, afterNs: 10, beforeNs: 20, count: 5 }]);
  });

  test("a loss after which no event came is known from the counter, and ends with the recording", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(1, [sample(10, 1n)], 0)
      .lost(1, 3)
      .end(4, 3, 99)
      .bytes();
    const { reader } = readAll(bytes);
    expect(reader.lost).toBe(3);
    expect(reader.losses()).toEqual([{ cpu: 1, afterNs: 10, beforeNs: 99, count: 3 }]);
  });

  test("a loss is followed over the border of two chunks", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(0, [sample(10, 1n), lostRecord(2)], 2)
      .raw(0, [sample(30, 2n)], 2)
      .end(4, 2)
      .bytes();
    expect(readAll(bytes).reader.losses()).toEqual([{ cpu: 0, afterNs: 10, beforeNs: 30, count: 2 }]);
  });

  test("CPUs are accounted for by themselves", () => {
    const bytes = new LogBuilder()
      .environment()
      .raw(0, [lostRecord(1), sample(10, 1n)], 1)
      .lost(1, 4)
      .end(6, 5)
      .bytes();
    expect(readAll(bytes).reader.lost).toBe(5);
  });
});

describe("what is not understood", () => {
  test("an optional chunk of an unknown type is skipped", () => {
    const bytes = new LogBuilder()
      .environment()
      .json(0xf00d, {})
      .raw(0, [sample(1, 1n)])
      .end(1)
      .bytes();
    expect(skbs(readAll(bytes).events)).toEqual([1]);
  });

  test("another chunk of an unknown type is a newer version's", () => {
    const bytes = new LogBuilder().environment().json(0x0777, {}).bytes();
    expect(() => readAll(bytes)).toThrow(NewerFormatError);
  });

  test("a newer major version, or an incompatible feature, is refused by name", () => {
    for (const [at, value] of [
      [8, 2],
      [20, 1],
    ] as const) {
      const bytes = Buffer.from(new LogBuilder().environment().bytes());
      bytes.writeUInt16LE(value, at);
      bytes.writeUInt32LE(crcOf(bytes.subarray(0, 60)), 60);
      expect(() => readAll(bytes)).toThrow(NewerFormatError);
    }
  });

  test("a newer minor version is read", () => {
    const bytes = Buffer.from(
      new LogBuilder()
        .environment()
        .raw(0, [sample(1, 1n)])
        .end(1)
        .bytes(),
    );
    bytes.writeUInt16LE(9, 10);
    bytes.writeUInt32LE(crcOf(bytes.subarray(0, 60)), 60);
    expect(skbs(readAll(bytes).events)).toEqual([1]);
  });

  test("no bytes and other files are not recordings", () => {
    for (const bytes of [new Uint8Array(0), Buffer.from("SQLite format 3\0".padEnd(100)), Buffer.alloc(500)])
      expect(() => readAll(bytes)).toThrow(NotARecordingError);
  });
});

describe("the layout of events", () => {
  const moved: EventLayout = {
    head: {
      size: EVENT_LAYOUT.head.size,
      fields: EVENT_LAYOUT.head.fields.map((field) =>
        field.name === "skb"
          ? { ...field, offset: 0 }
          : field.name === "time_ns"
            ? { ...field, offset: 8 }
            : field,
      ),
    },
    kinds: EVENT_LAYOUT.kinds,
  };

  test("is the file's own", () => {
    // With time and skb in each other's place.
    const record = sample(5, 0n);
    const view = new DataView(record.buffer);
    const time = view.getBigUint64(12, true);
    view.setBigUint64(12, 77n, true);
    view.setBigUint64(20, time, true);
    const { events } = readAll(new LogBuilder(moved).environment(moved).raw(0, [record]).end(1).bytes());
    expect(events).toEqual([{ ns: 5, cpu: 0, skb: 77n }]);
  });

  test("is known from the file header if the environment is damaged", () => {
    const bytes = Buffer.from(
      new LogBuilder()
        .environment()
        .raw(0, [sample(5, 9n)])
        .end(1)
        .bytes(),
    );
    bytes[64 + 64 + 10] = 0xff; // in the environment's JSON
    const { reader, events } = readAll(bytes);
    expect(events).toEqual([{ ns: 5, cpu: 0, skb: 9n }]);
    expect(reader.environment).toBeUndefined();
    expect(reader.damage).toMatchObject([{ offset: 64, reason: "payload checksum" }]);
  });

  test("that would read outside of an event is refused", () => {
    const wrong = { ...moved, head: { ...moved.head, size: 8 } };
    expect(() => readAll(new LogBuilder(wrong).environment(wrong).bytes())).toThrow(/event layout/);
  });

  test("an event that contradicts it is left out and reported", () => {
    const record = sample(5, 9n);
    record[12 + 62] = 200; // no such kind
    const { reader, events } = readAll(
      new LogBuilder()
        .environment()
        .raw(0, [record, sample(6, 1n)])
        .end(2)
        .bytes(),
    );
    expect(skbs(events)).toEqual([1]);
    expect(reader.damage).toMatchObject([
      { length: 0, reason: "1 event(s) that contradict the recording's layout" },
    ]);
  });
});

test("hostile lengths allocate nothing", () => {
  const bytes = Buffer.from(
    new LogBuilder()
      .environment()
      .raw(0, [sample(1, 1n)])
      .bytes(),
  );
  const at = bytes.length - 64 - sample(1, 1n).length - 8;
  bytes.writeBigUInt64LE(0x7000_0000n, at + 24);
  bytes.writeUInt32LE(crcOf(bytes.subarray(at, at + 60)), at + 60);
  const before = process.memoryUsage().arrayBuffers;
  const { reader } = readAll(bytes);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  expect(reader.damage).toMatchObject([{ offset: at, reason: "the file ends inside a chunk" }]);
});

test("damage that is no chunk at all ends reading, but for salvage, which goes on behind it", () => {
  const log = new LogBuilder().environment().raw(0, [sample(1, 1n)]);
  const garbage = Buffer.alloc(123, 0x5a);
  log
    .add([garbage])
    .raw(0, [sample(2, 2n)])
    .end(2);
  const bytes = log.bytes();
  expect(skbs(readAll(bytes).events)).toEqual([1]);
  const salvaged = readAll(bytes, 50, { mode: "salvage" });
  expect(skbs(salvaged.events)).toEqual([1, 2]);
  expect(salvaged.reader.damage).toMatchObject([{ length: 123 }]);
  expect(() => readAll(bytes, 50, { mode: "strict" })).toThrow(/damaged at byte/);
});

test("chunk types have the optional bit or not, as the format says", () => {
  expect(ChunkType.CLOCK & 0x8000).toBe(0x8000);
  expect(ChunkType.RAW & 0x8000).toBe(0);
});
