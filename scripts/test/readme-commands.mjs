// Runs the commands of README.md: every block of shell after `<!-- run -->`, and those after `<!-- run as root -->` where
// we are root.
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { ROOT, run } from "../run-command.mjs";

/** What the commands may refer to; all else that they write goes to a folder that is removed. */
const SHARED = ["fixtures", "node_modules", "package.json"];

/**
 * @param {string} markdown
 * @param {boolean} isRoot
 * @returns {string[]} the blocks
 */
export function runnableBlocks(markdown, isRoot) {
  const blocks = markdown.matchAll(/<!-- run( as root)? -->\s*```sh\n(.*?)```/gs);
  return [...blocks].flatMap(([, root, commands = ""]) => (root && !isRoot ? [] : [commands]));
}

/**
 * @param {number} timeoutMs
 * @returns {Promise<string[]>} what went wrong
 */
export async function runReadmeCommands(timeoutMs) {
  const blocks = runnableBlocks(await readFile(join(ROOT, "README.md"), "utf8"), process.getuid?.() === 0);
  if (blocks.length === 0) return ["README.md has no block marked <!-- run -->"];
  const folder = await mkdtemp(join(tmpdir(), "skbtracer-readme-"));
  try {
    for (const name of SHARED) await symlink(join(ROOT, name), join(folder, name));
    const problems = [];
    for (const block of blocks) {
      const script = ["-e", "-u", "-x", "-o", "pipefail", "-c", block];
      const { status, output } = await run("bash", script, { cwd: folder, timeoutMs });
      if (status !== 0) problems.push(`${block}ended with status ${status}:\n${output}`);
    }
    return problems;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
