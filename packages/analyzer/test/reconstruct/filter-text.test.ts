import type { Environment } from "@skbtracer/format";
import { describe, expect, test } from "vitest";
import { filterText } from "../../src/reconstruct/filter-text.js";

const made = (options: Record<string, unknown>, origins: Environment["origins"] = []): Environment =>
  ({ options, origins }) as unknown as Environment;

const ANY = { family: 0, address: "00".repeat(16), port: 0, protocol: 0, icmpId: -1, pid: 0, netns: 0 };

describe("the filter of a recording", () => {
  test.each<[Record<string, unknown>, string | null]>([
    [{ filter: ANY }, null],
    [{}, null],
    [
      { filter: { ...ANY, family: 4, address: `0a000007${"00".repeat(12)}`, port: 443 } },
      "--ipaddr 10.0.0.7 --port 443",
    ],
    [{ filter: { ...ANY, family: 6, address: `fd${"00".repeat(14)}01` } }, "--ipaddr fd00::1"],
    [{ filter: { ...ANY, protocol: 6, icmpId: 0 } }, "--proto tcp --icmpid 0"],
    [
      { filter: { ...ANY, protocol: 1, pid: 5, netns: 7 }, keep: true },
      "--proto icmp --pid 5 --netns 7 --keep",
    ],
    [{ filter: { ...ANY, expression: "tcp port 80 or arp" } }, "--expression tcp port 80 or arp"],
  ])("%j is %s", (options, text) => {
    expect(filterText(made(options))).toBe(text);
  });

  test.each<[string[], string | null]>([
    [["families of paths", "all"], null],
    [["families of paths", "port 443", "protocol tcp"], "--port 443 --proto tcp"],
    [["families of paths", "removed", "port 443"], "--slice removed --port 443"],
    [["families of paths", "since 5 ns since the start"], "--slice since_5_ns_since_the_start"],
    [["events", "port 443"], "--port 443 --slice parts"],
    [[], "--slice parts"],
  ])("a slice of %j has %s", (facts, text) => {
    expect(filterText(made({ filter: ANY }, [{ command: "slice", facts }]))).toBe(text);
  });

  test("other copies leave nothing out", () => {
    expect(filterText(made({ filter: ANY }, [{ command: "redact", facts: ["kept: all"] }]))).toBeNull();
  });
});
