// Runs the real command in these tests.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI: string = fileURLToPath(new URL("../../packages/cli/bin/skbtracer.js", import.meta.url));

/** What a run left. */
export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs any command to its end. */
export function run(program: string, args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs skbtracer to its end. */
export function skbtracer(...args: string[]): Promise<RunResult> {
  return run(process.execPath, [CLI, ...args]);
}

/** Runs a line of bash; it may use $SKBTRACER. */
export function bash(line: string): Promise<RunResult> {
  return run("bash", ["-c", `SKBTRACER="${process.execPath} ${CLI}"; ${line}`]);
}

/** What `info --json` says. */
export async function info(path: string, ...flags: string[]): Promise<Record<string, never> & Info> {
  const result = await skbtracer("info", "--json", ...flags, path);
  if (result.code !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout) as Record<string, never> & Info;
}

/** Members of `info --json` that the tests use. */
export interface Info {
  readonly events: number;
  readonly events_by_kind: Record<string, number>;
  readonly lost: number;
  readonly missing: number;
  readonly closed: boolean;
  readonly end_reason: string | null;
  readonly damage: readonly { offset: number; length: number; reason: string }[];
  readonly repaired: unknown;
  readonly bytes: number;
  readonly losses: readonly { cpu: number; count: number }[];
  readonly stats: { counters: { attempts: number; failed: number } } | null;
}
