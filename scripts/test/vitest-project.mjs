// Runs one project of vitest.config.ts and counts its tests.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { ROOT, run } from "../run-command.mjs";
import { COLOURED } from "../terminal.mjs";

/** @typedef {import("./counts-reporter.mjs").Counts} Counts */

/**
 * @param {string} project
 * @param {{ root?: string, node?: string, env?: Record<string, string>, timeoutMs: number }} options the workspace and
 *   the Node to run in, in place of our own
 * @returns {Promise<Counts & { output: string }>}
 */
export async function runVitest(project, { root = ROOT, node = process.execPath, env = {}, timeoutMs }) {
  const folder = await mkdtemp(join(tmpdir(), "skbtracer-test-"));
  const file = join(folder, "counts.json");
  try {
    const reporters = ["--reporter=dot", "--reporter=./scripts/test/counts-reporter.mjs"];
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", project, ...reporters];
    const colours = COLOURED ? { FORCE_COLOR: "1" } : { NO_COLOR: "1", FORCE_COLOR: undefined };
    const options = { cwd: root, env: { ...env, ...colours, SKBTRACER_COUNTS: file }, timeoutMs };
    const ended = await run(node, args, options);
    /** @type {Counts} */
    const counts = JSON.parse(
      await readFile(file, "utf8").catch(() => '{"passed":0,"failed":[],"skipped":[]}'),
    );
    // No tests, no counts: both are failures.
    if (ended.status !== 0 && counts.failed.length === 0)
      counts.failed.push(`vitest: status ${ended.status}`);
    return { ...counts, output: ended.output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
