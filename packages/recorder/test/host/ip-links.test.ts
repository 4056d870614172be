// What ip prints of interfaces, as text: the names of iproute2 6.1 in a namespace of veths, and what is no JSON.
import { describe, expect, test } from "vitest";
import { parseInterfaces } from "../../src/host/ip-links.js";

/** @param name as ip writes it into JSON, bytes as characters */
const linkNamed = (name: string): string =>
  `[{"ifindex":7,"link_index":5,"ifname":"${name}","flags":["BROADCAST","UP"],"mtu":1500,"master":"br0",` +
  `"address":"be:40:6c:fc:d4:1a","link_netnsid":0,"linkinfo":{"info_kind":"veth"}}]\n`;

describe("an interface", () => {
  test("has its place, its kind and what it is tied to", () => {
    expect(parseInterfaces(linkNamed("pp"))).toEqual([
      {
        ifindex: 7,
        name: "pp",
        up: true,
        mac: "be:40:6c:fc:d4:1a",
        mtu: 1500,
        kind: "veth",
        master: "br0",
        linkIndex: 5,
        linkNetnsid: 0,
      },
    ]);
  });

  test.each([
    ["a control character, which ip does not escape", "c\x01d", "c\x01d"],
    ["a quote that some versions escape and JSON does not", "a\\'b", "a'b"],
    ["escapes that JSON has", "\\\"\\\\\\'", "\"\\'"],
    ["UTF-8", Buffer.from("é").toString("latin1"), "é"],
    ["bytes that are not UTF-8", "e\xffd", "e\xffd"],
    ["what a spreadsheet would run", "=cmd\\\\x", "=cmd\\x"],
  ])("may be named with %s", (_, written, name) => {
    expect(parseInterfaces(linkNamed(written))?.[0]?.name).toBe(name);
  });
});

test("what is not a list of interfaces is told from an empty one", () => {
  expect(parseInterfaces("")).toBeUndefined();
  expect(parseInterfaces("Segmentation fault")).toBeUndefined();
  expect(parseInterfaces("{}")).toBeUndefined();
  expect(parseInterfaces("[]")).toEqual([]);
  expect(parseInterfaces('[null, {}, {"ifindex":"1","ifname":"lo"}]')).toEqual([]);
});
