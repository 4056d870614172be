// The example of packages/analyzer/README.md runs as it stands there.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

test("the analyzer's example tells how the paths of a recording ended", () => {
  const readme = readFileSync(at("../packages/analyzer/README.md"), "utf8");
  const [, code = ""] = /```js\n(.*?)```/s.exec(readme) ?? [];
  // Beside this file, where the packages are found.
  const script = at(`./analyzer-example-${process.pid}.mjs`);
  writeFileSync(script, code);
  try {
    const output = execFileSync(process.execPath, [script, at("../fixtures/v1/veth-6.1.skbt")], {
      encoding: "utf8",
    });
    const lines = output.trim().split("\n");
    expect(
      lines.slice(0, -1).filter((line) => line.startsWith("drop NETFILTER_DROP nf_hook_slow+")),
    ).toHaveLength(8);
    expect(lines.at(-1)).toBe("{ consumed: 40, delivered: 53, dropped: 11, open: 1 }");
  } finally {
    rmSync(script);
  }
});
