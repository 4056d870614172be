// drops tells what reasons and places mean: below its table, and by --explain without a recording.
import { fileURLToPath } from "node:url";

import { explainedNames, type Explained } from "@skbtracer/analyzer";
import { describe, expect, test } from "vitest";

import { bash, skbtracer } from "./native/support/cli.js";
import { expectRefused } from "./native/support/refusal.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/v1/${name}.skbt`, import.meta.url));

async function shown(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await skbtracer("drops", ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("below the table of drops", () => {
  test("each reason is explained once", async () => {
    const text = await shown(fixture("veth-6.1"));
    expect(text.match(/^[A-Z_]+(?= \(a function\)$|$)/gm)).toEqual(["NETFILTER_DROP", "NO_SOCKET"]);
    expect(text.match(/^ {2}(means|causes|check) {2,}\S/gm)?.length).toBe(6);
  });

  test("on a kernel without reasons the places are", async () => {
    const text = await shown(fixture("veth-5.10"));
    expect(text).toContain("(the kernel gives no reasons)  nf_hook_slow");
    expect(text.match(/^\w+(?= \(a function\)$)/gm)).toEqual(["nf_hook_slow", "__udp4_lib_rcv"]);
  });

  test("harmless ones have their rule instead", async () => {
    const text = await shown(fixture("veth-6.12"));
    expect(text).toMatch(/^HARMLESS +REASON +FUNCTION +RULE +BECAUSE$/m);
    expect(text).toMatch(/^ +10 +NO_SOCKET +icmp_rcv +icmp-handled +the kernel frees/m);
    expect(await shown(fixture("veth-6.12"), "--func", "icmp_rcv")).toMatch(/^no drops\n\nHARMLESS/);
  });

  test("and neither in a list of drops nor in JSON", async () => {
    expect(await shown(fixture("veth-6.1"), "--list")).not.toContain("  means ");
    expect(await shown(fixture("veth-6.1"), "--json")).not.toContain("means");
  });
});

describe("drops --explain", () => {
  test("needs no file", async () => {
    const text = await shown("--explain", "NO_SOCKET");
    expect(text).toMatch(/^NO_SOCKET\n {2}means {5}No socket wants/);
    for (const label of ["causes", "check", "harmless", "source"])
      expect(text).toMatch(new RegExp(`^ {2}${label} {2,}\\S`, "m"));
    expect(text).toContain("(rule icmp-handled)");
  });

  test("takes a place, as drops and stacks show it", async () => {
    expect(await shown("--explain", "ip_forward")).toMatch(/^ip_forward \(a function\)\n/);
    expect(await shown("--explain", "ip_rcv_finish_core.constprop.0+0x1a2")).toMatch(/^ip_rcv_finish_core /);
  });

  test("is an object as JSON", async () => {
    const explained = JSON.parse(await shown("--json", "--explain", "skb_drop_reason_tcp_csum")) as Explained;
    expect(explained).toMatchObject({ name: "TCP_CSUM", kind: "reason" });
    expect(Object.keys(explained)).toEqual(["name", "kind", "means", "causes", "check", "source"]);
  });

  test("all lists every name", async () => {
    const lines = (await shown("--explain", "all")).trim().split("\n");
    expect(lines[0]).toMatch(/^REASON OR FUNCTION +MEANS$/);
    expect(lines.slice(1).map((line) => line.split(" ")[0])).toEqual(explainedNames());
    expect((await shown("--explain", "all", "--json")).trim().split("\n").length).toBe(
      explainedNames().length,
    );
  });

  test.each([
    ["NO_SOKET", "NO_SOCKET"],
    ["nf_hook_slwo", "nf_hook_slow"],
    ["rpfilter", "IP_RPFILTER"],
  ])("offers for %s what is like it", async (name, offer) => {
    const result = await skbtracer("drops", "--explain", name);
    expectRefused(result, new RegExp(`"${name}" is known: did you mean ${offer}`));
  });

  test("says how to list the names where none is like it", async () => {
    const { code, stderr } = await skbtracer("drops", "--explain", "xyzzyx");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^skbtracer: --explain: .*"xyzzyx" is known: `skbtracer drops --explain all`.*\n$/,
    );
  });

  test.each([`--explain NO_SOCKET ${fixture("veth-6.1")}`, "--explain NO_SOCKET --list", "--explain", ""])(
    "is refused, or a file is asked for: drops %s",
    async (args) => {
      const { code, stdout } = await bash(`$SKBTRACER drops ${args}`);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    },
  );

  test("fits a narrow terminal", async () => {
    const line = "stty cols 60; PAGER=cat $SKBTRACER drops --explain IP_RPFILTER";
    const { stdout } = await bash(`TERM=xterm NO_COLOR=1 script -qec "${line}" /dev/null < /dev/null`);
    const lines = stdout.replaceAll("\r\n", "\n").trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(8);
    expect(Math.max(...lines.map((one) => one.length))).toBeLessThanOrEqual(60);
  });
});
