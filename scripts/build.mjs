// npm run build: compiles TypeScript to packages/*/dist, and the BPF program to bpf/build.
import process from "node:process";
import { pathToFileURL } from "node:url";

import { endWithChildren, mustRun, onPath, ROOT, run } from "./run-command.mjs";

/**
 * Compiles what has changed. Without clang there is no BPF program: recordings can be read, not made.
 * @param {(line: string) => void} say
 * @param {string} [root] the workspace
 * @throws {import("./run-command.mjs").CommandFailed}
 */
export async function build(say, root = ROOT) {
  await mustRun(process.execPath, ["node_modules/typescript/bin/tsc", "-b"], { cwd: root });
  await buildBpf(say, root);
}

/**
 * @param {(line: string) => void} say
 * @param {string} root
 */
async function buildBpf(say, root) {
  if (!onPath("make")) return say("without make the BPF program is not compiled: no recording here");
  const make = ["--no-print-directory", "-C", "bpf"];
  if ((await run("make", [...make, "-q"], { cwd: root })).status === 0) return;
  // The names that bpf/Makefile looks for.
  const compilers = ["clang", "clang-19", "clang-16", "clang-15", "clang-14"];
  if (!process.env["CLANG"] && !compilers.some(onPath))
    return say("without clang the BPF program is not compiled: no recording here until it is installed");
  say("compiling the BPF program");
  await mustRun("make", make, { cwd: root });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  endWithChildren();
  try {
    await build((line) => console.log(line));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
}
