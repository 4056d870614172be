// Files that npm run generate writes.
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

import { ROOT } from "./run-command.mjs";

/**
 * Writes a file if it is not as it should be. With --check nothing is written: the script fails, and says so.
 * @param {URL} file
 * @param {string} wanted what is to be in it
 * @param {string} source what it comes from: "what bpf/event.h says"
 */
export async function writeGenerated(file, wanted, source) {
  if ((await readFile(file, "utf8").catch(() => "")) === wanted) return;
  const name = relative(ROOT, fileURLToPath(file));
  if (process.argv.includes("--check")) {
    console.error(`${name} is not ${source}: run \`npm run generate\` and commit it`);
    process.exitCode = 1;
  } else {
    await writeFile(file, wanted);
    console.log(`${name} written`);
  }
}
