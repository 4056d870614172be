// The workspace's Node packages, by the pnpm that package.json names; npm fetches that pnpm.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { mustRun, ROOT } from "../run-command.mjs";

/**
 * Installs the packages of pnpm-lock.yaml, unless that has been done.
 * @param {(line: string) => void} say
 * @param {{ root?: string, env?: Record<string, string> }} [options] the workspace, and additions to the environment
 * @throws {import("../run-command.mjs").CommandFailed}
 */
export async function installNodePackages(say, { root = ROOT, env = {} } = {}) {
  const stamp = join(root, "node_modules/.skbtracer-setup");
  const state = stateOf(root);
  const before = readText(stamp);
  if (before === state) return;
  say("installing the Node packages");
  await pnpm(["install", "--frozen-lockfile"], root, env);
  // Native packages are compiled for one Node: those of another are there, and do not load.
  if (before !== undefined) await pnpm(["rebuild", "--recursive"], root, env);
  writeFileSync(stamp, state);
}

/**
 * @param {readonly string[]} args
 * @param {string} root
 * @param {Record<string, string>} env
 */
async function pnpm(args, root, env) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  await mustRun("npm", ["exec", "--yes", packageManager, "--", ...args], {
    cwd: root,
    env: { CI: "true", ...env },
  });
}

/**
 * @param {string} root
 * @returns {string} what the installed packages depend on
 */
function stateOf(root) {
  const hash = createHash("sha256");
  for (const name of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"])
    hash.update(readFileSync(join(root, name)));
  return `${hash.digest("hex")} ${process.platform} ${process.arch} ${process.versions.modules}\n`;
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
