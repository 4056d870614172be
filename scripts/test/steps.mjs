// What npm test does, in order. A step is a row here.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

import { ROOT, run } from "../run-command.mjs";
import { NEWER_NODE, unitOnNewerNode } from "./newer-node.mjs";
import { runReadmeCommands } from "./readme-commands.mjs";
import { runVitest } from "./vitest-project.mjs";

/**
 * What a step found.
 * @typedef {object} Result
 * @property {number} passed
 * @property {string[]} failed what failed, and the first line of why
 * @property {string[]} skipped what was not tested, and why
 * @property {string} output shown if something failed
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} title
 * @property {(timeoutMs: number) => Promise<Result>} test
 * @property {number} [minutes] it is ended after so many; default: 10
 */

const NODE = process.execPath;

/** @type {readonly Step[]} */
export const STEPS = [
  {
    name: "types",
    title: "type check",
    test: commands([
      [NODE, "node_modules/typescript/bin/tsc", "-b"],
      [NODE, "node_modules/typescript/bin/tsc", "-p", "tsconfig.tests.json"],
    ]),
  },
  {
    name: "lint",
    title: "lint",
    test: commands([["node_modules/.bin/oxlint", "--type-aware", "--deny-warnings"]]),
  },
  { name: "format", title: "format check", test: checkFormat },
  {
    name: "generated",
    title: "generated files are up to date",
    test: commands([
      [NODE, "scripts/generate-layout.mjs", "--check"],
      [NODE, "scripts/generate-schema-doc.mjs", "--check"],
      [NODE, "scripts/generate-expectations-schema.mjs", "--check"],
    ]),
  },
  { name: "unit", title: "unit and property tests", test: vitest("unit") },
  {
    name: "answers",
    title: "answers from recordings, and the cookbook",
    test: vitest("answers"),
    minutes: 20,
  },
  { name: "native", title: "recording from this kernel", test: vitest("native"), minutes: 20 },
  { name: "vm", title: "recording from other kernels", test: vitest("vm"), minutes: 70 },
  { name: "readme", title: "commands of README.md", test: checkReadme },
  { name: "newer-node", title: `unit tests on Node ${NEWER_NODE}`, test: checkNewerNode, minutes: 20 },
];

/**
 * A step of commands that are all to succeed: one test.
 * @param {readonly (readonly [string, ...string[]])[]} list
 * @returns {Step["test"]}
 */
function commands(list) {
  return async (timeoutMs) => {
    let failures = "";
    for (const [program, ...args] of list) {
      const { status, output } = await run(program, args, { timeoutMs });
      if (status !== 0) failures += `${[program, ...args].join(" ")}: status ${status}\n${output}`;
    }
    return oneTest(failures);
  };
}

/**
 * @param {string} failures what to show; empty if it passed
 * @param {string} [reason] in a line; default: the first one of these
 * @returns {Result}
 */
function oneTest(failures, reason = failures.split("\n", 1)[0] ?? "") {
  return failures
    ? { passed: 0, failed: [reason], skipped: [], output: failures }
    : { passed: 1, failed: [], skipped: [], output: "" };
}

/**
 * @param {string} project
 * @returns {Step["test"]}
 */
function vitest(project) {
  return (timeoutMs) => runVitest(project, { timeoutMs });
}

/**
 * @param {number} timeoutMs
 * @returns {Promise<Result>}
 */
async function checkFormat(timeoutMs) {
  const sources = (await readdir(join(ROOT, "bpf"))).filter((name) => /\.[ch]$/.test(name));
  return commands([
    ["node_modules/.bin/oxfmt", "--check"],
    ["clang-format", "--dry-run", "-Werror", ...sources.map((name) => `bpf/${name}`)],
  ])(timeoutMs);
}

/**
 * @param {number} timeoutMs
 * @returns {Promise<Result>}
 */
async function checkReadme(timeoutMs) {
  return oneTest((await runReadmeCommands(timeoutMs)).join("\n"));
}

/**
 * One test, for the same ones were counted before.
 * @param {number} timeoutMs
 * @returns {Promise<Result>}
 */
async function checkNewerNode(timeoutMs) {
  const { failed, output } = await unitOnNewerNode(timeoutMs);
  return failed.length > 0 ? oneTest(output, failed.join("; ")) : oneTest("");
}
