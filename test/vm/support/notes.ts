// What commands may say beside their answers.
import { expect } from "vitest";

/**
 * Nothing, or from 6.7 on that the kernel missed hits: where an interrupt's packet meets a probe while a program of another
 * probe runs on its CPU.
 */
export function expectOnlyMissedHits(stderr: string): void {
  expect(stderr).toMatch(/^(?:skbtracer: \d+ hit\(s\) of probes were missed by the kernel: .*\n)?$/);
}
