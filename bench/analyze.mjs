// What answers cost: whole commands on large recordings, made by repeating a real one, against sqlite3 and DuckDB doing
// the nearest thing to it with the same rows.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { DuckDBInstance } from "@duckdb/node-api";

import { median, printResult, round, TMPFS } from "./measure.mjs";
import { multiply } from "./multiply.mjs";

const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const SOURCE = fileURLToPath(new URL("../fixtures/v1/bridge-6.1.skbt", import.meta.url));
const EVENTS = 2_000_000;
const RUNS = 3;
/** Memory is compared between these. */
const SMALL = 1_000_000;
const LARGE = 10_000_000;
const POLL_MS = 20;

const folder = mkdtempSync(join(TMPFS, "skbtracer-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = (/** @type {string} */ name) => join(folder, name);

/**
 * How long something took, and of all its threads together the time on CPUs: that tells more where others are at work.
 * @typedef {{ seconds: number, cpuSeconds: number }} Run
 */

/** Of the kernel's clock that processes' times are counted by. */
const TICKS_PER_SECOND = 100;

/**
 * User and system time of a process, in seconds.
 * @param {string} stat of proc(5)
 */
function cpuSecondsOf(stat) {
  // The fields behind the name, which may have spaces in it: the third is the first of them.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<Run & { mib: number }>} with the most memory that it had
 */
async function timed(program, args) {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  let kib = 0;
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    try {
      const [, most = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      kib = Math.max(kib, Number(most));
      cpuSeconds = Math.max(cpuSeconds, cpuSecondsOf(readFileSync(`/proc/${child.pid}/stat`, "utf8")));
    } catch {
      // It has just ended.
    }
  }, POLL_MS);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${errors}`);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds, mib: kib / 1024 };
}

/** @param {...string} args */
const skbtracer = (...args) => timed(process.execPath, [CLI, ...args]);

/** @param {string} name */
const size = (name) => statSync(path(name)).size;

/**
 * The same rows into a table without an index, as the schema has the columns.
 * @param {string} csv
 */
async function sqliteImport(csv) {
  rmSync(path("plain.db"), { force: true });
  const columns = String(
    execFileSync("sqlite3", [
      path("import.db"),
      "select group_concat('\"' || name || '\" ' || case when name in ('recording','kind','function','interface','protocol','info','source','destination') then 'TEXT' else 'INTEGER' end) from pragma_table_info('events')",
    ]),
  );
  writeFileSync(
    path("import.sql"),
    `create table events(${columns});\n.import --csv --skip 1 ${csv} events\n`,
  );
  return timed("bash", ["-c", `exec sqlite3 ${path("plain.db")} < ${path("import.sql")}`]);
}

/** @param {string} csv */
async function duckdbParquet(csv) {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const started = performance.now();
  const before = process.cpuUsage();
  await connection.run(`copy (from read_csv('${csv}')) to '${path("duckdb.parquet")}' (format parquet)`);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  connection.closeSync();
  instance.closeSync();
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

const recording = path("recording.skbt");
const events = multiply(SOURCE, EVENTS, recording);
const csv = path("events.csv");
await skbtracer("export", recording, "--table", "events", "--format", "csv", "-o", csv);

/** @type {Record<string, () => Promise<Run>>} */
const STEPS = {
  import: () => skbtracer("import", recording, "-o", path("import.db"), "--force"),
  sqlite: () => sqliteImport(csv),
  arrow: () => skbtracer("import", recording, "-o", path("import.arrow"), "--force"),
  drops: () => skbtracer("drops", recording),
  summary: () => skbtracer("paths", "--summary", recording),
  parquet: () =>
    skbtracer(
      "export",
      recording,
      "--table",
      "events",
      "--format",
      "parquet",
      "-o",
      path("ours.parquet"),
      "--force",
    ),
  duckdb: () => duckdbParquet(csv),
};
/** @type {Record<string, number[]>} */
const seconds = {};
/** @type {Record<string, number[]>} */
const cpuSeconds = {};
const load = [loadavg()[0] ?? 0];
for (let run = 0; run < RUNS; run++)
  for (const [name, step] of Object.entries(STEPS)) {
    const took = await step();
    (seconds[name] ??= []).push(took.seconds);
    (cpuSeconds[name] ??= []).push(took.cpuSeconds);
  }
load.push(loadavg()[0] ?? 0);
const sizes = {
  ours: size("ours.parquet"),
  duckdb: size("duckdb.parquet"),
  database: size("import.db"),
  recording: size("recording.skbt"),
};
for (const name of ["import.db", "plain.db", "events.csv"]) rmSync(path(name));
rmSync(path("import.arrow"), { recursive: true });

/** @type {{ events: number, mib: number, seconds: number }[]} */
const memory = [];
for (const count of [SMALL, LARGE]) {
  const made = multiply(SOURCE, count, recording);
  const run = await skbtracer("import", recording, "-o", path("import.db"), "--force");
  memory.push({ events: made, mib: round(run.mib), seconds: round(run.seconds, 1) });
}

const rates = Object.fromEntries(
  Object.entries(seconds).map(([name, all]) => [name, round(events / median(all))]),
);
printResult({ events, rates, seconds, cpuSeconds, load, sizes, memory });
