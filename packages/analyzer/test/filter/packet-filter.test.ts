import { describe, expect, it } from "vitest";

import { FilterError } from "../../src/filter/filter-error.js";
import { kernelFilter } from "../../src/filter/kernel-filter.js";
import { filterIn, parsePacketFilter } from "../../src/filter/packet-filter.js";
import type { FilterFlags } from "../../src/filter/packet-filter.js";

function problemOf(flags: FilterFlags): string {
  try {
    parsePacketFilter(flags);
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
  return "no error";
}

describe("parsePacketFilter", () => {
  it("reads every flag", () => {
    const flags = {
      ipaddr: "10.0.0.1",
      port: "22",
      proto: "tcp",
      icmpid: "7",
      pid: "123",
      netns: "4026531840",
    };
    expect(parsePacketFilter(flags)).toEqual({
      address: "10.0.0.1",
      port: 22,
      protocol: "tcp",
      icmpId: 7,
      pid: 123,
      netns: 4026531840,
    });
  });

  it("leaves out what is not given", () => {
    expect(parsePacketFilter({})).toStrictEqual({});
    expect(parsePacketFilter({ ipaddr: undefined, port: undefined })).toStrictEqual({});
  });

  it("makes addresses canonical", () => {
    expect(parsePacketFilter({ ipaddr: "FE80:0::0:1" })).toEqual({ address: "fe80::1" });
    expect(parsePacketFilter({ ipaddr: "::ffff:10.0.0.1" })).toEqual({ address: "10.0.0.1" });
  });

  it("takes the ends of each range", () => {
    expect(parsePacketFilter({ port: "1", icmpid: "0", pid: "1", netns: "1" })).toEqual({
      port: 1,
      icmpId: 0,
      pid: 1,
      netns: 1,
    });
    expect(
      parsePacketFilter({ port: "65535", icmpid: "65535", pid: "4194304", netns: "4294967295" }),
    ).toMatchObject({ port: 65535, netns: 4294967295 });
  });

  it("says what is wrong with an address", () => {
    expect(problemOf({ ipaddr: "10.0.0.300" })).toBe('--ipaddr: "10.0.0.300" is not an IPv4 or IPv6 address');
    expect(problemOf({ ipaddr: "" })).toBe('--ipaddr: "" is not an IPv4 or IPv6 address');
    expect(problemOf({ ipaddr: "fe80::1%eth0" })).toContain("leave out what follows the %");
  });

  it("names flag, value and range of a wrong number", () => {
    expect(problemOf({ port: "65536" })).toBe(
      '--port: "65536" is not a port; expected a decimal number from 1 to 65535',
    );
    expect(problemOf({ port: "0" })).toContain("from 1 to 65535");
    expect(problemOf({ icmpid: "65536" })).toContain("--icmpid");
    expect(problemOf({ pid: "4194305" })).toContain("from 1 to 4194304");
    expect(problemOf({ pid: "0" })).toContain("--pid");
    expect(problemOf({ netns: "4294967296" })).toContain("from 1 to 4294967295");
  });

  it.each(["", " 5", "5 ", "+5", "-5", "0x10", "1e3", "5.0", "007", "٥", "Infinity", "NaN", "5\n"])(
    "takes only decimal numbers: not %j",
    (value) => {
      for (const flag of ["port", "icmpid", "pid", "netns"]) {
        expect(problemOf({ [flag]: value })).toContain(`--${flag}: ${JSON.stringify(value)}`);
      }
    },
  );

  it("takes a network namespace's name, which is a number where it is known", () => {
    const filter = parsePacketFilter({ netns: "blue-1", port: "53" });
    expect(filter).toEqual({ netnsName: "blue-1", port: 53 });
    const namespaces = [{ inode: 7 }, { inode: 8, name: "blue-1" }];
    expect(filterIn(filter, namespaces)).toEqual({ netns: 8, port: 53 });
    expect(filterIn(filter, [])).toEqual({ netns: Number.NaN, port: 53 });
    expect(filterIn({ netns: 7 }, namespaces)).toEqual({ netns: 7 });
    expect(problemOf({ netns: "a/b" })).toContain("--netns");
  });

  it("names the protocols it takes", () => {
    expect(problemOf({ proto: "sctp" })).toBe(
      '--proto: "sctp" is not a protocol; expected one of tcp, udp, icmp, any',
    );
  });
});

describe("kernelFilter", () => {
  it("has values that cannot be asked for where nothing is given", () => {
    expect(kernelFilter({})).toEqual({
      family: 0,
      address: new Uint8Array(16),
      port: 0,
      protocol: 0,
      icmpId: -1,
      pid: 0,
      netns: 0,
    });
  });

  it("has an IPv4 address in the first four bytes", () => {
    const { family, address } = kernelFilter({ address: "10.0.1.10" });
    expect(family).toBe(4);
    expect([...address]).toEqual([10, 0, 1, 10, ...Array<number>(12).fill(0)]);
  });

  it("has an IPv6 address whole", () => {
    const { family, address } = kernelFilter({ address: "2001:db8::1" });
    expect(family).toBe(6);
    expect(Buffer.from(address).toString("hex")).toBe("20010db8000000000000000000000001");
  });

  it("keeps icmpId 0 apart from none", () => {
    expect(kernelFilter({ icmpId: 0 }).icmpId).toBe(0);
  });

  it.each([
    ["any", 0],
    ["tcp", 6],
    ["udp", 17],
    ["icmp", 1],
  ] as const)("numbers protocol %s as %i", (protocol, number) => {
    expect(kernelFilter({ protocol }).protocol).toBe(number);
  });

  it("refuses an address that is none", () => {
    expect(() => kernelFilter({ address: "localhost" })).toThrow(FilterError);
  });
});
