// How long checking a large recording takes: with one expectation, with ten thousand, and beside it `paths --summary` of
// the same recording in the same minute, which says how fast the host is now. CPU time of the process, in seconds.
// Usage: node bench/check.mjs [EVENTS]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { median, printResult, round, TMPFS } from "./measure.mjs";
import { multiply } from "./multiply.mjs";

const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../fixtures/v1/veth-6.1.skbt", import.meta.url));
const EXPECTATIONS = 10_000;
const RUNS = 3;

/** @param {number} count */
function expectations(count) {
  const list = Array.from(
    { length: count },
    (_, i) =>
      `  - name: rule ${i}\n    where: {protocol: tcp, source: 10.${i % 250}.${i % 99}.0/24, destination_port: ${i}}\n    paths: none\n`,
  );
  return `expectations:\n${list.join("")}`;
}

/**
 * CPU seconds of skbtracer, whose answer may be "no".
 * @param {readonly string[]} args
 */
function seconds(args) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1 || [ $? = 1 ]';
  const { stdout } = {
    stdout: execFileSync("bash", ["-c", `{ ${script}; } 2>&1`, "-", process.execPath, CLI, ...args]),
  };
  return String(stdout)
    .trim()
    .split(" ")
    .reduce((sum, one) => sum + Number(one), 0);
}

const folder = mkdtempSync(join(TMPFS, "skbtracer-bench-"));
try {
  const recording = join(folder, "large.skbt");
  const events = multiply(SOURCE, Number(process.argv[2] ?? 1_000_000), recording);
  const [one, many] = [1, EXPECTATIONS].map((count) => {
    const path = join(folder, `${count}.yaml`);
    writeFileSync(path, expectations(count));
    return path;
  });
  /** @param {() => number} measure */
  const middle = (measure) => round(median(Array.from({ length: RUNS }, measure)), 2);
  printResult({
    events,
    expectations: EXPECTATIONS,
    summary_s: middle(() => seconds(["paths", "--summary", recording])),
    one_s: middle(() => seconds(["check", recording, "--expect", one ?? ""])),
    many_s: middle(() => seconds(["check", recording, "--expect", many ?? ""])),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
