// Captures as the BPF program makes them, from whole frames and from arbitrary values.

import * as fc from "fast-check";

import type { Capture } from "../../src/dissect/capture.js";
import { dissect } from "../../src/dissect/packet.js";
import type { Packet } from "../../src/dissect/packet.js";
import { frame } from "./frames.js";
import type { FrameName } from "./frames.js";

/** The frame as the receive path sees it: mac header set, network header and data behind it. */
export function received(bytes: Uint8Array): Capture {
  const protocol = ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
  return { bytes, mac: 0, network: 14, transport: -1, data: 14, protocol };
}

/** The named frame, received and dissected. */
export function packetOf(name: FrameName): Packet {
  return dissect(received(frame(name)));
}

/** Everything a packet says, as plain data. */
export function plain(packet: Packet): Record<string, unknown> {
  const { destMac, srcMac, source, destination, quoted } = packet;
  const own = Object.fromEntries(Object.entries(packet).filter(([key]) => key !== "bytes"));
  return {
    ...own,
    destMac,
    srcMac,
    source,
    destination,
    quoted: quoted === undefined ? undefined : plain(quoted),
  };
}

const ETHER_TYPES = [0, 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x88cc, 0x0004];
const FIRST_BYTES = [0x45, 0x46, 0x4f, 0x60, 0x6f, 0x00];
// What steers the dissector: layer 4 and extension header numbers, and small lengths.
const STEERING = [0, 1, 2, 3, 6, 8, 17, 43, 44, 47, 51, 58, 60, 128, 129, 132, 0x45, 0x60];

/** Bytes that often look like headers. */
export const arbitraryBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...FIRST_BYTES),
    fc.array(fc.oneof(fc.constantFrom(...STEERING), fc.integer({ min: 0, max: 255 })), { maxLength: 160 }),
  )
  .map(([first, rest]) => Uint8Array.of(first, ...rest));

const arbitraryOffset = fc.oneof(
  fc.constantFrom(-1, 0, 14),
  fc.integer({ min: -20, max: 200 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/** Any bytes with any offsets, the kernel's stale ones included. */
export const arbitraryCapture: fc.Arbitrary<Capture> = fc.record({
  bytes: fc.oneof(arbitraryBytes, fc.uint8Array({ maxLength: 160 })),
  mac: arbitraryOffset,
  network: arbitraryOffset,
  transport: arbitraryOffset,
  data: arbitraryOffset,
  protocol: fc.oneof(fc.constantFrom(...ETHER_TYPES), fc.integer({ min: 0, max: 0xffff })),
});

/** Any bytes that begin with layer 3 or its VLAN tag, where the network header says; no other place to look. */
export const arbitraryNetworkCapture: fc.Arbitrary<Capture> = fc.record({
  bytes: arbitraryBytes,
  mac: fc.constant(-1),
  network: fc.constant(0),
  transport: fc.constant(-1),
  data: fc.constant(-1),
  protocol: fc.constantFrom(...ETHER_TYPES),
});
