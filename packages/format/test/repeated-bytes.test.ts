// Bytes that the recorder has not repeated: events have those that were meant, or none.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { EventFlag, EventKind, RecordingReader } from "../src/index.js";
import { at, LogBuilder, sample, START_NS } from "./log-builder.js";

const A = 0xffff_8880_0000_1000n;
const B = 0xffff_8880_0000_1100n;

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** An event with the bytes of the one at `reference`, ns since the start. */
function same(ns: number, skb: bigint, reference: number): Uint8Array {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(Number(BigInt.asUintN(32, START_NS + BigInt(reference))));
  const made = sample(ns, skb, word);
  const view = new DataView(made.buffer);
  view.setUint16(at("capture_length"), 0, true);
  view.setUint16(at("flags"), EventFlag.SAME_BYTES, true);
  return made;
}

function free(ns: number, skb: bigint): Uint8Array {
  const made = sample(ns, skb);
  new DataView(made.buffer).setUint8(at("kind"), EventKind.FREE);
  return made;
}

/** The bytes of each event, in the order of time. @param chunks each on a CPU of its own, with a round behind each */
function captured(...chunks: readonly (readonly Uint8Array[])[]): number[][] {
  const log = new LogBuilder().environment();
  for (const [cpu, records] of chunks.entries()) log.raw(cpu, [...records]);
  const reader = new RecordingReader();
  const found: number[][] = [];
  for (const batch of [...reader.push(log.end().bytes()), ...reader.end()])
    for (let i = 0; i < batch.length; i++) found.push([...batch.captured(i)]);
  return found;
}

describe("an event that refers to an earlier one", () => {
  test("has its bytes", () => {
    expect(captured([sample(10, A, bytes(1, 2, 3)), same(20, A, 10), same(30, A, 10)])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test("has them from another CPU", () => {
    expect(captured([same(20, A, 10)], [sample(10, A, bytes(1, 2))])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test("has none if that one was lost, whatever was seen before", () => {
    expect(captured([sample(10, A, bytes(1)), same(30, A, 20)])).toEqual([[1], []]);
  });

  test("has none if another came between", () => {
    expect(captured([sample(10, A, bytes(1)), sample(20, A, bytes(2)), same(30, A, 10)])).toEqual([
      [1],
      [2],
      [],
    ]);
  });

  test("has none of another skb, nor of the packet that was at its address before", () => {
    expect(captured([sample(10, A, bytes(1)), same(20, B, 10)])).toEqual([[1], []]);
    expect(captured([sample(10, A, bytes(1)), free(20, A), same(30, A, 10)])).toEqual([[1], [], []]);
  });

  test("can be the last thing in a chunk, and be cut", () => {
    const cut = same(20, A, 10);
    // The perf record says that the event ends with its head.
    new DataView(cut.buffer).setUint32(8, cut.length - 12 - 8, true);
    expect(captured([sample(10, A, bytes(1)), cut.subarray(0, cut.length - 8)])[0]).toEqual([1]);
  });
});

test("what a recorder leaves out is there when it is read", () => {
  const skb = fc.constantFrom(A, B);
  const event = fc.record({
    skb,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12, max: 1 }),
    end: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const last = new Map<bigint, { ns: number; text: string }>();
      const records: Uint8Array[] = [];
      const expected: number[][] = [];
      for (const [i, { skb: address, bytes: packet, end }] of events.entries()) {
        const ns = i * 10;
        const text = packet.join();
        const before = last.get(address);
        if (before?.text === text) records.push(same(ns, address, before.ns));
        else {
          records.push(sample(ns, address, packet));
          last.set(address, { ns, text });
        }
        expected.push([...packet]);
        if (!end) continue;
        records.push(free(ns + 1, address));
        expected.push([]);
        last.delete(address);
      }
      expect(captured(records)).toEqual(expected);
    }),
  );
});
