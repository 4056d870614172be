// Runs a program to its end, keeping what it says until somebody needs it.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL("../", import.meta.url));

/**
 * How a program ended.
 * @typedef {object} Ended
 * @property {number} status 0: success. 127: it could not be started. 128 and more: it was killed by a signal
 * @property {string} stdout
 * @property {string} output stdout and stderr, as they came
 */

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] default: the repository
 * @property {Record<string, string | undefined>} [env] in addition to this program's own
 * @property {number} [timeoutMs] it is killed, with its children, after this time
 */

/** Programs that run, each the leader of a process group: they end with this program. */
const running = /** @type {Set<import("node:child_process").ChildProcess>} */ (new Set());

/** @param {NodeJS.Signals} signal */
function killAll(signal) {
  for (const child of running) killGroup(child, signal);
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} signal
 */
function killGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

const SIGNALS = /** @type {const} */ ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 });

/**
 * From now on Ctrl-C ends what runs too: it is in groups of its own, which the terminal does not signal.
 * @returns {() => void} undoes this
 */
export function endWithChildren() {
  const end = (/** @type {keyof typeof SIGNALS} */ signal) => {
    killAll("SIGTERM");
    process.exit(SIGNALS[signal]);
  };
  const signals = /** @type {(keyof typeof SIGNALS)[]} */ (Object.keys(SIGNALS));
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

/**
 * Runs a program to its end, however it ends.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Ended>}
 */
export function run(program, args, { cwd = ROOT, env = {}, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            output += `\nended after ${timeoutMs / 1000} s\n`;
            killGroup(child, "SIGKILL");
          }, timeoutMs);
    /** @param {number} status */
    const end = (status) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ status, stdout, output });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      end(127);
    });
    child.on("close", (code) => end(code ?? 128));
  });
}

/** A program that was missing, or ended with another status than 0. The message holds all that it said. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {Ended} ended
   */
  constructor(command, { status, output }) {
    super(`this failed (status ${status}): ${command}\n${output.trim()}`);
    this.name = "CommandFailed";
  }
}

/**
 * Runs a program that is to succeed.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} its standard output
 * @throws {CommandFailed}
 */
export async function mustRun(program, args, options) {
  const ended = await run(program, args, options);
  if (ended.status !== 0) throw new CommandFailed([program, ...args].join(" "), ended);
  return ended.stdout;
}

/**
 * @param {string} program
 * @returns {boolean} whether a folder of PATH has it
 */
export function onPath(program) {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
