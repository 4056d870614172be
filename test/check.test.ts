// check, expect and diff, by the real command: verdicts and reports, of recordings and databases, whole and not.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, test } from "vitest";

import { bash, type RunResult, skbtracer } from "./native/support/cli.js";
import { expectNoTrace, expectRefused } from "./native/support/refusal.js";
import { workspace } from "./native/support/workspace.js";

const path = workspace();
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/v1/${name}.skbt`, import.meta.url));
const VETH = fixture("veth-6.1");
const BRIDGE = fixture("bridge-6.1");

/** Writes a file of expectations, given without its first line. */
function expectations(name: string, list: string): string {
  writeFileSync(path(name), `expectations:\n${list}`);
  return path(name);
}

const MIXED = `  - {name: pings are answered, where: {info: reply}, outcome: delivered}
  - {name: port 9 is open, where: {port: 9}, outcome: delivered}
  - {name: nothing is forwarded, where: {port: 9}, not_through: [ip_forward]}
`;

/** Names that would be markup if they were let. */
const HOSTILE = '<b>&\\"]]> | `x` [a](javascript:b) \\u001b[31m\\u202e \\n# h';

let mixed: string;
let good: string;
let hostile: string;
beforeAll(() => {
  mixed = expectations("mixed.yaml", MIXED);
  good = expectations("good.yaml", MIXED.split("\n").slice(0, 1).join("\n"));
  hostile = expectations("hostile.yaml", `  - {name: "${HOSTILE}", where: {port: 9}, outcome: delivered}\n`);
});

const check = (recording: string, file: string, ...flags: string[]): Promise<RunResult> =>
  skbtracer("check", recording, "--expect", file, ...flags);

describe("the exit code", () => {
  test("is 0 if all hold", async () => {
    const { code, stdout } = await check(VETH, good);
    expect([code, stdout]).toEqual([0, "✓ pings are answered  10 packets\n\n1 of 1 expectation holds\n"]);
  });

  test("is 1 if one does not, though others cannot be told", async () => {
    const { code, stdout } = await check(VETH, mixed);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n1 of 3 expectations hold, 1 does not, 1 cannot be told\n$/);
  });

  test("is 2 if one cannot be told, and 0 with --allow-loss", async () => {
    const list = "  - {name: nothing is forwarded, where: {port: 9}, not_through: [ip_forward]}\n";
    const unknown = expectations("unknown.yaml", list);
    const { code, stdout } = await check(VETH, unknown);
    expect(stdout).toMatch(
      /^\? nothing is forwarded {2}cannot tell: 5 of 5 packets: ip_forward was not probed/,
    );
    expect(code).toBe(2);
    const allowed = await check(VETH, unknown, "--allow-loss");
    expect(allowed.stdout).toMatch(/^✓ nothing is forwarded {2}not judged: /);
    expect(allowed.code).toBe(0);
  });
});

describe("reports", () => {
  test("as NDJSON", async () => {
    const { stdout } = await check(VETH, mixed, "--json");
    const rows = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toMatchObject([
      { name: "pings are answered", line: 2, verdict: "pass", paths: 10, reasons: [], nearest: null },
      {
        name: "port 9 is open",
        verdict: "fail",
        reasons: ["5 of 5 packets: it is dropped: NETFILTER_DROP at nf_hook_slow+0x9b"],
        nearest: { after_step: 6, destination_port: 9, outcome: "dropped" },
      },
      { name: "nothing is forwarded", verdict: "cannot tell" },
    ]);
  });

  test("as JUnit XML and Markdown, beside the text", async () => {
    const [junit, markdown] = [path("report.xml"), path("summary.md")];
    const { stdout } = await check(VETH, mixed, "--junit", junit, "--markdown", markdown);
    expect(stdout).toContain("✗ port 9 is open");
    const xml = readFileSync(junit, "utf8");
    expect(xml).toContain('tests="3" failures="1" errors="1"');
    expect(xml).toContain('line="3">\n      <failure type="fail" message="5 of 5 packets: it is dropped');
    const page = readFileSync(markdown, "utf8");
    expect(page).toContain("1 of 3 expectations hold, 1 does not, 1 cannot be told");
    expect(page.indexOf("port 9 is open")).toBeLessThan(page.indexOf("pings are answered"));
  });

  test("are not written over, unless that is asked for", async () => {
    writeFileSync(path("there.xml"), "mine");
    expectRefused(await check(VETH, good, "--junit", path("there.xml")), /there\.xml exists/);
    expect(readFileSync(path("there.xml"), "utf8")).toBe("mine");
    expect((await check(VETH, good, "--junit", path("there.xml"), "--force")).code).toBe(0);
    expect(readFileSync(path("there.xml"), "utf8")).toContain("<testsuites");
  });

  test("are left out where the recording cannot be read", async () => {
    const { code } = await check(mixed, good, "--junit", path("never.xml"));
    expect(code).toBe(2);
    expect(existsSync(path("never.xml"))).toBe(false);
  });

  test("show names as they are, and obey nothing in them", async () => {
    const [junit, markdown] = [path("hostile.xml"), path("hostile.md")];
    const { stdout } = await check(VETH, hostile, "--junit", junit, "--markdown", markdown);
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
    const xml = readFileSync(junit, "utf8");
    expect(xml).toContain('name="&lt;b&gt;&amp;&quot;]]&gt; | `x`');
    const { code } = await bash(
      `python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' ${junit}`,
    );
    expect(code).toBe(0);
    const page = readFileSync(markdown, "utf8");
    expect(page).not.toMatch(/[^\\]<b>|[^\\]`x|[^\\]\[a\]|\n# h/);
  });
});

describe("what is checked", () => {
  test("a database says the same as its recording", async () => {
    expect((await skbtracer("import", VETH, "-o", path("veth.db"))).code).toBe(0);
    const [recorded, stored] = [await check(VETH, mixed), await check(path("veth.db"), mixed)];
    expect(stored).toMatchObject({ code: recorded.code, stdout: recorded.stdout });
  });

  test("a recording on standard input", async () => {
    const { code } = await bash(`$SKBTRACER check - --expect ${good} < ${VETH}`);
    expect(code).toBe(0);
  });

  test("times between functions by both of their names, of a database too", async () => {
    const recording = fileURLToPath(new URL("../fixtures/kernels/vxlan-7.2.skbt", import.meta.url));
    expect((await skbtracer("import", recording, "-o", path("vxlan.db"))).code).toBe(0);
    const list = ["napi_gro_receive", "gro_receive_skb"].map(
      (name) => `  - {name: ${name}, where: {protocol: icmp}, time: {from: ${name}, max: 10s}}\n`,
    );
    const both = expectations("both.yaml", list.join(""));
    for (const file of [recording, path("vxlan.db")])
      expect((await check(file, both)).stdout).toMatch(/\n2 of 2 expectations hold\n$/);
  });

  test("a torn or damaged recording passes nothing that it cannot know", async () => {
    const bytes = readFileSync(VETH);
    const all = expectations("all.yaml", "  - {name: no IPv6, where: {address: '::/0'}, paths: none}\n");
    const torn = path("torn.skbt");
    writeFileSync(torn, bytes.subarray(0, bytes.length * 0.7));
    const damaged = path("damaged.skbt");
    const changed = Buffer.from(bytes);
    changed.fill(0xff, bytes.length * 0.5, bytes.length * 0.5 + 64);
    writeFileSync(damaged, changed);
    for (const file of [torn, damaged]) {
      const { code, stdout, stderr } = await check(file, all);
      expectNoTrace(stderr);
      expect([code, stdout]).toEqual([
        2,
        expect.stringContaining("? no IPv6  cannot tell: 0 packets found, expected none, but "),
      ]);
    }
    expect((await check(VETH, all)).code).toBe(0);
  });

  test("bytes that were changed at random lead to an answer or a refusal", async () => {
    const bytes = readFileSync(VETH);
    for (let i = 0; i < 12; i++) {
      const changed = Buffer.from(bytes);
      for (let j = 0; j < 20; j++) {
        const at = (i * 7919 + j * 104_729) % changed.length;
        changed[at] = (changed[at] ?? 0) ^ (1 << (j % 8));
      }
      writeFileSync(path("changed.skbt"), changed);
      const { code, stderr } = await check(path("changed.skbt"), mixed, "--salvage");
      expectNoTrace(stderr);
      expect([1, 2]).toContain(code);
    }
  });

  test("10,000 expectations", async () => {
    const list = Array.from(
      { length: 10_000 },
      (_, i) =>
        `  - {name: rule ${i}, where: {protocol: tcp, destination_port: ${1000 + i}}, paths: ${1000 + i === 8080 ? "exist" : "none"}}\n`,
    );
    const { code, stdout } = await check(VETH, expectations("many.yaml", list.join("")));
    expect(stdout).toMatch(/\n10000 of 10000 expectations hold\n$/);
    expect(code).toBe(0);
  });
});

describe("what is refused", () => {
  test("nothing to expect, and files that are none", async () => {
    expectRefused(await skbtracer("check", VETH), /what is expected\? --expect FILE\.yaml/);
    expectRefused(await check(VETH, path("none.yaml")), /cannot open .*none\.yaml: no such file/);
    mkdirSync(path("folder"));
    expectRefused(await check(VETH, path("folder")), /folder: it is a folder/);
    expectRefused(await check(VETH, VETH), /not text in UTF-8/);
    expectRefused(await check(path("none.skbt"), good), /none\.skbt: no such file/);
  });

  test("expectations that are wrong, each with its place", async () => {
    const wrong = expectations(
      "wrong.yaml",
      "  - {name: a, wher: {port: 9}}\n  - {name: b, paths: none, outcome: open}\n  - {nam: c}\n",
    );
    const { code, stdout, stderr } = await check(VETH, wrong);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('wrong.yaml:2:15: unknown key "wher": did you mean where?\n');
    expect(stderr).toContain('wrong.yaml:4:6: unknown key "nam": did you mean name?\n');
  });
});

describe("expect", () => {
  test.each(["5.10", "6.1", "6.12", "7.2"].flatMap((kernel) => [`veth-${kernel}`, `bridge-${kernel}`]))(
    "writes what %s satisfies",
    async (name) => {
      const file = path(`${name}.yaml`);
      const { code, stdout } = await bash(
        `$SKBTRACER expect ${fixture(name)} > ${file} && $SKBTRACER check ${fixture(name)} --expect ${file}`,
      );
      expect(stdout).toMatch(/\n(\d+) of \1 expectations hold\n$/);
      expect(code).toBe(0);
    },
  );

  test("so much that another recording does not satisfy it", async () => {
    const { stdout } = await skbtracer("expect", VETH);
    writeFileSync(path("of-veth.yaml"), stdout);
    expect((await check(BRIDGE, path("of-veth.yaml"))).code).toBe(1);
  });

  test("nothing of a recording that is not whole", async () => {
    writeFileSync(path("half.skbt"), readFileSync(VETH).subarray(0, 100_000));
    const { code, stdout, stderr } = await skbtracer("expect", path("half.skbt"));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/what is not known cannot be expected: /);
    expectNoTrace(stderr);
    expectRefused(await skbtracer("expect", "-"), /read twice/);
    // It would give its bytes to the first reading, and none to the second.
    execFileSync("mkfifo", [path("pipe")]);
    expectRefused(await skbtracer("expect", path("pipe")), /read twice.*pipe, which is a pipe/);
  });
});

describe("diff", () => {
  test("is 0 for the same, 1 for others", async () => {
    copyFileSync(VETH, path("copy.skbt"));
    const same = await skbtracer("diff", VETH, path("copy.skbt"));
    expect([same.code, same.stdout]).toEqual([
      0,
      "no difference: 16 flow(s) in both, of 74 and 74 packets\n",
    ]);
    const other = await skbtracer("diff", VETH, BRIDGE);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain(
      "they part after __netif_receive_skb: A enters ip_rcv, B enters br_nf_pre_routing",
    );
  });

  test("tells of two kernels what they do differently", async () => {
    const { code, stdout } = await skbtracer("diff", fixture("veth-6.12"), fixture("veth-7.2"), "--json");
    const rows = stdout.split("\n").filter(Boolean);
    expect(rows.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        difference: "way changed",
        flow: "UDP to port 7777, sent",
        certain: true,
        a: { count: 3, of: 3, way: { drop_function: "__udp4_lib_rcv" } },
        b: { way: { drop_function: "udp_rcv", outcome: "dropped" } },
      },
    ]);
    expect(code).toBe(1);
  });

  test("takes databases", async () => {
    expect((await skbtracer("import", BRIDGE, "-o", path("bridge.db"))).code).toBe(0);
    const [recorded, stored] = [
      await skbtracer("diff", VETH, BRIDGE),
      await skbtracer("diff", VETH, path("bridge.db")),
    ];
    expect(stored.stdout).toBe(recorded.stdout);
  });

  test("is 2 where it cannot tell", async () => {
    writeFileSync(path("cut.skbt"), readFileSync(VETH).subarray(0, 120_000));
    const { code, stderr } = await skbtracer("diff", path("cut.skbt"), path("cut.skbt"));
    expect(stderr).toContain("cannot tell all: A: ");
    expectNoTrace(stderr);
    expect(code).toBe(2);
    expect((await skbtracer("diff", path("cut.skbt"), path("cut.skbt"), "--allow-loss")).code).toBe(0);
  });

  test("is 2 where a filter may have left out what one lacks", async () => {
    expect((await skbtracer("slice", VETH, "-P", "9", "-o", path("nine.skbt"))).code).toBe(0);
    const { code, stdout, stderr } = await skbtracer("diff", VETH, path("nine.skbt"));
    expect(stderr).toContain("different filters: A with no filter, B with --port 9");
    const titles = stdout.split("\n").filter((line) => line.includes("flow vanished"));
    expect(titles.length).toBeGreaterThan(5);
    expect(titles.filter((line) => !line.includes("(not certain: events were lost or left out)"))).toEqual(
      [],
    );
    expect(code).toBe(2);
  });

  test("refuses what it cannot take", async () => {
    expectRefused(await skbtracer("diff", "-", "-"), /only one of the recordings/);
    expectRefused(
      await skbtracer("diff", VETH, BRIDGE, "--threshold", "101"),
      /--threshold: "101" is not a number from 0 to 100/,
    );
    expectRefused(await skbtracer("diff", VETH, BRIDGE, "--time-factor", "-1"), /--time-factor/);
    expectRefused(await skbtracer("diff", VETH), /missing required argument 'b'/);
  });
});
