// npm start: sets up, then records packets that vanish and tells where, on this machine's own kernel if that is possible.
import process from "node:process";

import { whyNotRecord } from "./demo/cli.mjs";
import { liveDemo, NoDemo } from "./demo/live-demo.mjs";
import { recordedDemo } from "./demo/recorded-demo.mjs";
import { endWithChildren } from "./run-command.mjs";
import { setUp } from "./setup.mjs";
import { styled } from "./terminal.mjs";

/** @returns {Promise<number>} the exit code */
async function main() {
  const stopEnding = endWithChildren();
  await setUp(["record", "demo"]);
  const reason = await whyNotRecord();
  stopEnding();
  if (reason === undefined) {
    const interrupted = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort());
    try {
      const agreed = await liveDemo(interrupted.signal);
      if (interrupted.signal.aborted) return 130;
      return agreed ? 0 : 1;
    } catch (error) {
      if (!(error instanceof NoDemo)) throw error;
      console.log(`\n${styled("yellow", error.message)}`);
      await recordedDemo();
      return 1;
    }
  }
  console.log(`\n${styled("yellow", `This host cannot record: ${reason}.`)}`);
  return (await recordedDemo()) ? 0 : 1;
}

// Whoever reads this may go away before the demo's network is removed.
process.stdout.on("error", () => undefined);
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
