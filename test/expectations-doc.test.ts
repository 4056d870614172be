// docs/expectations.md: its files of expectations (yaml, named by their first line) are written, its commands (console)
// are run, and print what stands below them (text).
// To write the output into the document: npx vitest run --project answers test/expectations-doc -u
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { documentShell } from "./documents/shell.js";

const DOCUMENT = fileURLToPath(new URL("../docs/expectations.md", import.meta.url));
const BLOCK = /```yaml\n(.*?)```\n|```console\n(.*?)```\n(?:\n```text\n(.*?)```\n)?/gs;

const text = readFileSync(DOCUMENT, "utf8");
const { folder, shell } = documentShell();

describe("docs/expectations.md", () => {
  const printed = new Map<string, string>();
  for (const [all, yaml, commands = ""] of text.matchAll(BLOCK)) {
    const [title = ""] = (yaml ?? commands).split("\n");
    test(title, async () => {
      if (yaml !== undefined) {
        expect(title).toMatch(/^# [a-z0-9-]+\.yaml$/);
        writeFileSync(join(folder, title.slice(2)), yaml);
        return;
      }
      const output = await shell(commands);
      const begin = `\`\`\`console\n${commands}\`\`\`\n`;
      printed.set(all, output === "" ? begin : `${begin}\n\`\`\`text\n${output}\`\`\`\n`);
    });
  }

  test("shows what its commands print", async () => {
    expect(printed.size).toBeGreaterThan(0);
    const now = text.replaceAll(BLOCK, (all: string) => printed.get(all) ?? all);
    await expect(now).toMatchFileSnapshot(DOCUMENT);
  });
});
