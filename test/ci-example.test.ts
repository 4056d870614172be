// examples/ci: the check of a recording alone, of all kernels, and what the examples say of one another.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { bash } from "./native/support/cli.js";
import { workspace } from "./native/support/workspace.js";

const path = workspace();
const EXAMPLES = fileURLToPath(new URL("../examples/ci", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../fixtures/v1", import.meta.url));

const check = (recording: string, out: string): ReturnType<typeof bash> =>
  bash(`export SKBTRACER; OUT=${path(out)} sh ${EXAMPLES}/recorded.sh ${FIXTURES}/${recording}`);

describe("examples/ci/recorded.sh", () => {
  test.each(["5.10", "6.1", "6.12", "7.2"])(
    "is content with the firewall's recording on %s",
    async (kernel) => {
      const { code, stdout } = await check(`veth-${kernel}.skbt`, kernel);
      expect(stdout).toMatch(/\n(\d+) of \1 expectations hold\n$/);
      expect(code).toBe(0);
      expect(readFileSync(`${path(kernel)}/junit.xml`, "utf8")).toContain('failures="0" errors="0"');
      expect(readFileSync(`${path(kernel)}/summary.md`, "utf8")).toContain("✅");
    },
  );

  test("fails for a recording of something else", async () => {
    const { code, stdout } = await check("bridge-6.1.skbt", "other");
    expect(stdout).toContain("✗ connections to port 81 are refused  no packet matches where");
    expect(code).toBe(1);
    expect(readFileSync(`${path("other")}/junit.xml`, "utf8")).toContain("<failure");
  });
});

test("docs/ci.md names every file of the example", () => {
  const document = readFileSync(new URL("../docs/ci.md", import.meta.url), "utf8");
  for (const name of readdirSync(EXAMPLES)) expect(document).toContain(name);
});
