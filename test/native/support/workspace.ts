// A place for the files of one test file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll } from "vitest";

import { killStarted } from "./cli.js";

/** Makes a folder, and gives paths in it. After the tests it goes, with what they left running. */
export function workspace(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "skbtracer-native-"));
  afterAll(() => {
    killStarted();
    rmSync(folder, { recursive: true, force: true });
  });
  return (name) => join(folder, name);
}
