// npm run bench [-- drain wakeups overhead]: measures, stores what was measured, and writes docs/benchmarks.md.
import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, release } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { report, SECTIONS } from "../bench/report.mjs";
import { build } from "./build.mjs";
import { CommandFailed, endWithChildren, mustRun, ROOT, run } from "./run-command.mjs";

const NAMES = Object.keys(SECTIONS);

/** @param {string} name */
const resultPath = (name) => join(ROOT, "bench/results", `${name}.json`);

/** @param {string} name */
async function readStored(name) {
  const text = await readFile(resultPath(name), "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** @returns {Promise<import("../bench/report.mjs").Where>} */
async function where() {
  const commit = await run("git", ["describe", "--always", "--dirty"]);
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? arch(),
    cpus: cpus().length,
    kernel: release(),
    node: process.version,
    commit: commit.status === 0 ? commit.stdout.trim() : "unknown",
  };
}

/** @param {readonly string[]} wanted */
async function bench(wanted) {
  await build((line) => console.log(line));
  await mustRun("make", ["--no-print-directory", "-C", "bpf", "bench"]);
  for (const name of wanted) {
    console.log(`${name}: measuring...`);
    const started = performance.now();
    const result = JSON.parse(await mustRun(process.execPath, [`bench/${name}.mjs`]));
    await writeFile(resultPath(name), `${JSON.stringify({ where: await where(), result }, undefined, 1)}\n`);
    console.log(`\n${SECTIONS[name]?.text(result)}\n`);
    console.log(`${name}: took ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  }
  const stored = Object.fromEntries(
    await Promise.all(NAMES.map(async (name) => [name, await readStored(name)])),
  );
  await writeFile(join(ROOT, "docs/benchmarks.md"), report(stored));
  console.log("written: docs/benchmarks.md");
}

endWithChildren();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(", ")}: there are ${NAMES.join(", ")}`);
  process.exitCode = 2;
} else if (process.getuid?.() !== 0) {
  console.error("the benchmarks need root");
  process.exitCode = 2;
} else {
  try {
    await bench(wanted.length > 0 ? wanted : NAMES);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
