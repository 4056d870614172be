// The skbtracer command of this repository, run as a user runs it.
import process from "node:process";

import { mustRun, run } from "../run-command.mjs";

/** What to type in the repository for the same. */
export const COMMAND = "npx skbtracer";

const PROGRAM = "packages/cli/bin/skbtracer.js";

/**
 * @param {...string} args
 * @returns {[program: string, args: string[]]}
 */
export function cli(...args) {
  return [process.execPath, [PROGRAM, ...args]];
}

/**
 * @param {...string} args
 * @returns {Promise<string>} its standard output
 */
export function skbtracer(...args) {
  return mustRun(...cli(...args));
}

/** @returns {Promise<string | undefined>} why this host cannot record, and what to do; undefined: it can */
export async function whyNotRecord() {
  const { stdout, output } = await run(...cli("doctor", "--json"));
  if (stdout === "") return output.trim();
  /** @type {{ able: boolean, checks: { status: string, found: string, remedy?: string }[] }} */
  const { able, checks } = JSON.parse(stdout);
  if (able) return undefined;
  const first = checks.find(({ status }) => status === "failed");
  return [first?.found, first?.remedy].filter((one) => one !== undefined).join("; ");
}
