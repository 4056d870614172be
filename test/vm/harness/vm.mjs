// Boots a kernel under qemu with the host's file tree inside and runs one script there. Plain emulation, no KVM.
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { prepareInitramfs } from "./initramfs.mjs";

/**
 * @typedef {object} VmOptions
 * @property {import("./kernels.mjs").Kernel} kernel
 * @property {string} script host path of a bash script; the guest sees the same path, so not below /run, /dev, /proc, /sys
 * @property {string} out host folder, made if absent, writable in the guest as /out. What the last run left there of
 *   stdout.txt, stderr.txt, .status and .vm is removed; the rest stays
 * @property {number} [timeoutSeconds]
 * @property {number} [memoryMiB] half of it can hold files that the guest writes outside /out
 * @property {number} [cpus]
 * @property {boolean} [isParallel] they run at the same time, which is quicker where nothing else does, and less sure
 * @property {readonly string[]} [modules] loaded before the script; default: DEFAULT_MODULES
 * @property {Readonly<Record<string, string>>} [env] added to PATH, HOME, LANG and OUT=/out
 */

/**
 * @typedef {object} VmResult
 * @property {number} status the script's exit status
 * @property {string} stdout of the script; also in stdout.txt in the output folder
 * @property {string} stderr of the script; also in stderr.txt
 * @property {string} console all that came out of the serial port, script and kernel
 * @property {string | null} oops the kernel's own words if it reported a bug but went on
 * @property {number} seconds from starting qemu to its end
 */

/** The guest did not get to the end of the script. */
export class VmFailed extends Error {
  /**
   * @param {"timeout" | "oops" | "no status" | "not started"} reason
   * @param {string} what
   * @param {string} consoleText
   */
  constructor(reason, what, consoleText) {
    const last = consoleText.trimEnd().split("\n").slice(-40).join("\n");
    super(`${what}\n--- last lines of the console ---\n${last}`);
    this.name = "VmFailed";
    this.reason = reason;
    this.console = consoleText;
  }
}

const GUEST_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/tmp",
  LANG: "C",
  OUT: "/out",
};

/**
 * Measured with these settings on 2 idle cores, an empty script from start to end of qemu, and the first and second
 * `node -e 1`: 5.10 4.2 s, 3.2 s, 0.4 s (its 9p reads one page a request); 6.1 5.0, 1.3, 0.4; 6.12 4.9, 1.3, 0.4;
 * 7.2 5.9, 1.5, 0.5. About 2.4 s of it is the kernel's boot, and 1 to 2.5 s the modules. `la57=off` makes no difference.
 * - `thread=single`: the guest's CPUs take turns. With a thread for each, the emulator now and then trips over code that
 *   one patches while another runs it, as attaching a probe does (an int3 oops: some 1 in 20 guests). Where two guests
 *   run on two CPUs it also is quicker: four recordings in 57 s, and in 72 s with `thread=multi`.
 * - `-cpu Nehalem`: what a later CPU saves at each switch, and its instructions for copying, cost more to emulate than they
 *   save: the four recordings took 47 s, and 60 s with `-cpu max`.
 * - `tsc=reliable`: without it the clock is read from an emulated device.
 * - `init_on_alloc=0`: Debian's kernels zero what they allocate, and until 6.1 9p allocates its largest message for every
 *   request: 500 small writes to /out took 1.7 s on 5.10 with it and take 0.1 s without.
 * - `rcu_expedited=1`: the end of a probe waits for RCU's grace periods, some 0.1 s each: 60 of them 9 s at the end of a
 *   recording on kernels that have no kprobe-multi.
 * - `maxcpus=1`: init brings the others up, for the same reason as `thread=single`.
 * - `oops=panic panic=-1`: a kernel bug ends the run at once instead of at the timeout.
 */
const COMMAND_LINE = [
  "console=ttyS0 quiet panic=-1 oops=panic nowatchdog mitigations=off",
  "tsc=reliable no_timer_check init_on_alloc=0 random.trust_cpu=on rcupdate.rcu_expedited=1 maxcpus=1",
].join(" ");

/** Lines that only the kernel writes: they begin with its time stamp. */
const OOPS = /^\[ *\d+\.\d+\].*(Kernel panic|BUG:|Oops:|kernel BUG|general protection fault).*$/m;

/**
 * Runs `script` in a fresh guest as root. It may change any file but those changes, except to /out, end with the guest.
 * There is no network but what the script makes. Needs root on the host, for the guest reads all of its files.
 * @param {VmOptions} options
 * @returns {Promise<VmResult>}
 * @throws {VmFailed} when it timed out, the kernel died, or qemu did not start
 */
export async function runInVm(options) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(options);
    } catch (error) {
      // What dies before the script begins says nothing of the script, nor does the emulator's own fault.
      const isOops = error instanceof VmFailed && error.reason === "oops";
      const saysNothing = isOops && (!BOOTED.test(error.console) || EMULATOR_FAULT.test(error.console));
      if (!saysNothing || attempt === ATTEMPTS) throw error;
      console.warn(`the guest died, attempt ${attempt} of ${ATTEMPTS}: ${error.message.split("\n")[0]}`);
    }
  }
}

const ATTEMPTS = 3;

/** The trap of a breakpoint that is no longer there: no program can cause it. See `thread=single`. */
const EMULATOR_FAULT = /^\[ *\d+\.\d+\].*\bint3: 0000/m;

/** What init says before it runs the script. */
const BOOTED = /^init: kernel up/m;

/**
 * @param {VmOptions} options
 * @returns {Promise<VmResult>}
 */
async function runOnce(options) {
  if (process.getuid?.() !== 0) throw new VmFailed("not started", "runInVm needs root", "");
  const { kernel, memoryMiB = 2048, cpus = 2, isParallel = false, timeoutSeconds = 240 } = options;
  const out = resolve(options.out);
  await writePlan(out, options);
  const initramfs = await prepareInitramfs(kernel, options.modules);
  const args = [
    ["-M", "q35", "-accel", `tcg,thread=${isParallel ? "multi" : "single"}`, "-cpu", "Nehalem"],
    ["-smp", `${cpus}`, "-m", `${memoryMiB}`],
    ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"],
    ["-kernel", kernel.image, "-initrd", initramfs, "-append", COMMAND_LINE],
    share("host", "/", "readonly=on"),
    share("out", out, "readonly=off"),
  ].flat();
  const started = performance.now();
  const { text, timedOut, problem } = await runQemu(args, timeoutSeconds);
  const seconds = (performance.now() - started) / 1000;
  const oops = OOPS.exec(text)?.[0] ?? null;
  const status = await readFile(join(out, ".status"), "utf8").catch(() => "");
  const where = `kernel ${kernel.release}, after ${seconds.toFixed(0)} s`;
  if (timedOut) throw new VmFailed("timeout", `script not done in ${timeoutSeconds} s (${where})`, text);
  if (problem) throw new VmFailed("not started", `qemu: ${problem}`, text);
  if (!status.trim()) {
    throw new VmFailed(
      oops ? "oops" : "no status",
      `guest died: ${oops ?? "it left no status"} (${where})`,
      text,
    );
  }
  const [stdout, stderr] = await Promise.all(
    ["stdout.txt", "stderr.txt"].map((name) => readFile(join(out, name), "utf8").catch(() => "")),
  );
  return { status: Number(status), stdout: stdout ?? "", stderr: stderr ?? "", console: text, oops, seconds };
}

/**
 * A folder of the host for the guest to mount.
 * @param {string} tag
 * @param {string} path
 * @param {string} access
 * @returns {string[]}
 */
function share(tag, path, access) {
  // A comma in a value of a qemu option is written twice.
  const quoted = path.replaceAll(",", ",,");
  const source = `local,id=${tag},path=${quoted},security_model=none,multidevs=remap,${access}`;
  return ["-fsdev", source, "-device", `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`];
}

/**
 * Writes what init.sh reads in /out/.vm, and removes what an earlier run left.
 * @param {string} out
 * @param {VmOptions} options
 */
async function writePlan(out, { kernel, script, env = {} }) {
  await mkdir(out, { recursive: true });
  for (const name of [".vm", ".status", "stdout.txt", "stderr.txt"]) {
    await rm(join(out, name), { recursive: true, force: true });
  }
  await mkdir(join(out, ".vm"));
  const modules = join(kernel.modulesRoot, "lib/modules", kernel.release);
  await writeFile(join(out, ".vm/settings"), `RELEASE=${quote(kernel.release)}\nMODULES=${quote(modules)}\n`);
  const assignments = Object.entries({ ...GUEST_ENV, ...env }).map(([name, value]) =>
    quote(`${name}=${value}`),
  );
  await writeFile(
    join(out, ".vm/run"),
    `cd /tmp && exec env -i ${assignments.join(" ")} /bin/bash ${quote(resolve(script))}\n`,
  );
}

/**
 * @param {string} word
 * @returns {string} quoted for a shell
 */
function quote(word) {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * @param {string[]} args
 * @param {number} timeoutSeconds
 * @returns {Promise<{ text: string, timedOut: boolean, problem: string }>}
 */
function runQemu(args, timeoutSeconds) {
  return new Promise((done) => {
    const qemu = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let complaint = "";
    let timedOut = false;
    const kill = () => void qemu.kill("SIGKILL");
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutSeconds * 1000);
    process.once("exit", kill);
    qemu.stdout.setEncoding("utf8").on("data", (/** @type {string} */ some) => (text += some));
    qemu.stderr.setEncoding("utf8").on("data", (/** @type {string} */ some) => (complaint += some));
    /** @param {string} problem */
    const end = (problem) => {
      clearTimeout(timer);
      process.off("exit", kill);
      done({ text: text.replaceAll("\r", ""), timedOut, problem });
    };
    qemu.on("error", (error) => end(error.message));
    qemu.on("close", (code) => end(code ? complaint.trim() || `exit status ${code}` : ""));
  });
}
