// Redacted packets: dissected they say the same but for who, their checksums are as right as before, and nothing that
// identifies is left in their bytes.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Capture } from "../../src/dissect/capture.js";
import { dissect } from "../../src/dissect/packet.js";
import { fold, isSameSum, onesSum, updated } from "../../src/redact/checksum.js";
import { RedactionKey } from "../../src/redact/key.js";
import { redactPacket } from "../../src/redact/packet-redactor.js";
import { Pseudonyms } from "../../src/redact/pseudonyms.js";
import { arbitraryCapture, plain, received } from "../dissect/captures.js";
import { frame, FRAME_NAMES } from "../dissect/frames.js";

const names = new Pseudonyms(new RedactionKey(Buffer.from("a key for tests, of 32 bytes....")));
/** Of a buffer, as files give them, which must not change. */
function redact(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes);
  const redacted = redactPacket(received(buffer), names);
  expect(buffer.equals(bytes)).toBe(true);
  return redacted;
}
const holds = (bytes: Uint8Array, part: Uint8Array): boolean =>
  Buffer.from(bytes).includes(Buffer.from(part));

/** What a packet says, without who says it, and without how much of it was captured. */
function said(capture: Capture): unknown {
  const WHO = /^(source|destination|destMac|srcMac|truncated|arp|bytes)$/;
  const strip = (value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => !WHO.test(name))
            .map(([name, member]) => [name, strip(member)]),
        )
      : value;
  return strip(plain(dissect(capture)));
}

describe.each(FRAME_NAMES)("%s", (name) => {
  const before = frame(name);
  const after = redact(before);

  test("says the same", () => {
    expect(said(received(after))).toEqual(said(received(before)));
    expect(after.length).toBeLessThanOrEqual(before.length);
  });

  test("has none of its addresses", () => {
    const { source, destination, addressOffset, ipVersion } = dissect(received(before));
    const size = ipVersion === 4 ? 4 : 16;
    if (source !== undefined)
      expect(holds(after, before.subarray(addressOffset, addressOffset + size))).toBe(false);
    const isGroup = destination === undefined || /^(22[4-9]|ff)/.test(destination);
    if (!isGroup)
      expect(holds(after, before.subarray(addressOffset + size, addressOffset + 2 * size))).toBe(false);
    // 02:42:0a:00:01:0a and :04:0f, of which the address is the second half.
    for (const mac of ["02420a00010a", "02420a00040f", "0a00010a", "0a00040f", "00040f"])
      expect(holds(after, Buffer.from(mac, "hex")), mac).toBe(false);
  });

  test("cut anywhere, shows nothing else", () => {
    for (let length = 0; length < before.length; length++) {
      const cut = redact(before.subarray(0, length));
      for (const mac of ["02420a00010a", "0a00010a", "0a00040f"])
        expect(holds(cut, Buffer.from(mac, "hex"))).toBe(false);
      expect(cut.length).toBeLessThanOrEqual(length);
    }
  });
});

test("payload is cut", () => {
  for (const name of ["udpDns", "tcpAckPsh", "vlanUdp", "greKey", "icmpRequest"] as const) {
    const after = Buffer.from(redact(frame(name)));
    for (const payload of [Buffer.from("example"), Buffer.from("SSH"), Buffer.from("1011121314", "hex")])
      expect(after.includes(payload), name).toBe(false);
  }
});

test("inner packets of a tunnel and of an error are redacted like outer ones", () => {
  const gre = redact(frame("greKey"));
  expect(holds(gre, Uint8Array.of(192, 168, 0, 1))).toBe(false);
  expect(holds(gre, Uint8Array.of(192, 168))).toBe(true);
  const error = dissect(received(redact(frame("icmpPortUnreachable"))));
  expect(error.quoted?.source).toBe(error.destination);
  expect(error.quoted?.destination).toBe(error.source);
});

test("TCP options that can hold addresses, keys or cookies become padding, and the others stay", () => {
  const options =
    "0204 05b4 1e08 cb00 7105 3039 1312 00112233445566778899aabbccddeeff 2206 c00c1e55 0103 0307".replaceAll(
      " ",
      "",
    );
  const header = Buffer.from(`1f90c0de00000001000000000000ffff00000000${options}`, "hex");
  header.writeUInt8((header.length / 4) << 4, 12);
  const before = ipv4Packet({ protocol: 6, segment: header });
  const after = redact(before);
  expect(isRight(after, 6)).toBe(true);
  expect(Buffer.from(after.subarray(54)).toString("hex")).toBe(`020405b4${"01".repeat(8 + 18 + 6)}01030307`);
});

test.each([
  [4, "tcpSynAck", 14],
  [41, "tcp6Syn", 14],
] as const)("a packet in IP protocol %i is redacted like one by itself", (protocol, name, ipAt) => {
  const inner = frame(name);
  const bytes = ipv4Packet({ protocol, segment: inner.subarray(ipAt) });
  const after = redact(bytes);
  expect(Buffer.from(after.subarray(34)).equals(redact(inner).subarray(ipAt))).toBe(true);
});

test("deeper tunnels than are looked into are cut", () => {
  let bytes = frame("udpDns");
  for (let depth = 0; depth < 8; depth++) bytes = ipv4Packet({ protocol: 4, segment: bytes.subarray(14) });
  const after = redact(bytes);
  expect(holds(after, Buffer.from("0a00010a", "hex"))).toBe(false);
  expect(after.length).toBe(14 + 5 * 20);
});

test("VXLAN's inner frame is redacted, and its outer checksum with it", () => {
  const inner = frame("tcpSynAck");
  const after = redact(
    ipv4Packet({
      protocol: 17,
      segment: udp(40_000, 4789, Buffer.concat([Buffer.from("0800000000002a00", "hex"), inner])),
    }),
  );
  const outer = dissect(received(after));
  expect(outer.destinationPort).toBe(4789);
  const innerAfter = after.subarray(14 + 20 + 8 + 8);
  expect(said(received(innerAfter))).toEqual(said(received(inner)));
  expect(holds(after, Buffer.from("0a00010a", "hex"))).toBe(false);
  expect(isRight(after, 17)).toBe(true);
});

describe("checksums", () => {
  const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const ports = fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }));

  test("right ones are right afterwards, with the payload that was cut", () =>
    fc.assert(
      fc.property(
        address,
        address,
        ports,
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(6, 17),
        (source, destination, [from, to], payload, protocol) => {
          const segment =
            protocol === 6 ? tcp(from, to, payload) : udp(from, to === 4789 || to === 8472 ? 1 : to, payload);
          const before = ipv4Packet({ source, destination, protocol, segment });
          const after = redact(before);
          expect(isRight(before, protocol)).toBe(true);
          expect(isSameSum(onesSum(after.subarray(14, 34)), 0xffff)).toBe(true);
          // A payload that is cut still belongs to it.
          const whole = Buffer.concat([after, payload]);
          expect(isRight(whole, protocol)).toBe(true);
          expect(holds(after, payload) && payload.length > 8).toBe(false);
        },
      ),
    ));

  test("wrong ones are wrong afterwards, and do not tell by how much", () =>
    fc.assert(
      fc.property(
        address,
        address,
        ports,
        fc.integer({ min: 1, max: 0xfffe }),
        (source, destination, [from, to], error) => {
          const before = ipv4Packet({
            source,
            destination,
            protocol: 6,
            segment: tcp(from, to, new Uint8Array(0)),
          });
          const view = new DataView(before.buffer);
          view.setUint16(50, fold(view.getUint16(50) + error));
          view.setUint16(24, fold(view.getUint16(24) + error));
          const isPartial = view.getUint16(50) === 0 || isSameSum(view.getUint16(50), pseudoSum(before, 6));
          fc.pre(!isPartial && view.getUint16(24) !== 0);
          const after = redact(before);
          expect(isRight(after, 6)).toBe(false);
          expect(isSameSum(onesSum(after.subarray(14, 34)), 0xffff)).toBe(false);
          // Always by the same: what stood there before was not built upon.
          const view2 = new DataView(after.buffer);
          const found = view2.getUint16(50);
          view2.setUint16(50, 0);
          expect(found ^ 0x5555).toBe(~fold(onesSum(after.subarray(34)) + pseudoSum(after, 6)) & 0xffff);
        },
      ),
    ));

  test("what a device is to complete stays that: the sum of the pseudo header, and no trace of the old one", () =>
    fc.assert(
      fc.property(address, address, ports, (source, destination, [from, to]) => {
        const before = ipv4Packet({
          source,
          destination,
          protocol: 6,
          segment: tcp(from, to, new Uint8Array(0)),
        });
        new DataView(before.buffer).setUint16(50, pseudoSum(before, 6));
        fc.pre(!isRight(before, 6));
        const after = redact(before);
        expect(isSameSum(new DataView(after.buffer).getUint16(50), pseudoSum(after, 6))).toBe(true);
      }),
    ));

  test.each([
    ["tcp6Syn", 6],
    ["neighbourSolicitation", 58],
  ] as const)("of IPv6 are right afterwards: %s", (name, protocol) => {
    const isRightOf = (bytes: Uint8Array): boolean => {
      const segment = bytes.subarray(54);
      return isSameSum(
        fold(onesSum(segment) + onesSum(bytes.subarray(22, 54)) + protocol + segment.length),
        0xffff,
      );
    };
    expect(isRightOf(frame(name))).toBe(true);
    expect(isRightOf(redact(frame(name)))).toBe(true);
  });

  test("that nobody computed stay 0", () => {
    const before = ipv4Packet({ protocol: 17, segment: udp(1000, 2000, Buffer.from("payload")) });
    const view = new DataView(before.buffer);
    view.setUint16(40, 0);
    view.setUint16(24, 0);
    const after = new DataView(redact(before).buffer);
    expect([after.getUint16(40), after.getUint16(24)]).toEqual([0, 0]);
  });

  test.each(["tcpSynAck", "tcpNoFlags", "tcpAllFlags"] as const)("of %s are right afterwards", (name) =>
    expect(isRight(redact(frame(name)), 6)).toBe(true),
  );

  test("an update is what RFC 1624 gives", () => expect(updated(0xdd2f, 0x5555, 0x3285)).toBe(0x0000));
});

test("any capture is redacted without an error, and says the same or less", () =>
  fc.assert(
    fc.property(arbitraryCapture, (capture) => {
      const bytes = redactPacket(capture, names);
      expect(bytes.length).toBeLessThanOrEqual(capture.bytes.length);
      const before = dissect(capture);
      const after = dissect({ ...capture, bytes });
      if (before.ipVersion !== undefined && after.ipVersion !== undefined) {
        expect(after.protocol).toBe(before.protocol);
        expect(after.sourcePort).toBe(before.sourcePort);
        expect(after.icmpType).toBe(before.icmpType);
        expect(after.tcpFlags).toBe(before.tcpFlags);
      }
    }),
    { numRuns: 2000 },
  ));

/** Ethernet, IPv4, and a segment whose checksum is right. */
function ipv4Packet({
  source = Uint8Array.of(203, 0, 113, 5),
  destination = Uint8Array.of(198, 51, 100, 9),
  protocol,
  segment,
}: {
  source?: Uint8Array;
  destination?: Uint8Array;
  protocol: 4 | 6 | 17 | 41;
  segment: Uint8Array;
}): Uint8Array {
  const bytes = Buffer.alloc(14 + 20 + segment.length);
  bytes.write("02420a00040f02420a00010a0800", 0, "hex");
  bytes.write("4500", 14, "hex");
  bytes.writeUInt16BE(20 + segment.length, 16);
  bytes.writeUInt8(64, 22);
  bytes.writeUInt8(protocol, 23);
  bytes.set(source, 26);
  bytes.set(destination, 30);
  bytes.writeUInt16BE(~onesSum(bytes.subarray(14, 34)) & 0xffff, 24);
  bytes.set(segment, 34);
  if (protocol !== 6 && protocol !== 17) return Uint8Array.from(bytes);
  const checksumAt = protocol === 6 ? 50 : 40;
  const right = ~fold(onesSum(bytes.subarray(34)) + pseudoSum(bytes, protocol)) & 0xffff;
  bytes.writeUInt16BE(protocol === 17 && right === 0 ? 0xffff : right, checksumAt);
  return Uint8Array.from(bytes);
}

function pseudoSum(bytes: Uint8Array, protocol: number): number {
  return fold(onesSum(bytes.subarray(26, 34)) + protocol + (((bytes[16] ?? 0) << 8) | (bytes[17] ?? 0)) - 20);
}

function isRight(bytes: Uint8Array, protocol: number): boolean {
  return isSameSum(fold(onesSum(bytes.subarray(34)) + pseudoSum(bytes, protocol)), 0xffff);
}

function tcp(from: number, to: number, payload: Uint8Array): Uint8Array {
  const header = Buffer.from("0000000000000000000000005010ffff00000000", "hex");
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  header.writeUInt32BE(0x1a2b_3c4d, 4);
  return Buffer.concat([header, payload]);
}

function udp(from: number, to: number, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}
