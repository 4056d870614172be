// Runs scripts of test/vm/scenarios on a kernel: their recordings, each beside what other programs say of it.
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { missedHits, readCost, RecordingReader } from "@skbtracer/format";

import { runInVm } from "./vm.mjs";

const FOLDER = fileURLToPath(new URL("../scenarios", import.meta.url));
const CLI = fileURLToPath(new URL("../../../packages/cli/bin/skbtracer.js", import.meta.url));

/** Long, for a busy machine: an idle one takes a minute. */
const TIMEOUT_SECONDS = 600;

const ATTEMPTS = 3;

/**
 * Runs it again, three times at most and saying so, if the kernel missed hits of probes (which it tells from 6.7 on): where
 * an interrupt's packet meets a probe while a program of another probe runs on its CPU. Such a recording says that it lacks
 * events, and so equals no counter.
 * @param {Omit<import("./vm.mjs").VmOptions, "script"> & { script?: string }} options its script is a name in
 *   test/vm/scenarios, by default the one that records what other programs count; `env` is added to SCENARIOS, that
 *   folder, and SKBTRACER, the command
 */
export async function runScenarios({ script = "record.sh", env = {}, ...options }) {
  for (let attempt = 1; ; attempt++) {
    const result = await runInVm({
      timeoutSeconds: TIMEOUT_SECONDS,
      ...options,
      script: join(FOLDER, script),
      env: { SCENARIOS: FOLDER, SKBTRACER: `${process.execPath} ${CLI}`, ...env },
    });
    const missed = result.status === 0 ? await missedBelow(options.out) : [];
    if (missed.length === 0 || attempt === ATTEMPTS) return result;
    const what = `${script} on ${options.kernel.release}, attempt ${attempt} of ${ATTEMPTS}`;
    console.warn(`the kernel missed hits of probes (${what}): ${missed.join(", ")}`);
    await rm(options.out, { recursive: true });
  }
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>} recordings that say that the kernel missed hits, each with their number
 */
async function missedBelow(folder) {
  const found = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".skbt")) continue;
    const reader = new RecordingReader();
    for (const _ of reader.push(await readFile(join(folder, name))));
    const cost = readCost(reader.stats);
    const missed = cost ? missedHits(cost) : 0;
    if (missed > 0) found.push(`${name} ${missed}`);
  }
  return found;
}
