// Runs the scenarios of test/vm/scenarios on a kernel: their recordings, each beside what other programs say of it.
import { fileURLToPath } from "node:url";

import { runInVm } from "./vm.mjs";

const FOLDER = fileURLToPath(new URL("../scenarios", import.meta.url));
const CLI = fileURLToPath(new URL("../../../packages/cli/bin/skbtracer.js", import.meta.url));

/** Names of the scenarios: folders of the results. */
export const SCENARIOS = Object.freeze(["veth", "bridge"]);

/** Long, for a busy machine: an idle one takes a minute. */
const TIMEOUT_SECONDS = 600;

/**
 * @param {import("./kernels.mjs").Kernel} kernel
 * @param {string} out a folder on this machine for the results
 * @param {string} [script] of test/vm/scenarios
 * @param {Readonly<Record<string, string>>} [env] for it
 */
export function runScenarios(kernel, out, script = "record.sh", env = {}) {
  return runInVm({
    kernel,
    script: `${FOLDER}/${script}`,
    out,
    timeoutSeconds: TIMEOUT_SECONDS,
    env: { SCENARIOS: FOLDER, SKBTRACER: `${process.execPath} ${CLI}`, ...env },
  });
}
