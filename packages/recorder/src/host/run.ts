// Runs a program of the host and takes what it prints, within limits.
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";

const TIMEOUT_MS = 10_000;
const OUTPUT_MAX = 16 * 1024 * 1024;

/** Where administrators' programs are; sudo and cron may leave them out of PATH. */
const ADMIN_FOLDERS = ["/usr/sbin", "/sbin"];

/** What became of a program. */
export type RunResult =
  | { readonly ok: true; readonly stdout: string }
  | {
      readonly ok: false;
      readonly problem: string;
      /** What it printed until it was stopped for printing too much; else absent. */
      readonly truncated?: string;
    };

/** Limits of a program. */
export interface RunLimits {
  readonly timeoutMs?: number;
  readonly outputMax?: number;
  /** latin1 keeps every byte, as a character of that number. */
  readonly encoding?: "utf8" | "latin1";
}

/** Runs a program without a shell. It never throws. */
export function run(program: string, args: readonly string[], limits: RunLimits = {}): Promise<RunResult> {
  const { timeoutMs = TIMEOUT_MS, outputMax = OUTPUT_MAX, encoding = "utf8" } = limits;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      {
        timeout: timeoutMs,
        killSignal: "SIGKILL",
        maxBuffer: outputMax,
        encoding,
        env: { ...process.env, PATH: searchPath().join(":"), LC_ALL: "C" },
      },
      (error, stdout, stderr) => {
        if (!error) return resolve({ ok: true, stdout });
        const code = "code" in error ? error.code : undefined;
        const tooMuch = code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
        const why =
          code === "ENOENT"
            ? "not installed"
            : tooMuch
              ? `printed more than ${outputMax} bytes`
              : error.killed
                ? `did not end within ${timeoutMs / 1000} s`
                : stderr.trim().split("\n")[0] || error.message;
        return resolve({
          ok: false,
          problem: `${program}: ${why}`,
          ...(tooMuch ? { truncated: stdout } : {}),
        });
      },
    );
  });
}

/** Path of an installed program. */
export function findProgram(program: string): string | undefined {
  return searchPath()
    .map((folder) => `${folder}/${program}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function searchPath(): string[] {
  const folders = (process.env["PATH"] ?? "/usr/bin:/bin").split(":").filter((folder) => folder !== "");
  return [...new Set([...folders, ...ADMIN_FOLDERS])];
}

/** Does something to all items, at most `most` at a time; results in the items' order. */
export async function forAll<T, R>(
  items: readonly T[],
  most: number,
  act: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      results[i] = await act(items[i] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}
