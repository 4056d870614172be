// Every recording in fixtures/ is read as it always was. Adding a file beside what is expected of it adds a test.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

import { EXPECTATIONS } from "../fixtures/expectations.mjs";

const run = promisify(execFile);
const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const BYTES_MAX = 200 * 1024;

const recordings = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".skbt"),
);

async function skbtracer(...args: string[]): Promise<string> {
  const env = { ...process.env, TZ: "UTC" };
  const { stdout } = await run(process.execPath, [CLI, ...args], { maxBuffer: 2 ** 28, env });
  return stdout;
}

describe("fixtures", () => {
  test("there are some", () => expect(recordings.length).toBeGreaterThan(0));

  describe.each(recordings)("%s", (name) => {
    const path = join(FIXTURES, name);
    const expectations = EXPECTATIONS.map((expectation) => ({
      ...expectation,
      file: path.replace(/skbt$/, expectation.extension),
    })).filter(({ file }) => existsSync(file));

    test("is small, and something is expected of it", () => {
      expect(statSync(path).size).toBeLessThan(BYTES_MAX);
      expect(expectations.length).toBeGreaterThan(0);
    });

    test.each(expectations)("$extension", async ({ command, text, file }) => {
      expect(text(await skbtracer(...command, path))).toBe(await readFile(file, "utf8"));
    });
  });
});
