// The tests of one kernel: a script runs in its guest before them.
import { beforeAll, expect, test } from "vitest";

import { type Kernel, kernelOrReason, type KernelRow } from "../harness/kernels.mjs";
import type { VmResult } from "../harness/vm.mjs";

/** Declares a test, which may say that it cannot be done. */
export type Declare = (name: string, check: (skip: (reason: string) => void) => Promise<void>) => void;

/** @throws if a guest's script failed, or the kernel reported a bug */
export function expectDone({ status, stderr, oops }: VmResult): void {
  expect(oops).toBeNull();
  expect(status, stderr).toBe(0);
}

/**
 * Prepares for the tests that are declared by what it returns: they are skipped, with the reason, if the kernel is not to be had.
 * @param row undefined: there is no such kernel here
 */
export function testsOn(
  row: (KernelRow & { own: boolean }) | undefined,
  prepare: (kernel: Kernel) => Promise<void>,
): Declare {
  let reason: string | undefined;
  beforeAll(async () => {
    const kernel = row ? await kernelOrReason(row) : "no such kernel here";
    if (typeof kernel === "string") reason = kernel;
    else await prepare(kernel);
  });
  return (name, check) =>
    test(name, async (context) => {
      if (reason !== undefined) context.skip(reason);
      await check((why) => context.skip(why));
    });
}
