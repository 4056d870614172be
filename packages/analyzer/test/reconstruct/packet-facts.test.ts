// What is said of a packet is what its headers say, also where they are taken to be those of the sight before.
import { readdirSync, readFileSync } from "node:fs";

import { captureOf, type Capture } from "@skbtracer/analyzer";
import { EventKind, RecordingReader } from "@skbtracer/format";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { packetFacts, type PacketFacts } from "../../src/reconstruct/packet-facts.js";
import { arbitraryCapture, received } from "../dissect/captures.js";
import { frame, FRAME_NAMES } from "../dissect/frames.js";

const all = undefined;
const FIXTURES = new URL("../../../../fixtures/v1/", import.meta.url);

/** The columns, without what is only there to find them again. */
function columns({ id: _id, fingerprint: _fingerprint, ...facts }: PacketFacts): object {
  return facts;
}
const fresh = (capture: Capture): PacketFacts => packetFacts(capture, undefined, all, () => 0);

const isDns = ({ destinationPort }: { destinationPort?: number | undefined }): boolean =>
  destinationPort === 53;

/** Says of the second capture what was said of the first if it may, and compares. */
function expectSame(first: Capture, second: Capture): void {
  const reused = packetFacts(second, fresh(first), all, () => 1);
  expect(columns(reused)).toEqual(columns(fresh(second)));
}

test("of each event of the fixtures, whichever event came before", () => {
  let reuses = 0;
  for (const name of readdirSync(FIXTURES).filter((file) => file.endsWith(".skbt"))) {
    const captures: Capture[] = [];
    const reader = new RecordingReader();
    for (const batches of [reader.push(readFileSync(new URL(name, FIXTURES))), reader.end()])
      for (const batch of batches)
        for (let i = 0; i < batch.length; i++) {
          const kind = batch.narrow("kind")[i];
          if (kind !== EventKind.CLONE && kind !== EventKind.FREE) captures.push(captureOf(batch, i));
        }
    let before: PacketFacts | undefined;
    for (const capture of captures) {
      const facts = packetFacts(capture, before, all, () => 0);
      expect(columns(facts)).toEqual(columns(fresh(capture)));
      if (facts === before) reuses++;
      before = facts;
    }
  }
  // Or nothing would be tested
  expect(reuses).toBeGreaterThan(500);
});

test("of every frame, behind every other", () => {
  const captures = FRAME_NAMES.map((name) => received(frame(name)));
  for (const first of captures) for (const second of captures) expectSame(first, second);
});

test("of every frame, with any byte changed", () => {
  for (const name of FRAME_NAMES) {
    const bytes = frame(name);
    const first = received(bytes);
    for (let at = 12; at < bytes.length; at++)
      for (const flip of [1, 0x80, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expectSame(first, { ...first, bytes: changed });
      }
  }
});

test("of every frame, cut anywhere", () => {
  for (const name of FRAME_NAMES) {
    const bytes = frame(name);
    const first = received(bytes);
    for (let length = 14; length < bytes.length; length++)
      expectSame(first, { ...first, bytes: bytes.subarray(0, length) });
  }
});

test("of any capture, behind any frame", () => {
  fc.assert(
    fc.property(fc.constantFrom(...FRAME_NAMES), arbitraryCapture, (name, capture) =>
      expectSame(received(frame(name)), capture),
    ),
    { numRuns: 2000 },
  );
});

test("of the same packet with its headers elsewhere in the skb, nothing is dissected again", () => {
  const bytes = frame("tcpSynAck");
  const facts = fresh(received(bytes));
  const moved = Uint8Array.from([...new Uint8Array(20), ...bytes]);
  const later: Capture = { bytes: moved, mac: -1, network: 34, transport: 54, data: 34, protocol: 0x0800 };
  expect(packetFacts(later, facts, all, () => 1)).toBe(facts);
});

test("what is kept of a packet holds no part of the recording", () => {
  const facts = fresh(received(frame("udpDns")));
  expect(facts.fingerprint?.buffer.byteLength).toBeLessThan(200);
  expect(Object.values(facts).some((value) => value instanceof Uint8Array)).toBe(false);
});

test("whether it is wanted is said of the packet that it is", () => {
  const dns = packetFacts(received(frame("udpDns")), undefined, isDns, () => 1);
  const tcp = packetFacts(received(frame("tcpSynAck")), dns, isDns, () => 2);
  expect([dns.matches, tcp.matches]).toEqual([true, false]);
});
