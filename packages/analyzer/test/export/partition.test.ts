// Folders of a partitioned set, as DuckDB reads them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Block, blockOf, EXPORT_FORMATS, partition, partitionKey, rowAt } from "@skbtracer/analyzer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fixtureBlocks } from "../support/blocks.js";
import { duckdb, exported, newFolder, rowsOf } from "../support/exported.js";

const DAY = 86_400_000_000_000n;
const MIDNIGHT = 20_000n * DAY;

/** The fixture's events, with a day between each two. */
function spread(blocks: readonly Block[]): Block[] {
  return blocks.map((block) => ({
    ...block,
    columns: block.columns.map((column) =>
      column.kind === "wide"
        ? {
            ...column,
            values: BigInt64Array.from(column.values, (_, i) => MIDNIGHT + (BigInt(i % 3) * DAY) / 2n),
          }
        : column,
    ),
  }));
}

describe("a partitioned set", () => {
  test.each(["web1", "a/b", "../..", "50%=ü ö+?#", "tab\there", "日本"])(
    "of host %j is read by DuckDB with its host and dates",
    async (host) => {
      const folder = newFolder();
      const blocks = spread(fixtureBlocks("bridge-6.1", "events"));
      const parts = new Map<string, Block[]>();
      for (const block of blocks)
        for (const { key, block: rows } of partition(block, { host, startUnixNs: null }))
          parts.set(key, [...(parts.get(key) ?? []), rows]);
      for (const [key, rows] of parts) {
        expect(key.split("/")).toHaveLength(2);
        mkdirSync(join(folder, key), { recursive: true });
        const bytes = await exported(await EXPORT_FORMATS.parquet.load(), "events", rows);
        writeFileSync(join(folder, key, "events.parquet"), bytes);
      }
      const found = await duckdb(
        `select host, date::varchar as date, count(*)::int as n, sum(event)::int as sum
         from read_parquet('${folder}/**/*.parquet', hive_partitioning = true) group by all order by all`,
      );
      const expected = ["2024-10-04", "2024-10-05"].map((date) => {
        const rows = rowsOf(blocks).filter(
          ({ unix_ns }) =>
            new Date(Number(BigInt(unix_ns ?? 0) / 1_000_000n)).toISOString().slice(0, 10) === date,
        );
        return { host, date, n: rows.length, sum: rows.reduce((sum, { event }) => sum + Number(event), 0) };
      });
      expect(found).toEqual(expected);
    },
  );
});

test("rows keep their order and none is lost", () => {
  const blocks = spread(fixtureBlocks("veth-6.12", "events"));
  for (const block of blocks) {
    const parts = partition(block, { host: "h", startUnixNs: null });
    const days = parts.map(({ key, block: part }) =>
      Array.from({ length: part.length }, (_, i) => ({ key, row: rowAt(part, i) })),
    );
    const rows = days.flat().map(({ row }) => row);
    expect(rows.toSorted((a, b) => Number(a["event"]) - Number(b["event"]))).toEqual(rowsOf([block]));
    for (const part of days)
      expect(part.map(({ row }) => row["event"])).toEqual(
        part.map(({ row }) => row["event"]).toSorted((a, b) => Number(a) - Number(b)),
      );
  }
});

test("a table without times goes by the recording's start, meta by its own", () => {
  const [losses] = partition(
    blockOf("losses", [{ recording: "r", after_ns: 0, before_ns: 1, cause: "damage" }]),
    { host: "h", startUnixNs: MIDNIGHT },
  );
  expect(losses?.key).toBe("host=h/date=2024-10-04");
  const meta = { host: "h", startUnixNs: null };
  const [keyed] = fixtureBlocks("bridge-6.1", "meta").flatMap((block) => partition(block, meta));
  const start = BigInt(
    fixtureBlocks("bridge-6.1", "meta").map((block) => rowAt(block, 0))[0]?.["start_unix_ns"] ?? 0,
  );
  expect(keyed?.key).toBe(`host=h/date=${new Date(Number(start / 1_000_000n)).toISOString().slice(0, 10)}`);
});

test("what is not known has Hive's name for that", () => {
  expect(partitionKey(null, null)).toBe("host=__HIVE_DEFAULT_PARTITION__/date=__HIVE_DEFAULT_PARTITION__");
  expect(partitionKey("", -1n)).toBe("host=__HIVE_DEFAULT_PARTITION__/date=1969-12-31");
});

test("no host leaves its folder or holds a control character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (host) => {
      const [folder, date, ...rest] = partitionKey(host, 0n).split("/");
      expect(rest).toEqual([]);
      expect(date).toBe("date=1970-01-01");
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      expect(folder).toMatch(/^host=[^/\0-\x1f\x7f]+$/);
    }),
  );
});
