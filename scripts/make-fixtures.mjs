// Makes the recordings in fixtures/ again: each scenario on each kernel, with what is expected of it.
// Arguments: Debian suites; without any, all.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { kernelsHere, prepareKernel } from "../test/vm/harness/kernels.mjs";
import { runScenarios, SCENARIOS } from "../test/vm/harness/scenarios.mjs";

const run = promisify(execFile);
const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures/v1", import.meta.url));

/** What `info --json` says of a fixture and must go on saying. */
const EXPECTED = [
  "kernel",
  "events",
  "events_by_kind",
  "lost",
  "missing",
  "late",
  "closed",
  "first_ns",
  "last_ns",
  "damage",
  "bytes",
];

/**
 * @param {string[]} args
 * @returns {Promise<string>} what the command printed
 */
async function skbtracer(...args) {
  const { stdout } = await run(process.execPath, [CLI, ...args], {
    maxBuffer: 2 ** 28,
    env: { ...process.env, TZ: "UTC" },
  });
  return stdout;
}

/**
 * Writes what is expected of a recording beside it.
 * @param {string} path of the recording
 */
async function expectOf(path) {
  const info = JSON.parse(await skbtracer("info", "--json", path));
  const kept = Object.fromEntries(EXPECTED.map((name) => [name, info[name]]));
  await writeFile(path.replace(/skbt$/, "expected.json"), `${JSON.stringify(kept, undefined, 2)}\n`);
  await writeFile(
    path.replace(/skbt$/, "expected.txt"),
    await skbtracer("replay", "--iptable", "--dropstack", path),
  );
}

await mkdir(FIXTURES, { recursive: true });
const wanted = process.argv.slice(2);
for (const { suite } of await kernelsHere()) {
  if (wanted.length > 0 && !wanted.includes(suite)) continue;
  const kernel = await prepareKernel(suite);
  const line = kernel.release.split(".").slice(0, 2).join(".");
  const out = await mkdtemp(join(tmpdir(), "skbtracer-fixtures-"));
  const { status, stderr } = await runScenarios(kernel, out);
  if (status !== 0) throw new Error(`the scenarios failed on ${kernel.release}: ${stderr}`);
  for (const scenario of SCENARIOS) {
    const fixture = join(FIXTURES, `${scenario}-${line}.skbt`);
    await copyFile(join(out, scenario, "recording.skbt"), fixture);
    await expectOf(fixture);
    const { length } = await readFile(fixture);
    console.log(`${scenario}-${line}.skbt: ${length} bytes`);
  }
  await rm(out, { recursive: true });
}
