// Loads bpf/bench.bpf.c and starts the process that runs it.
import { spawn } from "node:child_process";
import { closeSync, existsSync, read, readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Counters } from "../packages/recorder/dist/bpf/counters.js";
import { openLibbpf } from "../packages/recorder/dist/ffi/libbpf.js";
import { mapShared } from "../packages/recorder/dist/ffi/memory.js";
import { describeMachine, onlineCpus } from "../packages/recorder/dist/host/machine.js";
import { PerfRings } from "../packages/recorder/dist/rings/perf-rings.js";
import { blockingPipe } from "./native.mjs";

const OBJECT = fileURLToPath(new URL("../bpf/build/bench.bpf.o", import.meta.url));
const FILLER = fileURLToPath(new URL("filler.mjs", import.meta.url));

/** Descriptors of the filling process. */
export const FILLER_FDS = Object.freeze({ orders: 3, answers: 4, fill: 5, fillNothing: 6 });

/** An event of bpf/bench.bpf.c, and what it takes in a ring: with a header of 8, a length of 4 and padding. */
export const EVENT_BYTES = 144;
export const RECORD_BYTES = 160;

/** Orders to the filling process: which program to run. */
export const FILL = 0;
export const FILL_NOTHING = 1;

const readLater = promisify(read);

/**
 * @param {Float64Array} answer
 * @param {number} bytes read
 */
function answered(answer, bytes) {
  if (bytes !== answer.byteLength) throw new Error("the filling process has died");
  return answer[0] ?? 0;
}

/** The program and the process that runs it. */
export class Filler {
  #child;
  #orders;
  #answers;

  /**
   * @param {number} fillFd
   * @param {number} nothingFd
   */
  constructor(fillFd, nothingFd) {
    const orders = blockingPipe();
    const answers = blockingPipe();
    this.#child = spawn(process.execPath, [FILLER], {
      stdio: ["ignore", "inherit", "inherit", orders.read, answers.write, fillFd, nothingFd],
    });
    closeSync(orders.read);
    closeSync(answers.write);
    this.#orders = orders.write;
    this.#answers = answers.read;
  }

  /**
   * Runs the program on a CPU; this process stands still.
   * @param {number} cpu
   * @param {number} events
   * @returns {number} ns for each event in the kernel
   */
  run(cpu, events) {
    writeSync(this.#orders, Int32Array.of(FILL, cpu, events));
    const answer = new Float64Array(1);
    return answered(answer, readSync(this.#answers, new Uint8Array(answer.buffer)));
  }

  /**
   * Runs the program on a CPU; this process goes on.
   * @param {number} cpu
   * @param {number} events
   * @param {{ output?: boolean }} [options] output: false runs all of the program but the output
   * @returns {Promise<number>} ns for each event in the kernel
   */
  async runMeanwhile(cpu, events, { output = true } = {}) {
    writeSync(this.#orders, Int32Array.of(output ? FILL : FILL_NOTHING, cpu, events));
    const answer = new Float64Array(1);
    const { bytesRead } = await readLater(
      this.#answers,
      new Uint8Array(answer.buffer),
      0,
      answer.byteLength,
      null,
    );
    return answered(answer, bytesRead);
  }

  async close() {
    const ended = new Promise((resolve) => void this.#child.once("exit", resolve));
    closeSync(this.#orders);
    closeSync(this.#answers);
    await ended;
  }
}

/** bpf/bench.bpf.c in the kernel. Needs root. */
export function loadBenchProgram() {
  if (!existsSync(OBJECT)) throw new Error("bpf/build/bench.bpf.o is not there: run make -C bpf bench");
  const libbpf = openLibbpf();
  const object = libbpf.openFile(OBJECT);
  if (!object || libbpf.load(object) < 0) throw new Error(`cannot load ${OBJECT}: ${libbpf.takeMessages()}`);
  /** @param {string} name */
  const programFd = (name) => libbpf.programFd(libbpf.findProgram(object, name));
  const countersMap = libbpf.findMap(object, ".data.counters");
  const memory = mapShared(libbpf.mapFd(countersMap), libbpf.initialValue(countersMap).size);
  const machine = describeMachine();
  const cpus = onlineCpus();
  return {
    libbpf,
    cpus,
    counters: new Counters(memory, machine.cpus),
    /** Zeroes the counters. */
    resetCounters: () => new Uint8Array(memory).fill(0),
    startFiller: () => new Filler(programFd("fill"), programFd("fill_nothing")),
    /**
     * @param {number} bytesPerCpu
     * @param {number} wakeBytes
     */
    makeRings: (bytesPerCpu, wakeBytes) =>
      new PerfRings(libbpf, libbpf.mapFd(libbpf.findMap(object, "events")), {
        pageSize: machine.pageSize,
        onlineCpus: cpus,
        bytesPerCpu,
        wakeBytes,
      }),
    close: () => libbpf.closeObject(object),
  };
}
