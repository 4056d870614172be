// Parquet as DuckDB and Rust's Arrow read it.
import { type Block, EXPORT_FORMATS, TABLES } from "@skbtracer/analyzer";
import { tableFromIPC } from "apache-arrow";
import * as fc from "fast-check";
import { readParquet } from "parquet-wasm";
import { describe, expect, test } from "vitest";

import { deltaPacked } from "../../src/export/parquet/delta.js";
import { parquetWriter } from "../../src/export/parquet.js";
import { fixtureBlocks } from "../support/blocks.js";
import { cases, duckdb, exported, file, plainRows, rowsOf } from "../support/exported.js";

const parquet = await EXPORT_FORMATS.parquet.load();

describe.each(cases())("$name as Parquet", ({ table, blocks }) => {
  const expected = rowsOf(blocks);

  test("DuckDB reads each value", async () => {
    const path = file(await exported(parquet, table, blocks), "parquet");
    expect(plainRows(table, await duckdb(`select * from '${path}'`))).toEqual(expected);
  });

  test("row groups follow one another", async () => {
    const path = file(
      await exported((name, sink) => parquetWriter(name, sink, { rowGroupRows: 20 }), table, [
        ...blocks,
        ...blocks,
      ]),
      "parquet",
    );
    const [groups] = await duckdb(
      `select count(distinct row_group_id)::int as n from parquet_metadata('${path}')`,
    );
    if (expected.length > 20 && blocks.length > 1) expect(groups?.["n"]).toBeGreaterThan(1);
    expect(plainRows(table, await duckdb(`select * from '${path}'`))).toEqual([...expected, ...expected]);
  });

  test("statistics of the row groups are those of the rows", async () => {
    const path = file(await exported(parquet, table, blocks), "parquet");
    for (const { name, type } of TABLES[table].columns) {
      const where = type === "text" ? "" : `, min("${name}")::varchar as min, max("${name}")::varchar as max`;
      const [found] = await duckdb(`select count(*) - count("${name}") as nulls ${where} from '${path}'`);
      const [stated] = await duckdb(
        `select sum(stats_null_count)::bigint as nulls ${where && ", min(stats_min_value) as min, max(stats_max_value) as max"}
         from parquet_metadata('${path}') where path_in_schema = '${name}'`,
      );
      if (expected.length) expect({ name, ...stated }).toEqual({ name, ...found });
    }
  });

  test("filters that use the statistics find the rows", async () => {
    const path = file(await exported(parquet, table, blocks), "parquet");
    for (const { name } of TABLES[table].columns.filter(({ type }) => type === "text")) {
      const values = [...new Set(expected.map((row) => row[name]))].filter((value) => value !== null);
      for (const value of values.slice(0, 5)) {
        const literal = `'${String(value).replaceAll("'", "''")}'`;
        if (literal.includes("\0")) continue;
        const [count] = await duckdb(`select count(*)::int as n from '${path}' where "${name}" = ${literal}`);
        expect(count).toEqual({ n: expected.filter((row) => row[name] === value).length });
      }
    }
  });

  test("the Rust implementation of Arrow reads the same", async () => {
    const bytes = await exported(parquet, table, blocks);
    const read = tableFromIPC(readParquet(bytes).intoIPCStream());
    const names = TABLES[table].columns.filter(({ type }) => type !== "wide").map(({ name }) => name);
    expect(read.schema.names).toEqual(TABLES[table].columns.map(({ name }) => name));
    const rows = read.toArray().map((row: Record<string, unknown>) => names.map((name) => [name, row[name]]));
    expect(
      plainRows(
        table,
        rows.map((row) => Object.fromEntries(row) as Record<string, unknown>),
      ),
    ).toEqual(expected.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));
  });
});

test("columns have the types that the schema means", async () => {
  const path = file(await exported(parquet, "events", []), "parquet");
  const types = await duckdb(`select column_name, column_type from (describe select * from '${path}')`);
  const typeOf = Object.fromEntries(types.map((row) => [row["column_name"], row["column_type"]]));
  expect(typeOf).toMatchObject({
    time_ns: "BIGINT",
    unix_ns: "TIMESTAMP_NS",
    source_port: "INTEGER",
    netns: "UINTEGER",
    function: "VARCHAR",
  });
});

const manyEvents = (length: number, value: (i: number) => number): Block => ({
  table: "losses",
  length,
  columns: TABLES.losses.columns.map(({ name, type }) =>
    type === "text"
      ? { kind: "text", codes: Int32Array.from({ length }, (_, i) => i % 3), values: ["a", "b", "c"] }
      : {
          kind: "number",
          values: Float64Array.from({ length }, (_, i) =>
            name === "cpu" || name === "count" ? (i % 7 ? i % 1000 : Number.NaN) : value(i),
          ),
        },
  ),
});

test.each([
  ["growing", (i: number) => i * 1_000_003],
  ["the widest", (i: number) => (i % 2 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER)],
  ["the same", () => 5],
  ["falling", (i: number) => 2 ** 40 - 2 ** 36 * i],
])("numbers that are %s keep their value over thousands of rows", async (_, value) => {
  const block = manyEvents(10_001, value);
  const path = file(await exported(parquet, "losses", [block]), "parquet");
  expect(plainRows("losses", await duckdb(`select * from '${path}'`))).toEqual(rowsOf([block]));
});

test("tens of thousands of texts keep their rows", async () => {
  const block = manyEvents(100_000, (i) => i);
  const columns = block.columns.map((column, at) =>
    TABLES.losses.columns[at]?.name === "cause"
      ? {
          kind: "text" as const,
          codes: Int32Array.from({ length: block.length }, (_, i) => (i * 7919) % 40_000),
          values: Array.from({ length: 40_000 }, (_, i) => `t${i}`),
        }
      : column,
  );
  const path = file(await exported(parquet, "losses", [{ ...block, columns }]), "parquet");
  const [found] = await duckdb(
    `select count(*)::int as n, (count(*) filter (cause = 't' || (after_ns * 7919) % 40000))::int as right,
       max(encodings) filter (path_in_schema = 'cause') as encodings
     from '${path}', (select any_value(encodings) as encodings, any_value(path_in_schema) as path_in_schema
       from parquet_metadata('${path}') where path_in_schema = 'cause')`,
  );
  expect(found).toMatchObject({ n: 100_000, right: 100_000 });
  expect(found?.["encodings"]).toContain("RLE_DICTIONARY");
});

test("any 64-bit integers survive", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          fc.bigInt({ min: -9n, max: 2n ** 51n }),
        ),
      ),
      fc.integer({ min: 1, max: 40 }),
      async (some, times) => {
        const values = BigInt64Array.from(Array.from({ length: times }, () => some).flat());
        const block: Block = {
          table: "meta",
          length: values.length,
          columns: TABLES.meta.columns.map(({ type }) => {
            if (type === "wide") return { kind: "wide", values, absent: false };
            if (type === "text") return { kind: "text", codes: new Int32Array(values.length), values: [""] };
            return { kind: "number", values: new Float64Array(values.length) };
          }),
        };
        const path = file(await exported(parquet, "meta", [block]), "parquet");
        const rows = await duckdb(`select start_monotonic_ns as n from '${path}'`);
        expect(rows.map(({ n }) => n)).toEqual([...values]);
      },
    ),
    { numRuns: 60 },
  );
});

test("neighbours too far apart for a delta are left to another encoding", () => {
  expect(deltaPacked(BigInt64Array.of(-(2n ** 62n), 2n ** 62n))).toBeUndefined();
});

test("whatever 32 bits an event has, it can be exported", async () => {
  const [block] = fixtureBlocks("bridge-6.1", "events");
  if (!block) throw new Error("a fixture without events");
  const ones = new Set(["cpu", "ifindex", "len", "mark", "netns", "pid"]);
  const columns = block.columns.map((column, at) =>
    ones.has(TABLES.events.columns[at]?.name ?? "")
      ? { kind: "number" as const, values: new Float64Array(block.length).fill(0xffff_ffff) }
      : column,
  );
  const path = file(await exported(parquet, "events", [{ ...block, columns }]), "parquet");
  const rows = await duckdb(`select distinct ${[...ones].join(", ")} from '${path}'`);
  expect(rows).toEqual([Object.fromEntries([...ones].map((name) => [name, 0xffff_ffff]))]);
});

test("a value that the column cannot hold is refused by its name", async () => {
  const block = manyEvents(3, () => 0.5);
  await expect(exported(parquet, "losses", [block])).rejects.toThrow("losses.after_ns: 0.5");
});
