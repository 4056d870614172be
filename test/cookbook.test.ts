// docs/cookbook.md: its commands are run, and print what stands below them. A block of commands (console) or a question
// for DuckDB (sql) is followed by a block (text) of its output, unless it prints nothing. Blocks build on those before.
// To write the output into the document: npx vitest run --project unit test/cookbook -u
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";

import { documentShell } from "./documents/shell.js";

const DOCUMENT = fileURLToPath(new URL("../docs/cookbook.md", import.meta.url));

/** Programs that a block may need and a host may lack. */
const PROGRAMS = ["jq", "sqlite3", "tshark"];

const BLOCK = /```(console|sql)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?/gs;

const text = readFileSync(DOCUMENT, "utf8");
const blocks = [...text.matchAll(BLOCK)].map(([all, language = "", source = ""]) => ({
  all,
  language,
  source,
  missing: PROGRAMS.find((name) => new RegExp(`\\b${name} `).test(source) && !isInstalled(name)),
}));

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

const { folder, shell } = documentShell();

/** What DuckDB answers, as CSV; no value here needs quotes. */
async function duckdb(source: string): Promise<string> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`set file_search_path = '${folder}'`);
  const reader = await connection.runAndReadAll(source);
  const rows = [reader.columnNames(), ...reader.getRowsJson().map((row) => row.map(String))];
  return rows.map((row) => `${row.join(",")}\n`).join("");
}

describe("docs/cookbook.md", () => {
  test("has questions", () => {
    expect(text.match(/^### .*\?$/gm)?.length).toBeGreaterThanOrEqual(14);
  });

  test("has nothing but commands in its blocks of commands", () => {
    const lines = blocks.filter(({ language }) => language === "console").map(({ source }) => source);
    expect(lines.join("")).toMatch(/^(?:[$>] .*\n)+$/);
  });

  const printed = new Map<string, string>();
  for (const { all, language, source, missing } of blocks) {
    const [first = ""] = source.split("\n");
    test(first, async ({ skip }) => {
      skip(missing !== undefined, `${missing} is not installed`);
      const output = await (language === "sql" ? duckdb : shell)(source);
      const begin = `\`\`\`${language}\n${source}\`\`\`\n`;
      printed.set(all, output === "" ? begin : `${begin}\n\`\`\`text\n${output}\`\`\`\n`);
    });
  }

  test("shows what its commands print", async () => {
    const now = text.replaceAll(BLOCK, (all: string) => printed.get(all) ?? all);
    await expect(now).toMatchFileSnapshot(DOCUMENT);
  });
});
