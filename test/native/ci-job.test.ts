// examples/ci/job.sh on this kernel. With kprobes all expectations hold; without, what the tracepoints see is told and the
// rest is not known, which is no success.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { bash, skbtracer } from "./support/cli.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const JOB = fileURLToPath(new URL("../../examples/ci/job.sh", import.meta.url));
const EXPECTATIONS = fileURLToPath(new URL("../../examples/ci/firewall.yaml", import.meta.url));

test("the complete job records, checks, and reports", async () => {
  const out = path("ci");
  const { code, stdout, stderr } = await bash(
    `export SKBTRACER; OUT=${out} GITHUB_STEP_SUMMARY=${path("page.md")} sh ${JOB}`,
  );
  const junit = readFileSync(`${out}/junit.xml`, "utf8");
  expect(stderr).toContain("0 event(s) lost");
  expect(stdout).not.toContain("✗");
  expect(junit).toContain('failures="0"');
  expect(readFileSync(path("page.md"), "utf8")).toBe(readFileSync(`${out}/summary.md`, "utf8"));
  const namespaces = execFileSync("ip", ["netns"], { encoding: "utf8" });
  expect(namespaces).not.toMatch(/ci-(client|server)/);

  const hasKprobes = !stderr.includes("no kprobes");
  if (hasKprobes) {
    expect(stdout).toMatch(/\n(\d+) of \1 expectations hold\n$/);
    expect(code).toBe(0);
    return;
  }
  expect(stdout).toContain("? discard (UDP 9) is dropped by the filter table  cannot tell: ");
  expect(junit).toContain('<error type="cannot tell"');
  expect(code).toBe(2);
});

test("where drops are enough, tracepoints fail what is not as expected, and tell nothing else", async () => {
  const recording = `${path("ci")}/firewall.skbt`;
  const { stdout, stderr, code } = await skbtracer(
    "check",
    recording,
    "--expect",
    EXPECTATIONS,
    "--allow-loss",
  );
  if (stderr.includes("no kprobes")) {
    expect(stdout).toContain("✓ connections to port 81 are refused");
    // NAT is between places that tracepoints see.
    expect(stdout).toContain("not judged: ");
  }
  expect([stdout, code]).toEqual([expect.stringContaining("6 of 6 expectations hold"), 0]);
});

test("the same traffic, recorded twice, makes no difference", async () => {
  const again = await bash(`export SKBTRACER; OUT=${path("again")} sh ${JOB}`);
  expect(again.stderr).toContain("0 event(s) lost");
  const [a, b] = [`${path("ci")}/firewall.skbt`, `${path("again")}/firewall.skbt`];
  // What else the host does is no part of it; its load changes times.
  const { stdout, code } = await skbtracer(
    "diff",
    a,
    b,
    "-H",
    "10.0.0.2",
    "--allow-loss",
    "--time-factor",
    "0",
  );
  expect(stdout).toMatch(/^no difference: \d+ flow\(s\) in both, of \d+ and \d+ packets\n$/);
  expect(code).toBe(0);
});
