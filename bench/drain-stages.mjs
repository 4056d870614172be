// Where the time of a drain goes: each of its stages alone, on the same rings, in turns.
import { closeSync, openSync, rmSync, writevSync } from "node:fs";
import { crc32 } from "node:zlib";

import { median } from "./measure.mjs";

const BURSTS = 40;
const TURNS = 5;

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {boolean} [writes] into a new file
 * @property {(spans: Uint8Array[], at: { fd: number, position: number }) => void} run
 */

/** @type {readonly Stage[]} */
const STAGES = Object.freeze([
  { name: "finding the spans", run: () => {} },
  { name: "CRC", run: (spans) => void spans.reduce((crc, span) => crc32(span, crc), 0) },
  { name: "write", writes: true, run: (spans, { fd, position }) => void writevSync(fd, spans, position) },
  {
    name: "CRC and write",
    writes: true,
    run: (spans, { fd, position }) => {
      spans.reduce((crc, span) => crc32(span, crc), 0);
      writevSync(fd, spans, position);
    },
  },
  {
    name: "CRC and write, 256 KiB at a time",
    writes: true,
    run: (spans, { fd, position }) => {
      let at = position;
      for (const span of spans)
        for (let i = 0; i < span.length; i += 1 << 18) {
          const piece = span.subarray(i, i + (1 << 18));
          crc32(piece);
          at += writevSync(fd, [piece], at);
        }
    },
  },
]);

/**
 * @param {ReturnType<typeof import("./start-filler.mjs").loadBenchProgram>} program
 * @param {import("./start-filler.mjs").Filler} filler
 * @param {import("../packages/recorder/dist/rings/perf-rings.js").PerfRings} rings
 * @param {string} path of a file to write
 * @param {number} burst events of a CPU
 * @returns {{ name: string, ns: number }[]} ns an event
 */
export function timeStages(program, filler, rings, path, burst) {
  const times = STAGES.map(() => /** @type {number[]} */ ([]));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, { run, writes }] of STAGES.entries()) {
      rmSync(path, { force: true });
      const at = { fd: writes ? openSync(path, "wx") : -1, position: 0 };
      let ms = 0;
      for (let n = 0; n < BURSTS; n++) {
        for (const cpu of program.cpus) filler.run(cpu, burst);
        const started = performance.now();
        for (const unread of rings.unread()) {
          run(unread.spans, at);
          unread.release();
          at.position += unread.spans.reduce((sum, span) => sum + span.length, 0);
        }
        ms += performance.now() - started;
      }
      times[i]?.push((ms * 1e6) / (BURSTS * program.cpus.length * burst));
      if (writes) closeSync(at.fd);
    }
  }
  rmSync(path, { force: true });
  return STAGES.map(({ name }, i) => ({ name, ns: median(times[i] ?? []) }));
}
