// npm run setup: from a fresh clone to what works. It needs Node and npm, and is quick where there is nothing to do.
import process from "node:process";
import { pathToFileURL } from "node:url";

import { build } from "./build.mjs";
import { endWithChildren } from "./run-command.mjs";
import { installDebianPackages } from "./setup/debian-packages.mjs";
import { installNodePackages } from "./setup/node-packages.mjs";
import { seconds, styled } from "./terminal.mjs";

/** @param {string} line */
const say = (line) => console.log(styled("dim", `setup: ${line}`));

/**
 * Installs what jobs need, and compiles.
 * @param {readonly import("./setup/debian-packages.mjs").Job[]} jobs
 * @param {(error: unknown) => void} [onBuildFailure] told if it does not compile, in place of an exception
 * @throws {import("./run-command.mjs").CommandFailed}
 */
export async function setUp(jobs, onBuildFailure) {
  const start = performance.now();
  await installDebianPackages(jobs, say);
  await installNodePackages(say);
  try {
    await build(say);
  } catch (error) {
    if (!onBuildFailure) throw error;
    onBuildFailure(error);
  }
  say(`done in ${seconds(performance.now() - start)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  endWithChildren();
  try {
    await setUp(["record"]);
    console.log("Ready: npx skbtracer --help");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  }
}
