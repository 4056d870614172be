// What a thread encodes is what this thread would have.
import { type Block, EXPORT_FORMATS, type OpenWriter, TABLES } from "@skbtracer/analyzer";
import { expect, test } from "vitest";

import { arrowFileWriter, arrowStreamWriter } from "../../src/export/arrow.js";
import { parquetWriter } from "../../src/export/parquet.js";
import { exported } from "../support/exported.js";

/** Rows of `losses` with numbers that are sometimes missing, and texts of which there are more in each block. */
function block(at: number): Block {
  const length = 40_000;
  return {
    table: "losses",
    length,
    columns: TABLES.losses.columns.map(({ name, type }) =>
      type === "text"
        ? {
            kind: "text",
            codes: Int32Array.from({ length }, (_, i) => i % 50),
            values: Array.from({ length: 50 }, (_, i) => `${name} ${i % (at + 1)}`),
          }
        : {
            kind: "number",
            values: Float64Array.from({ length }, (_, i) =>
              name === "count" && i % 7 === 0 ? Number.NaN : at * length + i,
            ),
          },
    ),
  };
}

test.each<[keyof typeof EXPORT_FORMATS, OpenWriter]>([
  ["parquet", parquetWriter],
  ["arrow", arrowFileWriter],
  ["arrows", arrowStreamWriter],
])("%s of many row groups", async (format, direct) => {
  const blocks = Array.from({ length: 10 }, (_, at) => block(at));
  const threaded = await exported(await EXPORT_FORMATS[format].load(), "losses", blocks);
  expect(threaded.equals(await exported(direct, "losses", blocks))).toBe(true);
});

test("two tables at once", async () => {
  const open = await EXPORT_FORMATS.parquet.load();
  const blocks = Array.from({ length: 5 }, (_, at) => block(at));
  const [one, other] = await Promise.all([
    exported(open, "losses", blocks),
    exported(open, "losses", blocks.toReversed()),
  ]);
  expect(one.equals(await exported(parquetWriter, "losses", blocks))).toBe(true);
  expect(other.equals(await exported(parquetWriter, "losses", blocks.toReversed()))).toBe(true);
});
