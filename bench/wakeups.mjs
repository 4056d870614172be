// What an event costs the kernel when its reader is woken at every event, and at a quarter of the ring: measured by the
// kernel itself (BPF_PROG_TEST_RUN in another process), while this process is the recorder that waits for the rings.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { median, medians, printResult, TMPFS } from "./measure.mjs";
import { pinTo } from "./native.mjs";
import { recordRings } from "./record-rings.mjs";
import { loadBenchProgram, RECORD_BYTES } from "./start-filler.mjs";

const RING_BYTES = 8 << 20;
/** Half a ring at a time: it passes the watermark, and nothing is lost however late the reader is. */
const BURST = Math.floor(RING_BYTES / 2 / RECORD_BYTES);
const BURSTS = 10;
const ROUNDS = 7;
/** For the reader to have drained all and to wait again. */
const PAUSE_MS = 30;
const FILLED_CPU = 0;

const program = loadBenchProgram();
const filler = program.startFiller();
const folder = mkdtempSync(join(TMPFS, "skbtracer-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "recording");
const others = program.cpus.filter((cpu) => cpu !== FILLED_CPU);
// Threads that are made from now on, which are those that wait, stay there too.
if (others.length > 0) pinTo(others);

/**
 * Fills while a recording runs.
 * @param {number} wakeBytes
 * @returns {Promise<number>} ns for each event
 */
async function costWith(wakeBytes) {
  program.resetCounters();
  const rings = program.makeRings(RING_BYTES, wakeBytes);
  const recording = recordRings({ path, rings, ...program }, {});
  const costs = [];
  for (let i = 0; i < BURSTS; i++) {
    await delay(PAUSE_MS);
    costs.push(await filler.runMeanwhile(FILLED_CPU, BURST));
  }
  recording.stop("done");
  const { events, lost } = await recording.done;
  // A refused event costs less.
  if (lost > 0 || events !== BURST * BURSTS)
    throw new Error(`not a good run: ${events} events, ${lost} lost`);
  return median(costs);
}

const runs = [];
for (let i = 0; i < ROUNDS; i++) {
  const withoutOutput = await filler.runMeanwhile(FILLED_CPU, BURST * BURSTS, { output: false });
  const watermark = await costWith(RING_BYTES / 4);
  const everyEvent = await costWith(0);
  runs.push({ withoutOutput, watermark, everyEvent, times: everyEvent / watermark });
}
await filler.close();
program.close();

printResult({ ringBytes: RING_BYTES, wakeBytes: RING_BYTES / 4, ...medians(runs), runs });
