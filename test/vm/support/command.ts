// The command, run on this machine on what a guest recorded.
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "vitest";

/** The command's program for Node. */
export const CLI = fileURLToPath(new URL("../../../packages/cli/bin/skbtracer.js", import.meta.url));

/** Runs a program to its end. */
export const run = promisify(execFile);

/** A program's output may be long. */
export const LONG = { maxBuffer: 2 ** 28 };

/**
 * From 6.7 on, that the kernel missed hits: where an interrupt's packet meets a probe while a program of another probe runs
 * on its CPU.
 */
const MISSED_HITS = /^skbtracer: \d+ hit\(s\) of probes were missed by the kernel: .*\n/gm;

/** What the command prints. It may say nothing beside it but MISSED_HITS, and what `mayAlsoSay` finds in it. */
export async function commandOutput(args: readonly string[], mayAlsoSay?: RegExp): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [CLI, ...args], LONG);
  const said = stderr.replaceAll(MISSED_HITS, "");
  expect(mayAlsoSay ? said.replaceAll(mayAlsoSay, "") : said).toBe("");
  return stdout;
}

/** The objects of NDJSON. */
export function jsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
