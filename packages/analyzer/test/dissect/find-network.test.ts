import { describe, expect, it } from "vitest";

import type { Capture } from "../../src/dissect/capture.js";
import { findNetwork } from "../../src/dissect/find-network.js";

const NONE: Capture = {
  bytes: new Uint8Array(64),
  mac: -1,
  network: -1,
  transport: -1,
  data: -1,
  protocol: 0,
};

function bytesWith(values: Record<number, number>): Uint8Array {
  const bytes = new Uint8Array(64);
  for (const [at, value] of Object.entries(values)) bytes[Number(at)] = value;
  return bytes;
}

describe("findNetwork", () => {
  it("believes the network header before data, and data before the mac header", () => {
    const bytes = bytesWith({ 10: 0x45, 20: 0x45, 40: 0x45 });
    const all = { ...NONE, bytes, protocol: 0x0800, network: 10, data: 20, mac: 26 };
    expect(findNetwork(all)?.offset).toBe(10);
    expect(findNetwork({ ...all, network: 11 })?.offset).toBe(20);
    expect(findNetwork({ ...all, network: -1 })?.offset).toBe(20);
    expect(findNetwork({ ...all, network: 11, data: 12 })?.offset).toBe(40);
    expect(findNetwork({ ...all, network: 11, data: -6, mac: -1 })).toBeUndefined();
    expect(findNetwork({ ...all, bytes: bytesWith({ 13: 0x45 }), mac: -1 })).toBeUndefined();
  });

  it.each([
    ["IPv4 with IHL 5", 0x0800, 0x45, true],
    ["IPv4 with IHL 15", 0x0800, 0x4f, true],
    ["IPv4 with IHL 4", 0x0800, 0x44, false],
    ["IPv4 with version 6", 0x0800, 0x65, false],
    ["IPv6", 0x86dd, 0x6f, true],
    ["IPv6 with version 4", 0x86dd, 0x45, false],
    ["ARP, whatever is there", 0x0806, 0xff, true],
  ])("%s: protocol %i, first byte %i: %s", (_name, protocol, first, isFound) => {
    const capture = { ...NONE, bytes: bytesWith({ 0: first }), network: 0, protocol };
    expect(findNetwork(capture)).toEqual(
      isFound ? { offset: 0, etherType: protocol, vlanIds: [] } : undefined,
    );
  });

  it("does not believe IP in a place that was not captured", () => {
    expect(findNetwork({ ...NONE, network: 64, protocol: 0x0800 })).toBeUndefined();
    expect(findNetwork({ ...NONE, network: 64, protocol: 0x0806 })?.offset).toBe(64);
  });

  it("steps over one or two VLAN tags at the network header", () => {
    const one = bytesWith({ 1: 0x64, 2: 0x08, 4: 0x45 });
    expect(findNetwork({ ...NONE, bytes: one, network: 0, protocol: 0x8100 })).toEqual({
      offset: 4,
      etherType: 0x0800,
      vlanIds: [100],
    });
    const two = bytesWith({ 0: 0xe0, 1: 0xc8, 2: 0x81, 5: 0x64, 6: 0x86, 7: 0xdd, 8: 0x60 });
    expect(findNetwork({ ...NONE, bytes: two, network: 0, protocol: 0x88a8 })).toEqual({
      offset: 8,
      etherType: 0x86dd,
      vlanIds: [200, 100],
    });
  });

  it("steps over no third tag", () => {
    const three = bytesWith({ 2: 0x81, 6: 0x81, 10: 0x08, 12: 0x45 });
    expect(findNetwork({ ...NONE, bytes: three, network: 0, protocol: 0x8100 })).toMatchObject({
      offset: 8,
      etherType: 0x8100,
    });
  });

  it("looks for the VLAN tag at data when the network header is unset", () => {
    const bytes = bytesWith({ 5: 7, 6: 0x08, 7: 0x06 });
    expect(findNetwork({ ...NONE, bytes, data: 4, protocol: 0x8100 })).toEqual({
      offset: 8,
      etherType: 0x0806,
      vlanIds: [7],
    });
    expect(findNetwork({ ...NONE, bytes, protocol: 0x8100 })).toBeUndefined();
  });

  it("looks for what a VLAN tag announces behind the tag only", () => {
    const bytes = bytesWith({ 2: 0x08, 4: 0x99, 20: 0x45, 34: 0x45 });
    expect(findNetwork({ ...NONE, bytes, network: 0, data: 20, mac: 20, protocol: 0x8100 })).toBeUndefined();
  });

  it("finds nothing behind a VLAN tag that was cut", () => {
    expect(findNetwork({ ...NONE, network: 61, protocol: 0x8100 })).toBeUndefined();
  });

  it("without a protocol lets the nibble at the network header decide, and nothing else", () => {
    const ipv4 = bytesWith({ 0: 0x45, 3: 20 });
    expect(findNetwork({ ...NONE, bytes: ipv4, network: 0 })).toMatchObject({ offset: 0, etherType: 0x0800 });
    expect(findNetwork({ ...NONE, bytes: bytesWith({ 0: 0x45, 3: 19 }), network: 0 })).toBeUndefined();
    expect(findNetwork({ ...NONE, bytes: bytesWith({ 0: 0x44, 3: 20 }), network: 0 })).toBeUndefined();
    expect(findNetwork({ ...NONE, bytes: ipv4.subarray(0, 3), network: 0 })).toBeUndefined();
    expect(findNetwork({ ...NONE, bytes: ipv4, data: 0 })).toBeUndefined();
    expect(findNetwork({ ...NONE, bytes: bytesWith({ 0: 0x60 }), network: 0 })).toMatchObject({
      offset: 0,
      etherType: 0x86dd,
    });
  });
});
