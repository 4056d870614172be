// What draining costs: rings filled by BPF_PROG_TEST_RUN, drained into tmpfs by the recorder's own Recording.
// The filling is another process's, and this one stands still meanwhile: its CPU time is the recorder's.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { RecordingReader } from "../packages/format/dist/index.js";
import { readRecording } from "../packages/cli/dist/io/recording-file.js";
import { timeStages } from "./drain-stages.mjs";
import { medians, printResult, round, TMPFS } from "./measure.mjs";
import { childrenCpuSeconds } from "./native.mjs";
import { recordRings } from "./record-rings.mjs";
import { EVENT_BYTES, loadBenchProgram, RECORD_BYTES } from "./start-filler.mjs";

/** The recorder's default, and its watermark. */
const RING_BYTES = 8 << 20;
const WAKE_BYTES = RING_BYTES / 4;
/** A CPU's events between two drains: just past the watermark, so that the recorder does not wait. */
const BURST = Math.ceil(WAKE_BYTES / RECORD_BYTES) + 100;
/** As many as fit: what a recorder meets that is not quick enough. */
const FULL = Math.floor(RING_BYTES / RECORD_BYTES) - 10;

const LONG_EVENTS = 20_000_000;
const RSS_AT = Object.freeze([1_000_000, 5_000_000, 10_000_000, 20_000_000]);
const SHORT_EVENTS = 4_000_000;
const SHORT_RUNS = 7;

/** @typedef {ReturnType<typeof loadBenchProgram>} BenchProgram */

/**
 * @typedef {object} Load
 * @property {number} events in all
 * @property {number} burst events of a CPU between two drains
 * @property {(drained: number) => void} [onDrained] told before each filling
 */

/**
 * Real rings that are filled again whenever they have been drained.
 * @param {BenchProgram} program
 * @param {import("./start-filler.mjs").Filler} filler
 * @param {Load} load
 */
function refilledRings(program, filler, { events, burst, onDrained }) {
  const rings = program.makeRings(RING_BYTES, WAKE_BYTES);
  let filled = 0;
  let drained = 0;
  let drainMs = 0;
  let readyAt = 0;
  const fill = () => {
    for (const cpu of program.cpus) {
      const now = Math.min(burst, events - filled);
      if (now > 0) filler.run(cpu, now);
      filled += now;
    }
    readyAt = performance.now();
  };
  return {
    /** What was drained and how long it took, all that the recorder does in between included; filling is not. */
    drains: () => ({ events: drained, ms: drainMs }),
    fill,
    epollFd: rings.epollFd,
    *unread() {
      yield* rings.unread();
      if (filled >= events) return;
      drainMs += performance.now() - readyAt;
      drained = filled;
      onDrained?.(drained);
      fill();
    },
    close: () => rings.close(),
  };
}

/**
 * @param {BenchProgram} program
 * @param {import("./start-filler.mjs").Filler} filler
 * @param {string} path
 * @param {Load} load
 */
async function drain(program, filler, path, load) {
  const { events } = load;
  program.resetCounters();
  const rings = refilledRings(program, filler, load);
  rings.fill();
  const before = process.resourceUsage();
  const recording = recordRings({ path, rings, ...program }, { count: events });
  const summary = await recording.done;
  const after = process.resourceUsage();
  if (summary.error || summary.lost > 0 || summary.events !== events)
    throw new Error(`not a good run: ${JSON.stringify(summary)}`);
  const drains = rings.drains();
  const user = after.userCPUTime - before.userCPUTime;
  const system = after.systemCPUTime - before.systemCPUTime;
  return {
    userNsPerEvent: (user * 1000) / events,
    systemNsPerEvent: (system * 1000) / events,
    bytesPerCpuSecond: (events * RECORD_BYTES) / ((user + system) / 1e6),
    bytesPerSecond: (drains.events * RECORD_BYTES) / (drains.ms / 1000),
  };
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  const cpuBefore = childrenCpuSeconds();
  const started = performance.now();
  execFileSync("cp", [from, to]);
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = childrenCpuSeconds() - cpuBefore;
  const { size } = statSync(to);
  rmSync(to);
  return { bytesPerSecond: size / seconds, bytesPerCpuSecond: size / cpuSeconds };
}

/**
 * @param {string} path
 * @returns {Promise<number>} events that a reader finds
 */
async function eventsIn(path) {
  const reader = new RecordingReader({ mode: "strict" });
  for await (const batch of readRecording(path, reader)) void batch;
  return reader.events;
}

const folder = mkdtempSync(join(TMPFS, "skbtracer-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "recording");
const program = loadBenchProgram();
const filler = program.startFiller();

/**
 * Recordings and copies of one in turns, each into memory that the one before has just given back: memory that the
 * hypervisor has to find first costs several times as much.
 * @param {number} burst
 */
async function compareWithCp(burst) {
  const load = { events: SHORT_EVENTS, burst };
  const source = join(folder, "source");
  await drain(program, filler, source, load);
  const copied = () => copy(source, join(folder, "copy"));
  copied();
  const runs = [];
  for (let i = 0; i < SHORT_RUNS; i++) {
    const run = await drain(program, filler, path, load);
    rmSync(path);
    const cp = copied();
    runs.push({
      ...run,
      cpBytesPerSecond: cp.bytesPerSecond,
      cpBytesPerCpuSecond: cp.bytesPerCpuSecond,
      ofCp: run.bytesPerSecond / cp.bytesPerSecond,
      ofCpByCpu: run.bytesPerCpuSecond / cp.bytesPerCpuSecond,
    });
  }
  rmSync(source);
  return { ...load, ...medians(runs), runs };
}

const atWatermark = await compareWithCp(BURST);
const atFullRings = await compareWithCp(FULL);

/** @type {{ events: number, mib: number }[]} */
const resident = [];
const long = await drain(program, filler, path, {
  events: LONG_EVENTS,
  burst: BURST,
  onDrained: (drained) => {
    const next = RSS_AT[resident.length];
    // The last burst is drained when the recording ends.
    if (next !== undefined && drained >= next - 2 * BURST * program.cpus.length)
      resident.push({ events: next, mib: round(process.memoryUsage().rss / 2 ** 20, 1) });
  },
});
const found = await eventsIn(path);
rmSync(path);
const rings = program.makeRings(RING_BYTES, WAKE_BYTES);
const stages = timeStages(program, filler, rings, path, BURST);
rings.close();
await filler.close();
program.close();

printResult({
  eventBytes: EVENT_BYTES,
  recordBytes: RECORD_BYTES,
  ringBytes: RING_BYTES,
  atWatermark,
  atFullRings,
  long: { ...long, events: LONG_EVENTS, found, resident },
  stages,
});
