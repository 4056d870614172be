// A reporter of vitest: how many tests passed, and which failed or were skipped and why, as JSON in the file that
// SKBTRACER_COUNTS names. vitest's own json reporter has no reasons.
import { writeFileSync } from "node:fs";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** @import { Reporter, TestModule } from "vitest/node" */

/** @typedef {{ passed: number, failed: string[], skipped: string[] }} Counts of those that did not pass: names, and reasons */

/** @implements {Reporter} */
// oxlint-disable-next-line import/no-default-export -- so vitest finds a reporter in a file
export default class CountsReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly { message: string }[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Counts} */
    const counts = {
      passed: 0,
      failed: unhandledErrors.map((error) => reasoned("outside of any test", firstLine(error))),
      skipped: [],
    };
    for (const module of modules) {
      const before = counts.failed.length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") counts.passed++;
        else if (result.state === "skipped") counts.skipped.push(reasoned(test.fullName, result.note));
        else
          counts.failed.push(
            reasoned(test.fullName, result.state === "failed" ? firstLine(result.errors[0]) : "did not end"),
          );
      }
      // A file that does not load has no tests, and an error in a hook fails none.
      if (module.state() === "failed" && counts.failed.length === before)
        counts.failed.push(reasoned(module.relativeModuleId, firstLine(module.errors()[0])));
    }
    const file = process.env["SKBTRACER_COUNTS"];
    if (file) writeFileSync(file, JSON.stringify(counts));
  }
}

/**
 * @param {string} name
 * @param {string | undefined} reason
 */
function reasoned(name, reason) {
  return reason === undefined ? name : `${name}: ${reason}`;
}

/**
 * @param {{ message: string } | undefined} error
 * @returns {string | undefined}
 */
function firstLine(error) {
  return error === undefined ? undefined : stripVTControlCharacters(error.message).split("\n", 1)[0];
}
