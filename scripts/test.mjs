// npm test: sets up, runs every step or those that are named, and ends with one line of counts.
//   npm test -- unit native
import process from "node:process";

import { endWithChildren } from "./run-command.mjs";
import { setUp } from "./setup.mjs";
import { seconds, styled } from "./terminal.mjs";
import { STEPS } from "./test/steps.mjs";

/** @typedef {import("./test/steps.mjs").Step} Step */
/** @typedef {import("./test/steps.mjs").Result} Result */

const HEARTBEAT_MS = 60_000;

/**
 * @param {readonly string[]} names
 * @returns {readonly Step[]} the steps of these names, in their own order; all if there are no names
 */
function chosenSteps(names) {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no such step: ${unknown.join(" ")}; there are: ${STEPS.map(({ name }) => name).join(" ")}`,
    );
  return names.length === 0 ? STEPS : STEPS.filter(({ name }) => names.includes(name));
}

/**
 * Runs a step to its end and prints how it went. An error in it is a failure of it.
 * @param {string} name
 * @param {string} title
 * @param {() => Promise<Result>} test
 * @returns {Promise<Result>}
 */
async function runStep(name, title, test) {
  const start = performance.now();
  const timer = setInterval(() => {
    console.log(styled("dim", `     ${name} is running, ${seconds(performance.now() - start)}`));
  }, HEARTBEAT_MS);
  /** @type {Result} */
  const result = await test().catch((/** @type {unknown} */ error) => ({
    passed: 0,
    failed: [messageOf(error)],
    skipped: [],
    output: messageOf(error),
  }));
  clearInterval(timer);
  const mark = result.failed.length > 0 ? styled("red", "FAIL") : styled("green", "ok  ");
  const time = seconds(performance.now() - start).padStart(8);
  console.log(`${mark} ${name.padEnd(10)} ${title.padEnd(32)} ${time}  ${countsText(result)}`);
  if (result.failed.length > 0) console.log(result.output.trimEnd().replaceAll(/^/gm, "     "));
  return result;
}

/**
 * @param {Result} counts
 * @returns {string}
 */
function countsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/**
 * @param {string} title
 * @param {readonly string[]} lines
 */
function printList(title, lines) {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((one) => `  ${one}`).join("\n")}`);
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const start = performance.now();
  const steps = chosenSteps(process.argv.slice(2));
  /** @type {Result} */
  const total = { passed: 0, failed: [], skipped: [], output: "" };
  /**
   * @param {string} step
   * @param {Result} result
   */
  const add = (step, { passed, failed, skipped }) => {
    total.passed += passed;
    total.failed.push(...failed.map((one) => `${step}: ${one}`));
    total.skipped.push(...skipped);
  };
  const fail = (/** @type {unknown} */ error) => {
    console.log(messageOf(error));
    total.failed.push(messageOf(error));
  };
  try {
    // What does not compile fails, and the steps show what works all the same.
    await setUp(["record", "demo", "test"], fail);
    for (const { name, title, test, minutes = 10 } of steps) {
      add(name, await runStep(name, title, () => test(minutes * 60_000)));
    }
  } catch (error) {
    fail(error);
  }
  printList("Skipped", total.skipped);
  // Again, for whoever sees only the end of a long output
  printList("Failed", total.failed);
  console.log(`\nIn ${seconds(performance.now() - start)}:`);
  console.log(countsText(total));
  return total.failed.length > 0 || total.passed === 0 ? 1 : 0;
}

endWithChildren();
try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
