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
    failed: 1,
    skipped: [],
    output: error instanceof Error ? error.message : String(error),
  }));
  clearInterval(timer);
  const mark = result.failed > 0 ? styled("red", "FAIL") : styled("green", "ok  ");
  const time = seconds(performance.now() - start).padStart(8);
  console.log(`${mark} ${name.padEnd(10)} ${title.padEnd(32)} ${time}  ${countsText(result)}`);
  if (result.failed > 0) console.log(result.output.trimEnd().replaceAll(/^/gm, "     "));
  return result;
}

/**
 * @param {Result} counts
 * @returns {string}
 */
function countsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const start = performance.now();
  const steps = chosenSteps(process.argv.slice(2));
  /** @type {Result} */
  const total = { passed: 0, failed: 0, skipped: [], output: "" };
  /** @param {Result} result */
  const add = ({ passed, failed, skipped }) => {
    total.passed += passed;
    total.failed += failed;
    total.skipped.push(...skipped);
  };
  const fail = (/** @type {unknown} */ error) => {
    console.log(error instanceof Error ? error.message : error);
    total.failed++;
  };
  try {
    // What does not compile fails, and the steps show what works all the same.
    await setUp(["record", "demo", "test"], fail);
    for (const { name, title, test, minutes = 10 } of steps) {
      add(await runStep(name, title, () => test(minutes * 60_000)));
    }
  } catch (error) {
    fail(error);
  }
  if (total.skipped.length > 0)
    console.log(`\nSkipped:\n${total.skipped.map((one) => `  ${one}`).join("\n")}`);
  console.log(`\nIn ${seconds(performance.now() - start)}:`);
  console.log(countsText(total));
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

endWithChildren();
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
