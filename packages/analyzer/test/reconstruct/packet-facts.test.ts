// What is said of a packet is what its headers say, also where they are taken to be those of the sight before.
import { readdirSync, readFileSync } from "node:fs";

import { captureOf, type Capture } from "@skbtracer/analyzer";
import { EventKind, RecordingReader } from "@skbtracer/format";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { HeaderPlace } from "../../src/dissect/capture.js";
import type { Packet } from "../../src/dissect/packet-fields.js";
import { packetFacts, type PacketFacts, showsSame } from "../../src/reconstruct/packet-facts.js";
import { arbitraryCapture, received } from "../dissect/captures.js";
import { frame, FRAME_NAMES } from "../dissect/frames.js";

const FIXTURES = new URL("../../../../fixtures/v1/", import.meta.url);

/** The columns, without what is only there to find them again. */
function columns({ id: _id, fingerprint: _fingerprint, ...said }: PacketFacts): object {
  return said;
}

/** Where a capture's headers are, with other memory around it. */
function headersOf({ bytes, network, protocol }: Capture): HeaderPlace {
  const around = 64;
  const memory = new Uint8Array(bytes.length + 2 * around).fill(0xa5);
  memory.set(bytes, around);
  const place = network < 0 || network > bytes.length ? -1 : around + network;
  return { view: new DataView(memory.buffer), network: place, end: around + bytes.length, protocol };
}

/** As following an skb does it. */
function facts(capture: Capture, before?: PacketFacts, wanted?: (packet: Packet) => boolean): PacketFacts {
  const headers = headersOf(capture);
  return before && showsSame(headers, before) ? before : packetFacts(capture, headers, wanted, 1);
}

const isDns = ({ destinationPort }: { destinationPort?: number | undefined }): boolean =>
  destinationPort === 53;

/** Says of the second capture what was said of the first if it may, and compares. */
function expectSame(first: Capture, second: Capture): void {
  const reused = facts(second, facts(first));
  expect(columns(reused)).toEqual(columns(facts(second)));
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
      const now = facts(capture, before);
      expect(columns(now)).toEqual(columns(facts(capture)));
      if (now === before) reuses++;
      before = now;
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
  const before = facts(received(bytes));
  const moved = Uint8Array.from([...new Uint8Array(20), ...bytes]);
  const later: Capture = { bytes: moved, mac: -1, network: 34, transport: 54, data: 34, protocol: 0x0800 };
  expect(facts(later, before)).toBe(before);
});

test("what is kept of a packet holds no part of the recording", () => {
  const kept = facts(received(frame("udpDns")));
  expect(kept.fingerprint?.buffer.byteLength).toBeLessThan(200);
  expect(Object.values(kept).some((value) => value instanceof Uint8Array)).toBe(false);
});

test("whether it is wanted is said of the packet that it is", () => {
  const dns = facts(received(frame("udpDns")), undefined, isDns);
  const tcp = facts(received(frame("tcpSynAck")), dns, isDns);
  expect([dns.matches, tcp.matches]).toEqual([true, false]);
});
