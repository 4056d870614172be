import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { addressText, ipv4Text, ipv6Text, macText, parseAddress } from "../../src/dissect/addresses.js";

// Groups that make runs of zeros common.
const arbitraryIpv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

describe("addresses as text", () => {
  it.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    // RFC 5952 4.2.2: one zero group alone is not shortened.
    ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"],
    // 4.2.3: the longest run, and of equals the first.
    ["2001:0:0:1::1", "20010000000000010000000000000001"],
    ["2001:db8::1:0:0:1", "20010db8000000000001000000000001"],
    ["::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
    ["ff02::1:ff00:f", "ff0200000000000000000001ff00000f"],
  ])("writes %s as RFC 5952 has it", (text, hex) => {
    expect(ipv6Text(Buffer.from(hex, "hex"), 0)).toBe(text);
  });

  it("agrees with the URL parser on any IPv6 address but mapped ones", () => {
    fc.assert(
      fc.property(arbitraryIpv6, (bytes) => {
        const text = ipv6Text(bytes, 0);
        fc.pre(!text.includes("."));
        expect(
          new URL(`http://[${Buffer.from(bytes).toString("hex").match(/.{4}/g)?.join(":")}]/`).host,
        ).toBe(`[${text}]`);
      }),
    );
  });

  it("reads from the offset it is given", () => {
    const bytes = Uint8Array.of(9, 10, 0, 255, 1, 0xaa, 0xbb);
    expect(ipv4Text(bytes, 1)).toBe("10.0.255.1");
    expect(macText(bytes, 1)).toBe("0a:00:ff:01:aa:bb");
  });
});

describe("parseAddress", () => {
  it("inverts the text of any IPv6 address but mapped ones", () => {
    fc.assert(
      fc.property(arbitraryIpv6, (bytes) => {
        const text = ipv6Text(bytes, 0);
        fc.pre(!text.includes("."));
        expect(parseAddress(text)).toEqual({ family: 6, bytes });
      }),
    );
  });

  it("inverts the text of any IPv4 address", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        expect(parseAddress(ipv4Text(bytes, 0))).toEqual({ family: 4, bytes });
      }),
    );
  });

  it("gives the IPv4 address of a mapped one, however written", () => {
    const ipv4 = { family: 4, bytes: Uint8Array.of(10, 0, 0, 1) };
    expect(parseAddress("::ffff:10.0.0.1")).toEqual(ipv4);
    expect(parseAddress("0:0:0:0:0:FFFF:a00:1")).toEqual(ipv4);
  });

  it("keeps an embedded IPv4 address of another prefix", () => {
    const address = parseAddress("64:ff9b::192.0.2.33");
    expect(address && addressText(address)).toBe("64:ff9b::c000:221");
  });

  it.each(["", "10.0.0.300", "10.0.0", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "::1::", " ::1", "host"])(
    "refuses %j",
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );
});
