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

/** What the command prints. It may say nothing beside it but what `mayAlsoSay` finds in it. */
export async function commandOutput(args: readonly string[], mayAlsoSay?: RegExp): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [CLI, ...args], LONG);
  expect(mayAlsoSay ? stderr.replaceAll(mayAlsoSay, "") : stderr).toBe("");
  return stdout;
}

/** The objects of NDJSON. */
export function jsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
