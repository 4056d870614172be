// Runs a program of the host and takes what it prints, within limits.
import { execFile } from "node:child_process";

const TIMEOUT_MS = 10_000;
const OUTPUT_MAX = 16 * 1024 * 1024;

/** What became of a program. */
export type RunResult = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly problem: string };

/** Runs a program without a shell. It never throws. */
export function run(program: string, args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_MAX, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
      (error, stdout, stderr) => {
        if (!error) return resolve({ ok: true, stdout });
        const code = "code" in error ? error.code : undefined;
        const why =
          code === "ENOENT"
            ? "not installed"
            : code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER"
              ? `printed more than ${OUTPUT_MAX} bytes`
              : error.killed
                ? `did not end within ${TIMEOUT_MS / 1000} s`
                : stderr.trim().split("\n")[0] || error.message;
        return resolve({ ok: false, problem: `${program}: ${why}` });
      },
    );
  });
}

/** Does something to all items, at most `most` at a time; results in the items' order. */
export async function forAll<T, R>(items: readonly T[], most: number, act: (item: T) => Promise<R>): Promise<R[]> {
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
