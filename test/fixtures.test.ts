// Every recording in fixtures/ is read as it always was. Adding a file beside what is expected of it adds a test.
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, test } from "vitest";

const run = promisify(execFile);
const CLI = fileURLToPath(new URL("../packages/cli/bin/skbtracer.js", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));

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

  for (const name of recordings) {
    const path = join(FIXTURES, name);

    test(`${name} has the events, times and losses that it had`, async () => {
      const expected = JSON.parse(await readFile(path.replace(/skbt$/, "expected.json"), "utf8")) as object;
      expect(JSON.parse(await skbtracer("info", "--json", path))).toMatchObject(expected);
    });

    test(`${name} is printed as it was`, async () => {
      const expected = await readFile(path.replace(/skbt$/, "expected.txt"), "utf8");
      expect(await skbtracer("replay", "--iptable", "--dropstack", path)).toBe(expected);
    });
  }
});
