// The unit tests with a newer Node, in a copy of the workspace that has Node packages of its own: native ones are
// compiled for one Node.
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";

import { mustRun, ROOT } from "../run-command.mjs";
import { mirrorFolder } from "./mirror-folder.mjs";
import { runVitest } from "./vitest-project.mjs";

/** The major version. */
export const NEWER_NODE = 24;

const CACHE = join(ROOT, ".cache", `node-${NEWER_NODE}`);

/** What the copy makes for itself, and what it does not need. */
const NOT_COPIED = /^(?:\.git|\.cache|node_modules|dist|build|.*\.tsbuildinfo)$/;

/**
 * @param {number} timeoutMs
 * @returns {ReturnType<typeof runVitest>}
 * @throws {import("../run-command.mjs").CommandFailed} if the Node or the copy cannot be set up
 */
export async function unitOnNewerNode(timeoutMs) {
  const folder = await installNode();
  const node = join(folder, "bin/node");
  const env = {
    PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    npm_config_nodedir: folder,
  };
  const workspace = join(CACHE, "workspace");
  await mkdir(workspace, { recursive: true });
  await mirrorFolder(ROOT, workspace, (name) => NOT_COPIED.test(name));
  await mustRun(node, ["scripts/setup.mjs"], { cwd: workspace, env });
  return runVitest("unit", { root: workspace, node, env, timeoutMs });
}

/** @returns {Promise<string>} the folder of the newer Node: bin/node, and headers in include/ */
async function installNode() {
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(CACHE, "node");
  await mkdir(prefix, { recursive: true });
  const install = ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", "--prefer-offline"];
  await mustRun("npm", [...install, `${name}@${NEWER_NODE}`], { cwd: prefix });
  return join(prefix, "node_modules", name);
}
