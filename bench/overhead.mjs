// What recording costs the traffic: UDP through a veth pair in a virtual machine, alone, with skbtracer and with pwru.
// Usage: node bench/overhead.mjs [SUITE], a Debian suite whose kernel is booted. Needs root.
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { run } from "../test/vm/harness/command.mjs";
import { prepareKernel } from "../test/vm/harness/kernels.mjs";
import { runInVm } from "../test/vm/harness/vm.mjs";
import { median, printResult } from "./measure.mjs";
import { FUNCTIONS, FUNCTIONS_PATTERN } from "./overhead/functions.mjs";
import { preparePwru } from "./overhead/pwru.mjs";

const ROUNDS = 5;
const SECONDS = 4;
const TOOLS = Object.freeze(
  /** @type {const} */ (["none", "ten", "default", "everything", "pwru", "pwru-track"]),
);
const COUNTED = "counted";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CLI = here("../packages/cli/bin/skbtracer.js");

/** @typedef {{ name: string, type: string, runs: number, nsEach: number }} ProgramRuns */

/**
 * What one tool did in one round.
 * @typedef {object} ToolRun
 * @property {string} tool
 * @property {number} packetsPerSecond that arrived in the other namespace
 * @property {number | null} cpuShare of the tool's process, in CPUs
 * @property {number | null} events in its file
 * @property {number | null} eventsPerPacket
 * @property {number | null} bytesPerEvent of skbtracer's events in their rings
 * @property {number | null} lost as the tool itself says
 * @property {boolean | null} allAccountedFor whether events and losses add up to what the probes attempted
 * @property {ProgramRuns[]} programs
 */

/**
 * @param {string} folder
 * @param {string} name
 */
async function readText(folder, name) {
  return readFile(join(folder, name), "utf8").catch(() => null);
}

/**
 * The BPF programs that ran, where the kernel counted.
 * @param {string} folder
 * @returns {Promise<ProgramRuns[]>}
 */
async function programsOf(folder) {
  /** @type {{ name?: string, type: string, run_cnt?: number, run_time_ns?: number }[]} */
  const programs = JSON.parse((await readText(folder, "programs.json")) || "[]");
  return programs
    .filter(({ type, run_cnt: runs = 0 }) => runs > 0 && type !== "tracing")
    .map(({ name = "", type, run_cnt: runs = 0, run_time_ns: ns = 0 }) => ({
      name,
      type,
      runs,
      nsEach: Math.round(ns / runs),
    }));
}

/**
 * @param {string} folder
 * @param {typeof TOOLS[number]} tool
 * @returns {Promise<ToolRun | undefined>} undefined if the tool did not run
 */
async function readRun(folder, tool) {
  const packetsText = await readText(folder, "packets.txt");
  const iperf = JSON.parse((await readText(folder, "iperf.json")) || "{}");
  const seconds = iperf.end?.sum?.seconds;
  if (packetsText === null || !seconds) return undefined;
  const packets = Number(packetsText);
  const ticks = await readText(folder, "ticks.txt");
  const base = {
    tool,
    packetsPerSecond: Math.round(packets / seconds),
    cpuShare: ticks === null ? null : Number(ticks) / 100 / seconds,
    programs: await programsOf(folder),
  };
  if (tool === "none")
    return {
      ...base,
      events: null,
      eventsPerPacket: null,
      bytesPerEvent: null,
      lost: null,
      allAccountedFor: null,
    };
  if (tool.startsWith("pwru")) {
    const events = Number(await readText(folder, "lines.txt"));
    // It has no word for losses.
    return {
      ...base,
      events,
      eventsPerPacket: events / packets,
      bytesPerEvent: null,
      lost: null,
      allAccountedFor: null,
    };
  }
  const info = JSON.parse(
    await run(process.execPath, [CLI, "info", "--json", join(folder, "recording.skbt")]),
  );
  return {
    ...base,
    events: info.events,
    eventsPerPacket: info.events / packets,
    bytesPerEvent: info.bytes_per_event,
    lost: info.lost,
    allAccountedFor: info.missing === 0 && info.events + info.lost === info.stats.counters.attempts,
  };
}

/**
 * @param {ToolRun[][]} rounds
 * @param {typeof TOOLS[number]} tool
 */
function summarize(rounds, tool) {
  const runs = rounds.flatMap((round) => round.filter((one) => one.tool === tool));
  /**
   * The median of a figure's ratio to another tool's in the same round.
   * @param {typeof TOOLS[number]} other
   */
  const times = (other) =>
    median(
      rounds.flatMap((round) => {
        const mine = round.find((one) => one.tool === tool);
        const its = round.find((one) => one.tool === other);
        return mine && its ? [mine.packetsPerSecond / its.packetsPerSecond] : [];
      }),
    );
  /** @param {(run: ToolRun) => number | null} figure */
  const middle = (figure) => {
    const values = runs.map(figure).filter((value) => value !== null);
    return values.length > 0 ? median(values) : null;
  };
  return {
    runs: runs.length,
    packetsPerSecond: middle((one) => one.packetsPerSecond),
    ofNone: times("none"),
    timesPwru: times("pwru"),
    timesPwruTrack: times("pwru-track"),
    bytesPerEvent: middle((one) => one.bytesPerEvent),
    cpuShare: middle((one) => one.cpuShare),
    eventsPerPacket: middle((one) => one.eventsPerPacket),
    lost: middle((one) => one.lost),
    allAccountedFor: runs.every((one) => one.allAccountedFor !== false),
  };
}

const [suite = "bookworm"] = process.argv.slice(2);
const kernel = await prepareKernel(suite);
const pwru = await preparePwru();
const out = mkdtempSync(join(tmpdir(), "skbtracer-overhead-"));
process.once("exit", () => rmSync(out, { recursive: true, force: true }));
const vm = await runInVm({
  kernel,
  script: here("overhead/guest.sh"),
  out,
  memoryMiB: 4096,
  isParallel: true,
  timeoutSeconds: 1800,
  modules: ["af_packet", "veth"],
  env: {
    SKBTRACER: `${process.execPath} ${CLI}`,
    FUNCTIONS: FUNCTIONS.join(","),
    TEN: `${process.execPath} ${here("overhead/record-ten.mjs")}`,
    PWRU: pwru.program,
    PATTERN: FUNCTIONS_PATTERN,
    RUNS: String(ROUNDS),
    SECONDS_EACH: String(SECONDS),
  },
});
if (vm.status !== 0) throw new Error(`the guest's script failed: ${vm.stderr}`);
if (vm.stderr) process.stderr.write(vm.stderr);

/** @param {string} name */
async function readRound(name) {
  const there = new Set(await readdir(out));
  const runs = [];
  for (const tool of TOOLS) {
    if (there.has(`${tool}-${name}`)) runs.push(await readRun(join(out, `${tool}-${name}`), tool));
  }
  return runs.filter((one) => one !== undefined);
}

/** @type {ToolRun[][]} */
const rounds = [];
for (let i = 1; i <= ROUNDS; i++) rounds.push(await readRound(String(i)));
const counted = await readRound(COUNTED);

printResult({
  kernel: kernel.release,
  pwru: pwru.version,
  pwruBackend:
    /via (\S+?)\)/.exec((await readText(join(out, "pwru-1"), "stderr.txt")) ?? "")?.[1] ?? "unknown",
  functions: FUNCTIONS,
  rounds: ROUNDS,
  seconds: SECONDS,
  tools: Object.fromEntries(TOOLS.map((tool) => [tool, summarize(rounds, tool)])),
  counted: Object.fromEntries(
    counted.map(({ tool, programs, events, eventsPerPacket, packetsPerSecond }) => {
      const hits = programs.reduce((sum, { runs }) => sum + runs, 0);
      return [
        tool,
        {
          packetsPerSecond,
          events,
          eventsPerPacket,
          hits,
          written: events === null ? null : events / hits,
          programs,
        },
      ];
    }),
  ),
  all: rounds,
});
