// A reporter of vitest: how many tests passed and failed, and why others were skipped, as JSON in the file that
// SKBTRACER_COUNTS names. vitest's own json reporter has no reasons.
import { writeFileSync } from "node:fs";
import process from "node:process";

/** @import { Reporter, TestModule } from "vitest/node" */

/** @typedef {{ passed: number, failed: number, skipped: string[] }} Counts of skipped tests: names, and reasons */

/** @implements {Reporter} */
// oxlint-disable-next-line import/no-default-export -- so vitest finds a reporter in a file
export default class CountsReporter {
  /**
   * @param {readonly TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Counts} */
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      const before = counts.failed;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") counts.passed++;
        else if (result.state === "skipped")
          counts.skipped.push(result.note === undefined ? test.fullName : `${test.fullName}: ${result.note}`);
        // One that never ended is "pending".
        else counts.failed++;
      }
      // A file that does not load has no tests, and an error in a hook fails none.
      if (module.state() === "failed" && counts.failed === before) counts.failed++;
    }
    const file = process.env["SKBTRACER_COUNTS"];
    if (file) writeFileSync(file, JSON.stringify(counts));
  }
}
