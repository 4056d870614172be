// Runs one host program to its end.
import { execFile } from "node:child_process";

/** A program that was missing, or ended with a status other than 0. */
export class CommandFailed extends Error {
  /**
   * @param {string} program
   * @param {string} reason what it said on stderr, or why it could not start
   */
  constructor(program, reason) {
    super(`${program}: ${reason}`);
    this.name = "CommandFailed";
    this.program = program;
    this.reason = reason;
  }
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, input?: string }} [options] `input` is given on stdin
 * @returns {Promise<string>} its stdout
 * @throws {CommandFailed}
 */
export function run(program, args, { cwd, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { cwd, maxBuffer: 64 << 20, env: { ...process.env, LC_ALL: "C" } },
      (error, stdout, stderr) => {
        if (error) reject(new CommandFailed(program, stderr.trim() || error.message));
        else resolve(stdout);
      },
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}
