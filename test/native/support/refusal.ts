// What every refusal has to look like.
import { expect } from "vitest";

import type { RunResult } from "./cli.js";

/** Exit code 2, one line that says what is wrong (commander adds one with what was meant), and nothing else. */
export function expectRefused({ code, stdout, stderr }: RunResult, message: RegExp): void {
  expect(stderr).toMatch(message);
  expectNoTrace(stderr);
  expect(stderr).toMatch(/^skbtracer: [^\n]+\n(\(Did you mean [^\n]+\)\n)?$/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
}

/** No stack trace, and no mistake of ours. */
export function expectNoTrace(stderr: string): void {
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toMatch(/mistake of skbtracer's own|ERR_|Warning:/);
}
