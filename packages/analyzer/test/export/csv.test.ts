// CSV as a strict parser, DuckDB and a spreadsheet read it.
import { EXPORT_FORMATS, TABLES, type Value } from "@skbtracer/analyzer";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";

import {
  cases,
  duckdb,
  exported,
  file,
  HOSTILE_NAMES,
  hostileInterfaces,
  rowsOf,
} from "../support/exported.js";

const csv = await EXPORT_FORMATS.csv.load();

/** A cell's text, or null if it has none. */
function cell(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" && /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(value)
    ? `'${value}`
    : String(value);
}

describe.each(cases())("$name as CSV", ({ table, blocks }) => {
  const names = TABLES[table].columns.map(({ name }) => name);
  const expected = rowsOf(blocks).map((row) => names.map((name) => cell(row[name])));

  test("a strict parser reads the header once, and each row", async () => {
    const [header, ...rows] = parse(await exported(csv, table, blocks), {
      cast: (value, { quoting }) => (value === "" && !quoting ? null : value),
      recordDelimiter: "\n",
    });
    expect(header).toEqual(names);
    expect(rows).toEqual(expected);
  });

  test("DuckDB reads the same", async () => {
    const path = file(await exported(csv, table, blocks), "csv");
    const rows = await duckdb(
      `select * from read_csv('${path}', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"',
        new_line = '\\n', allow_quoted_nulls = false, strict_mode = true, auto_detect = false,
        columns = {${names.map((name) => `'${name}': 'VARCHAR'`).join(", ")}}, max_line_size = 10000000)`,
    );
    expect(rows.map((row) => Object.values(row))).toEqual(expected);
  });
});

test("a spreadsheet finds no formula", async () => {
  const rows = parse<Record<string, string>>(await exported(csv, "interfaces", [hostileInterfaces()]), {
    columns: true,
    recordDelimiter: "\n",
  });
  expect(rows.map((row) => row["interface"]).filter((name) => /^[=@+-]/.test(name ?? ""))).toEqual([]);
  expect(rows[0]?.["interface"]).toBe(`'${HOSTILE_NAMES[0]}`);
});
