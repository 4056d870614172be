// NDJSON as jq reads it.
import { spawnSync } from "node:child_process";

import { EXPORT_FORMATS, TABLES } from "@skbtracer/analyzer";
import { describe, expect, test } from "vitest";

import { cases, exported, hostileInterfaces, type Row, rowsOf } from "../support/exported.js";

const ndjson = await EXPORT_FORMATS.ndjson.load();

function jq(input: Uint8Array): Row[] {
  const { error, status, stdout, stderr } = spawnSync("jq", ["-c", "."], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error && "code" in error && error.code === "ENOENT")
    throw new Error("jq is not installed: it is in the Debian package jq (apt-get install jq)");
  if (status !== 0) throw new Error(`jq: ${stderr || String(error)}`);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

describe.each(cases())("$name as NDJSON", ({ table, blocks }) => {
  const { columns } = TABLES[table];

  test("jq reads every column of every row", async () => {
    const expected = rowsOf(blocks).map((row) =>
      columns.map(({ name, type }) => {
        const value = row[name] ?? null;
        if (type === "boolean" && value !== null) return [name, value === 1];
        // jq's own numbers are doubles.
        return [name, typeof value === "bigint" ? Number(value) : value];
      }),
    );
    const read = jq(await exported(ndjson, table, blocks));
    expect(read.map((row) => Object.entries(row))).toEqual(expected);
  });

  test("64-bit integers have all their digits", async () => {
    const wide = columns.filter(({ type }) => type === "wide").map(({ name }) => name);
    const lines = (await exported(ndjson, table, blocks)).toString().split("\n");
    rowsOf(blocks).forEach((row, i) => {
      for (const name of wide) expect(lines[i]).toContain(`"${name}":${row[name]}`);
    });
  });
});

test("no control character is left as it is", async () => {
  const text = (await exported(ndjson, "interfaces", [hostileInterfaces()])).toString();
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
  expect(text.trimEnd().split("\n")).toHaveLength(hostileInterfaces().length);
});
