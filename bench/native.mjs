// The native functions that only the benchmarks need: running a BPF program, pinning to a CPU, pipes that block.
import { createRequire } from "node:module";

/** @typedef {(...args: unknown[]) => number} Native */

/**
 * The part of koffi that is used here.
 * @typedef {object} Koffi
 * @property {(name: string) => { func: (prototype: string) => unknown }} load
 * @property {(name: string, fields: Record<string, string>) => unknown} struct
 * @property {(type: string) => number} sizeof
 * @property {() => number} errno
 */

// koffi is a dependency of the recorder, and of nothing else.
const require = createRequire(new URL("../packages/recorder/package.json", import.meta.url));
const { default: koffi } = /** @type {{ default: Koffi }} */ (require("koffi"));

const libc = koffi.load("libc.so.6");
const libbpf = koffi.load("libbpf.so.1");

/** libbpf's bpf.h */
koffi.struct("bpf_test_run_opts", {
  sz: "size_t",
  data_in: "const uint8_t *",
  data_out: "void *",
  data_size_in: "uint32_t",
  data_size_out: "uint32_t",
  ctx_in: "const void *",
  ctx_out: "void *",
  ctx_size_in: "uint32_t",
  ctx_size_out: "uint32_t",
  retval: "uint32_t",
  repeat: "int",
  duration: "uint32_t",
  flags: "uint32_t",
  cpu: "uint32_t",
  batch_size: "uint32_t",
});
const OPTIONS_SIZE = koffi.sizeof("bpf_test_run_opts");
const testRun = /** @type {Native} */ (
  libbpf.func("int bpf_prog_test_run_opts(int fd, _Inout_ bpf_test_run_opts *options)")
);
const setAffinity = /** @type {Native} */ (
  libc.func("int sched_setaffinity(int pid, size_t size, void *mask)")
);
const pipe2 = /** @type {Native} */ (libc.func("int pipe2(void *fds, int flags)"));

const O_CLOEXEC = 0o2000000;

/** Any packet will do: an Ethernet header and some zeros. */
const PACKET = Buffer.alloc(64);

/**
 * Runs a program on the current CPU with BPF_PROG_TEST_RUN.
 * @param {number} programFd
 * @param {number} repeat
 * @returns {number} ns for each run, on average, as the kernel measured it
 */
export function runProgram(programFd, repeat) {
  const options = { sz: OPTIONS_SIZE, data_in: PACKET, data_size_in: PACKET.length, repeat, duration: 0 };
  if (testRun(programFd, options) < 0)
    throw new Error(`BPF_PROG_TEST_RUN failed with errno ${koffi.errno()}`);
  return options.duration;
}

/**
 * Lets the calling thread run on these CPUs only.
 * @param {readonly number[]} cpus
 */
export function pinTo(cpus) {
  const mask = new Uint8Array(128);
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  if (setAffinity(0, mask.length, mask) < 0) throw new Error(`cannot run on CPUs ${cpus.join(",")}`);
}

/** @returns {{ read: number, write: number }} the ends of a pipe that blocks: Node's own do not */
export function blockingPipe() {
  const fds = new Int32Array(2);
  if (pipe2(fds, O_CLOEXEC) < 0) throw new Error("pipe2 failed");
  return { read: fds[0] ?? -1, write: fds[1] ?? -1 };
}

const getrusage = /** @type {Native} */ (libc.func("int getrusage(int who, void *usage)"));
const RUSAGE_CHILDREN = -1;

/** @returns {number} CPU seconds of the children that have ended */
export function childrenCpuSeconds() {
  const usage = new BigInt64Array(18);
  getrusage(RUSAGE_CHILDREN, usage);
  const [userSeconds = 0n, userMicroseconds = 0n, systemSeconds = 0n, systemMicroseconds = 0n] = usage;
  return Number(userSeconds + systemSeconds) + Number(userMicroseconds + systemMicroseconds) / 1e6;
}
