// docs/format.md says what the code does: its tables are compared with the constants that reader and writer use.
import { readFileSync } from "node:fs";

import { ChunkType, EVENT_LAYOUT, type Struct } from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { CHUNK_HEADER } from "../packages/format/src/chunk.js";
import { FILE_HEADER, FILE_MAGIC } from "../packages/format/src/file-header.js";
import { CLOCK_PAYLOAD, INDEX_ENTRY, LOST_PAYLOAD, ROUND_PAYLOAD } from "../packages/format/src/payloads.js";

const text = readFileSync(new URL("../docs/format.md", import.meta.url), "utf8");

/** The rows of the first table behind a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = text.split(new RegExp(`^#+ ${heading}$`, "m"))[1] ?? "";
  const lines = section.split("\n");
  const first = lines.findIndex((line) => line.startsWith("| --- "));
  const rows = lines.slice(first + 1);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Names and offsets of a table of fields; a name in brackets is no field. */
function offsets(heading: string): Record<string, number> {
  const fields = table(heading).filter(([, , name]) => !name?.startsWith("("));
  return Object.fromEntries(fields.map(([offset, , name]) => [name, Number(offset)]));
}

const rowsOf = (struct: Struct): unknown[] =>
  struct.fields.map(({ offset, size, name, type }) => [String(offset), String(size), name, type]);

describe("docs/format.md", () => {
  test.each([
    ["File header", FILE_HEADER],
    ["Chunk", CHUNK_HEADER],
    ["ROUND", ROUND_PAYLOAD],
    ["LOST", LOST_PAYLOAD],
    ["CLOCK", CLOCK_PAYLOAD],
    ["INDEX, for each chunk", INDEX_ENTRY],
  ])("has the fields of %s where the code has them", (heading, fields: Record<string, number>) => {
    const { size: _size, ...expected } = fields;
    expect(offsets(heading)).toEqual(expected);
  });

  test.each(["File header", "Chunk", "ROUND", "LOST", "CLOCK", "INDEX, for each chunk", "Event head"])(
    "leaves no gap in %s",
    (heading) => {
      let next = 0;
      for (const [offset, size] of table(heading)) {
        expect(Number(offset)).toBe(next);
        next += Number(size);
      }
      expect(next % 8).toBe(0);
    },
  );

  test("has the magic", () => {
    const bytes = Array.from(FILE_MAGIC, (byte) => byte.toString(16).padStart(2, "0").toUpperCase());
    expect(table("File header")[0]?.[3]).toContain(`\`${bytes.join(" ")}\``);
  });

  test("has every chunk type with its number", () => {
    const rows = table("Chunk types").map(([type, name]) => [name, Number(type)]);
    expect(Object.fromEntries(rows)).toEqual(ChunkType);
  });

  test("has the head of events", () => expect(table("Event head")).toEqual(rowsOf(EVENT_LAYOUT.head)));

  test.each(EVENT_LAYOUT.kinds.filter(({ tail }) => tail.size > 0))(
    "has the tail of $name",
    ({ name, tail }) => {
      expect(table(`Tail of ${name}`)).toEqual(rowsOf(tail));
    },
  );
});
