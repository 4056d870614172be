// What cutting a capture, and arbitrary bytes, do to the dissection.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Capture } from "../../src/dissect/capture.js";
import { packetInfo } from "../../src/dissect/packet-info.js";
import { dissect } from "../../src/dissect/packet.js";
import { arbitraryCapture, arbitraryNetworkCapture, plain, received } from "./captures.js";
import { FRAME_NAMES, frame } from "./frames.js";
import type { FrameName } from "./frames.js";

const BOOKKEEPING = new Set(["truncated", "etherType", "vlanIds"]);

function cut(capture: Capture, length: number): Capture {
  return { ...capture, bytes: capture.bytes.subarray(0, length) };
}

// Every value of the shorter capture's packet, nested ones too, is in the longer one's.
function expectPart(shorter: Record<string, unknown>, longer: Record<string, unknown>, where: string): void {
  for (const [key, value] of Object.entries(shorter)) {
    if (BOOKKEEPING.has(key) || value === undefined || value === -1) continue;
    const other = longer[key];
    if (typeof value === "object" && value !== null && typeof other === "object" && other !== null) {
      expectPart(value as Record<string, unknown>, other as Record<string, unknown>, `${where}.${key}`);
    } else {
      expect(other, `${where}.${key}`).toEqual(value);
    }
  }
}

function expectMonotone(capture: Capture): void {
  let shorter = plain(dissect(cut(capture, 0)));
  for (let length = 1; length <= capture.bytes.length; length++) {
    const longer = plain(dissect(cut(capture, length)));
    expectPart(shorter, longer, `${length} bytes`);
    // A quote's own header may still be cut: ICMP need not quote more than 8 bytes of layer 4.
    if (shorter["truncated"] === false) {
      expect({ ...longer, quoted: 0 }, `${length} bytes`).toEqual({ ...shorter, quoted: 0 });
    }
    shorter = longer;
  }
}

// Where the last header of a frame ends; of an ICMP error, the quote's 8 bytes of layer 4.
const HEADERS_END: Readonly<Record<FrameName, number>> = {
  tcpSynAck: 74,
  tcpAckPsh: 66,
  tcpNoFlags: 54,
  tcpAllFlags: 54,
  udpDns: 42,
  udpIpOptions: 46,
  icmpRequest: 42,
  icmpReply: 42,
  icmpPortUnreachable: 70,
  icmpTimeExceeded: 70,
  icmpTimestamp: 42,
  arpRequest: 42,
  arpReply: 42,
  vlanUdp: 46,
  qinqTcp: 62,
  vlanArp: 46,
  ipv4FirstFragment: 42,
  ipv4LastFragment: 34,
  tcp6Syn: 74,
  ipv6HopFragmentUdp: 78,
  ipv6LastFragment: 62,
  ipv6AllExtensions: 138,
  ipv6SixExtensions: 110,
  ipv6SevenExtensions: 102,
  neighbourSolicitation: 62,
  icmp6Request: 62,
  icmp6Reply: 62,
  icmp6TooBig: 110,
  mldReport: 70,
  sctpInit: 46,
  greKey: 42,
  ospfHello: 34,
  // Not looked into: one byte of it is enough.
  lldp: 15,
};

describe("a cut capture", () => {
  it.each(FRAME_NAMES)("%s: is truncated exactly until its last header ends", (name) => {
    const capture = received(frame(name));
    for (let length = 0; length <= capture.bytes.length; length++) {
      expect(dissect(cut(capture, length)).truncated, `${length} bytes`).toBe(length < HEADERS_END[name]);
    }
  });

  it("may be truncated when layer 3 is not where it should be, if a place for it was not captured", () => {
    const capture = { ...received(new Uint8Array(64)), protocol: 0x0800 };
    expect(dissect(capture).truncated).toBe(false);
    expect(dissect({ ...capture, network: 64 }).truncated).toBe(true);
    expect(dissect({ ...capture, data: 64 }).truncated).toBe(true);
    expect(dissect({ ...capture, mac: 50 }).truncated).toBe(true);
    expect(dissect({ ...capture, mac: -1, network: -1, data: -1 }).truncated).toBe(false);
  });

  it.each(FRAME_NAMES)("%s: loses fields and changes none", (name) => {
    // Cutting the type field too: the kernel has skb->protocol all the same.
    expectMonotone(received(frame(name)));
  });

  it("loses fields and changes none, whatever the bytes", () => {
    fc.assert(fc.property(arbitraryNetworkCapture, expectMonotone), { numRuns: 200 });
  });
});

describe("arbitrary captures", () => {
  it("never throw, and print as ASCII without spaces", () => {
    fc.assert(
      fc.property(arbitraryCapture, (capture) => {
        expect(packetInfo(dissect(capture))).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 3000 },
    );
  });

  it("are read within their bytes only", () => {
    fc.assert(
      fc.property(arbitraryCapture, fc.integer({ min: 0, max: 255 }), (capture, filler) => {
        const { bytes } = capture;
        const memory = new Uint8Array(bytes.length + 512).fill(filler);
        memory.set(bytes, 256);
        const inside = { ...capture, bytes: memory.subarray(256, 256 + bytes.length) };
        expect(plain(dissect(inside))).toEqual(plain(dissect(capture)));
      }),
      { numRuns: 2000 },
    );
  });

  it("are not changed", () => {
    fc.assert(
      fc.property(arbitraryCapture, (capture) => {
        const before = capture.bytes.slice();
        plain(dissect(capture));
        expect(capture.bytes).toEqual(before);
      }),
    );
  });
});
