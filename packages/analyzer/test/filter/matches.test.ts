import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { dissect } from "../../src/dissect/packet.js";
import { matches, packetMatcher } from "../../src/filter/matches.js";
import type { PacketFilter } from "../../src/filter/packet-filter.js";
import { arbitraryCapture, packetOf, received } from "../dissect/captures.js";
import { FRAME_NAMES, frame } from "../dissect/frames.js";
import type { FrameName } from "../dissect/frames.js";

const ORIGIN = { pid: 100, netns: 4026531840 };

function matching(filter: PacketFilter): FrameName[] {
  return FRAME_NAMES.filter((name) => matches(filter, packetOf(name), ORIGIN));
}

describe("matches", () => {
  it("passes every packet without a filter, or for any protocol", () => {
    expect(matching({})).toEqual(FRAME_NAMES);
    expect(matching({ protocol: "any" })).toEqual(FRAME_NAMES);
  });

  it("compares the address with either end", () => {
    const packet = packetOf("tcpSynAck");
    expect(matches({ address: "10.0.1.10" }, packet, ORIGIN)).toBe(true);
    expect(matches({ address: "10.0.4.15" }, packet, ORIGIN)).toBe(true);
    expect(matches({ address: "10.0.1.11" }, packet, ORIGIN)).toBe(false);
    expect(matches({ address: "2001:db8:1::a" }, packetOf("tcp6Syn"), ORIGIN)).toBe(true);
    expect(matches({ address: "2001:db8:4::f" }, packetOf("tcp6Syn"), ORIGIN)).toBe(true);
    expect(matches({ address: "2001:db8:4::e" }, packetOf("tcp6Syn"), ORIGIN)).toBe(false);
  });

  it("does not match an address that straddles source and destination", () => {
    expect(matches({ address: "1.10.10.0" }, packetOf("tcpSynAck"), ORIGIN)).toBe(false);
  });

  it("does not take the bytes of one family for the other's", () => {
    expect(matching({ address: "32.1.13.184" })).toEqual([]);
    expect(matching({ address: "a00:10a:a00:40f::" })).toEqual([]);
  });

  it("compares the address with ARP's sender and target", () => {
    expect(matching({ address: "10.0.0.2" })).toEqual(["arpRequest", "arpReply", "vlanArp"]);
    expect(matches({ address: "::" }, packetOf("arpRequest"), ORIGIN)).toBe(false);
    const capture = received(frame("arpReply"));
    const cut = dissect({ ...capture, bytes: capture.bytes.subarray(0, 41) });
    expect(matches({ address: "10.0.0.2" }, cut, ORIGIN)).toBe(false);
  });

  it("compares the address with neither what an ICMP error quotes nor what GRE carries", () => {
    expect(matching({ address: "192.168.0.1" })).toEqual([]);
    expect(matches({ address: "10.0.4.15" }, packetOf("icmpTimeExceeded"), ORIGIN)).toBe(false);
  });

  it("compares the port with either end, of TCP, UDP and SCTP", () => {
    expect(matching({ port: 22 })).toEqual(["tcpSynAck", "tcpAckPsh"]);
    expect(matching({ port: 55343 })).toEqual(["tcpSynAck", "tcpAckPsh"]);
    expect(matching({ port: 38412 })).toEqual(["sctpInit"]);
    expect(matching({ port: 5001 })).toEqual([
      "ipv4FirstFragment",
      "ipv6HopFragmentUdp",
      "ipv6SixExtensions",
    ]);
  });

  it("takes no later fragment's payload for ports", () => {
    expect(matching({ port: 53 })).toEqual(["udpDns", "udpIpOptions", "vlanUdp"]);
    expect(matches({ protocol: "udp" }, packetOf("ipv4LastFragment"), ORIGIN)).toBe(true);
    expect(matches({ protocol: "udp" }, packetOf("ipv6LastFragment"), ORIGIN)).toBe(true);
  });

  it("compares the protocol, ICMPv6 being ICMP", () => {
    expect(matching({ protocol: "icmp" })).toEqual([
      "icmpRequest",
      "icmpReply",
      "icmpPortUnreachable",
      "icmpTimeExceeded",
      "icmpTimestamp",
      "neighbourSolicitation",
      "icmp6Request",
      "icmp6Reply",
      "icmp6TooBig",
      "mldReport",
    ]);
    expect(matches({ protocol: "tcp" }, packetOf("ipv6AllExtensions"), ORIGIN)).toBe(true);
    expect(matches({ protocol: "udp" }, packetOf("tcpSynAck"), ORIGIN)).toBe(false);
  });

  it("compares the identifier of echo requests and replies, of no other query", () => {
    expect(matching({ icmpId: 0x2a17 })).toEqual(["icmpRequest", "icmpReply"]);
    expect(matching({ icmpId: 7 })).toEqual(["icmp6Request", "icmp6Reply"]);
    expect(packetOf("icmpTimestamp").icmpId).toBe(0x0102);
    expect(matching({ icmpId: 0x0102 })).toEqual([]);
  });

  it("takes identifier 0 for an identifier", () => {
    const bytes = frame("icmpRequest");
    bytes.fill(0, 38, 40);
    expect(matches({ icmpId: 0 }, dissect(received(bytes)), ORIGIN)).toBe(true);
    expect(matching({ icmpId: 0 })).toEqual([]);
  });

  it("compares process and network namespace", () => {
    const packet = packetOf("lldp");
    expect(matches({ pid: 100, netns: 4026531840 }, packet, ORIGIN)).toBe(true);
    expect(matches({ pid: 101 }, packet, ORIGIN)).toBe(false);
    expect(matches({ netns: 4026531841 }, packet, ORIGIN)).toBe(false);
  });

  it("does not hold on headers that were not captured", () => {
    const capture = received(frame("tcpSynAck"));
    const cut = (length: number) => dissect({ ...capture, bytes: capture.bytes.subarray(0, length) });
    expect(matches({ address: "10.0.1.10" }, cut(33), ORIGIN)).toBe(false);
    expect(matches({ address: "10.0.1.10" }, cut(34), ORIGIN)).toBe(true);
    expect(matches({ port: 22 }, cut(37), ORIGIN)).toBe(false);
    expect(matches({ port: 22 }, cut(38), ORIGIN)).toBe(true);
    expect(matches({ protocol: "tcp" }, cut(0), ORIGIN)).toBe(false);
  });

  const arbitraryFilter = fc.record(
    {
      address: fc.constantFrom("10.0.1.10", "10.0.0.2", "2001:db8:1::a", "0.0.0.0", "::"),
      port: fc.constantFrom(22, 53, 5001, 0x0101),
      protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const, "any" as const),
      icmpId: fc.constantFrom(0, 7, 0x2a17),
      pid: fc.constantFrom(100, 101),
      netns: fc.constantFrom(4026531840, 1),
    },
    { requiredKeys: [] },
  );

  it("holds exactly when each part alone holds", () => {
    const arbitraryPacket = fc.oneof(
      fc.constantFrom(...FRAME_NAMES).map(packetOf),
      arbitraryCapture.map((capture) => dissect(capture)),
    );
    fc.assert(
      fc.property(arbitraryFilter, arbitraryPacket, (filter, packet) => {
        const parts: PacketFilter[] = Object.entries(filter).map(([key, value]) => ({ [key]: value }));
        const isEach = parts.every((part) => matches(part, packet, ORIGIN));
        expect(packetMatcher(filter)(packet, ORIGIN)).toBe(isEach);
      }),
      { numRuns: 2000 },
    );
  });
});
