// Which events of a recording a filter lets pass, and what is followed beyond it.
import { Names, Selection, traceEvent } from "@skbtracer/analyzer";
import { RecordingReader } from "@skbtracer/format";
import { expect, test } from "vitest";

import { type MadeEvent, MadeRecording } from "../support/made-recording.js";

const A = 0xffff_8880_0000_1000n;
const B = 0xffff_8880_0000_1100n;
const ALL = new Set(["sight", "drop", "traversal", "clone", "head", "merge", "free"] as const);

/** Numbers of the events that pass a filter for TCP. */
function passing(keep: boolean, ...events: readonly MadeEvent[]): number[] {
  const reader = new RecordingReader();
  const selection = new Selection({ protocol: "tcp" }, ALL, keep);
  const passed: number[] = [];
  const bytes = new MadeRecording().on(0, ...events).bytes();
  let number = 0;
  for (const batch of [...reader.push(bytes), ...reader.end()]) {
    const names = new Names(reader.environment, reader.dictionary);
    for (let i = 0; i < batch.length; i++, number++) {
      const event = traceEvent(batch, i, names);
      if (event && selection.passes(event)) passed.push(number);
    }
  }
  return passed;
}

const first = { first: true } as const;

/** A packet that is TCP at first, and something else from then on: with a copy, its head replaced, and its end. */
const CHANGING: readonly MadeEvent[] = [
  { ns: 10, skb: A, at: "ip_rcv", packet: "tcpSynAck", ...first },
  { ns: 20, skb: A, at: "ip_output", packet: "udpDns" },
  { ns: 30, skb: A, kind: "HEAD" },
  { ns: 40, skb: B, kind: "CLONE", how: "COPY", parent: A, ...first },
  { ns: 50, skb: B, at: "ip_output", packet: "udpDns" },
  { ns: 60, skb: A, kind: "FREE" },
  { ns: 70, skb: A, at: "ip_output", packet: "udpDns", ...first },
];

test("a packet is matched at each function by itself", () => {
  expect(passing(false, ...CHANGING)).toEqual([0, 2, 3, 5]);
});

test("a pass that its packet did not outlive is of the packet that was seen before", () => {
  const dropped: readonly MadeEvent[] = [
    { ns: 10, skb: A, at: "ip_rcv", packet: "tcpSynAck", ...first },
    { ns: 20, skb: A, kind: "TRAVERSAL" },
    { ns: 30, skb: B, at: "ip_rcv", packet: "udpDns", ...first },
    { ns: 40, skb: B, kind: "TRAVERSAL" },
  ];
  expect(passing(false, ...dropped)).toEqual([0, 1]);
});

test("with keep, what matched once passes until its end, and so does what is made from it", () => {
  expect(passing(true, ...CHANGING)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("with keep, another packet at an address whose end was not seen does not pass", () => {
  const events = CHANGING.filter(({ kind }) => kind !== "FREE");
  expect(passing(true, ...events)).toEqual([0, 1, 2, 3, 4]);
});
