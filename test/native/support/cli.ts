// Runs the real command in these tests, and other programs beside it.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ChunkScanner, ChunkType } from "@skbtracer/format";

export const CLI: string = fileURLToPath(new URL("../../../packages/cli/bin/skbtracer.js", import.meta.url));

/** What a run left. */
export interface RunResult {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<RunResult>;
}

const running = new Set<ChildProcess>();

/** Starts a program; with `input` its standard input is a pipe. */
export function start(
  program: string,
  args: readonly string[],
  input: "ignore" | "pipe" = "ignore",
): Running {
  const child = spawn(program, args, { stdio: [input, "pipe", "pipe"] });
  running.add(child);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (data: Buffer) => stdout.push(data));
  child.stderr?.on("data", (data: Buffer) => stderr.push(data));
  const ended = new Promise<RunResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      running.delete(child);
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
  });
  return { process: child, pid: child.pid ?? 0, ended };
}

/** Kills what was started and has not ended, for the end of a test that failed. */
export function killStarted(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[]): Promise<RunResult> {
  return start(program, args).ended;
}

/** Starts skbtracer. */
export function startSkbtracer(...args: string[]): Running {
  return start(process.execPath, [CLI, ...args]);
}

/** Runs skbtracer to its end. */
export function skbtracer(...args: string[]): Promise<RunResult> {
  return startSkbtracer(...args).ended;
}

/** Runs a line of bash; it may use $SKBTRACER. */
export function bash(line: string): Promise<RunResult> {
  return run("bash", ["-c", `SKBTRACER="${process.execPath} ${CLI}"; ${line}`]);
}

const POLL_MS = 25;

/** Waits for something to come true, however long it takes. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(POLL_MS);
}

/**
 * Starts skbtracer, which writes a recording to `file`, and waits until it records: its first round is in the file.
 * @throws if it ends before that
 */
export async function startRecorder(file: string, ...args: string[]): Promise<Running> {
  const recorder = startSkbtracer(...args);
  while (!(existsSync(file) && hasRound(readFileSync(file)))) {
    const early = await Promise.race([recorder.ended, delay(POLL_MS)]);
    if (early && !(existsSync(file) && hasRound(readFileSync(file))))
      throw new Error(`it ended before it recorded: ${early.stderr}`);
  }
  return recorder;
}

function hasRound(bytes: Uint8Array): boolean {
  for (const { header } of new ChunkScanner().push(bytes)) if (header.type === ChunkType.ROUND) return true;
  return false;
}

/** Ends a recorder as Ctrl-C does. */
export function stop(recorder: Running): Promise<RunResult> {
  recorder.process.kill("SIGINT");
  return recorder.ended;
}

/** Members of `info --json` that the tests use. */
export interface Info {
  readonly events: number;
  readonly events_by_kind: Record<string, number>;
  readonly lost: number;
  readonly missing: number;
  readonly late: number;
  readonly closed: boolean;
  readonly end_reason: string | null;
  readonly damage: readonly { offset: number; length: number; reason: string }[];
  readonly repaired: unknown;
  readonly bytes: number;
  readonly losses: readonly { cpu: number; after_ns: number; before_ns: number; count: number }[];
  readonly stats: { counters: { attempts: number; failed: number } } | null;
  readonly namespaces: readonly { inode: number; name?: string; interfaces: readonly { name: string }[] }[];
}

/** What `info --json` says. */
export async function info(path: string, ...flags: string[]): Promise<Info> {
  const result = await skbtracer("info", "--json", ...flags, path);
  if (result.code !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Info;
}
