// What is in a database is what the reconstruction gave, by a reader that is not ours.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { TABLE_NAMES } from "@skbtracer/analyzer";
import { ImportTarget, isDatabaseFile, openDatabase, QUESTIONS } from "@skbtracer/analyzer/sqlite";
import { uuidText } from "@skbtracer/format";
import { describe, expect, test } from "vitest";

import { HOPS_MAX } from "../../src/reconstruct/places.js";
import { fixtureTables } from "../support/blocks.js";
import { databaseOf, fixture, importInto, newFolder, sqlite3, storedRows } from "../support/database.js";
import { FIXTURES, type Row, rowsOf } from "../support/exported.js";
import { type MadeEvent, MadeRecording, reconstruct } from "../support/made-recording.js";

const database = await databaseOf(...FIXTURES.map(fixture));
/** A row as text that tells it from others. */
const key = (row: Row): string =>
  JSON.stringify(Object.values(row), (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
const inOrder = (rows: readonly Row[]): Row[] => {
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
};

const number = (sql: string): number => Number(Object.values(sqlite3(database, sql)[0] ?? {})[0]);
const stored = async (made: MadeRecording): Promise<{ paths: Row[]; expected: Row[] }> => {
  const bytes = made.bytes();
  return {
    paths: storedRows(await databaseOf(bytes), "paths"),
    expected: reconstruct(bytes).paths as unknown as Row[],
  };
};

describe("a database of two recordings", () => {
  for (const name of FIXTURES) {
    const tables = fixtureTables(name);
    const [meta] = rowsOf(tables.get("meta") ?? []);
    const ofIt = `recording = '${String(meta?.["recording"])}'`;
    test.each(TABLE_NAMES)(`has the rows of ${name} in %s`, (table) => {
      const expected = rowsOf(tables.get(table) ?? []);
      expect(inOrder(storedRows(database, table, ofIt))).toEqual(inOrder(expected));
      if (table !== "losses") expect(expected.length).toBeGreaterThan(0);
    });
  }

  test("has nothing else", async () => {
    for (const table of TABLE_NAMES) {
      const expected = FIXTURES.flatMap((name) => rowsOf(fixtureTables(name).get(table) ?? []));
      expect(storedRows(database, table)).toHaveLength(expected.length);
    }
  });

  test("is whole, and every reference in it leads somewhere", async () => {
    expect(sqlite3(database, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(sqlite3(database, "PRAGMA foreign_key_check")).toEqual([]);
    // Or there would be nothing to check
    const references = sqlite3(
      database,
      "SELECT count(*) AS n FROM sqlite_schema s, pragma_foreign_key_list(s.name) WHERE s.type = 'table'",
    );
    expect(Number(references[0]?.["n"])).toBeGreaterThan(15);
  });

  test("can be read by its owner alone", async () => {
    expect(statSync(database).mode & 0o777).toBe(0o600);
  });

  test("finds a path's events by an index", async () => {
    const plan = execFileSync(
      "sqlite3",
      [database, "EXPLAIN QUERY PLAN SELECT * FROM events_data WHERE path = 7"],
      { encoding: "utf8" },
    );
    expect(plan).toContain("USING INDEX events_by_path");
  });
});

describe("views for common questions", () => {
  test.each(QUESTIONS.map(([name]) => name))("%s answers", (name) => {
    expect(sqlite3(database, `SELECT * FROM ${name}`).length).toBeGreaterThan(0);
  });

  test("hops has each step once, and times that add up to the way", async () => {
    expect(number("SELECT count(*) FROM hops")).toBe(
      number("SELECT count(*) FROM events WHERE kind = 'sight'"),
    );
    expect(number("SELECT sum(since_previous_ns) FROM hops")).toBe(
      number(
        "SELECT sum(l - f) FROM (SELECT max(time_ns) l, min(time_ns) f FROM events WHERE kind = 'sight' GROUP BY recording, path)",
      ),
    );
  });
  test("path_shapes, drop_places and table_verdicts count every row once", async () => {
    expect(number("SELECT sum(paths) FROM path_shapes")).toBe(number("SELECT count(*) FROM paths"));
    expect(number("SELECT sum(drops) FROM drop_places")).toBe(number("SELECT count(*) FROM drops"));
    expect(number("SELECT sum(passes) FROM table_verdicts")).toBe(number("SELECT count(*) FROM traversals"));
  });
  test("drop_places knows what is harmless", async () => {
    expect(
      sqlite3(
        database,
        "SELECT reason, function, sum(drops) AS n FROM drop_places WHERE NOT benign GROUP BY 1, 2 ORDER BY 2",
      ),
    ).toEqual([
      { reason: "NO_SOCKET", function: "__udp4_lib_rcv", n: 3 },
      { reason: "NETFILTER_DROP", function: "nf_hook_slow", n: 13 },
    ]);
  });
});

describe("rows of events of our choice", () => {
  const A = 0xffff_8880_0000_1000n;

  test("times of hops end where hops do", async () => {
    const events = Array.from({ length: HOPS_MAX + 20 }, (_, i): MadeEvent => ({
      ns: i,
      skb: A,
      at: i % 2 ? "ip_rcv" : "ip_output",
    }));
    const { paths, expected } = await stored(new MadeRecording().on(0, ...events));
    expect(paths).toEqual(expected);
  });

  test("an end that was seen without its path belongs to none", async () => {
    const database1 = await databaseOf(new MadeRecording().on(0, { ns: 1, skb: A, kind: "FREE" }).bytes());
    expect(storedRows(database1, "events")).toMatchObject([{ kind: "free", path: null }]);
    expect(sqlite3(database1, "PRAGMA foreign_key_check")).toEqual([]);
  });

  // Of four-level and five-level page tables, and what only damage makes
  test.each([0xffff_8880_0000_1000n, 0xff11_8880_0525_ce00n, 7n, 0xffff_ffff_ffff_ff00n])(
    "the address %s comes back",
    async (skb) => {
      const { paths, expected } = await stored(new MadeRecording().on(0, { ns: 1, skb, at: "ip_rcv" }));
      expect(paths.map((row) => row["skb"])).toEqual([`0x${skb.toString(16).padStart(16, "0")}`]);
      expect(paths).toEqual(expected);
    },
  );

  test("names of devices may be anything", async () => {
    const name = "=cmd|'\"\u001B[31m\u0007;--";
    const made = new MadeRecording({
      namespaces: [{ inode: 5, name, interfaces: [{ ifindex: 1, name }] }],
    }).on(0, { ns: 1, skb: A, at: "ip_rcv", netns: 5, ifindex: 1 });
    const { paths, expected } = await stored(made);
    expect(paths).toEqual(expected);
    expect(paths[0]?.["interfaces"]).toBe(name);
  });
});

describe("adding to a database", () => {
  const [first, second] = FIXTURES.map(fixture);
  if (!first || !second) throw new Error("two fixtures are needed");

  test("in two steps gives what one step gives", async () => {
    const path = await databaseOf(first);
    const target = new ImportTarget(path, false);
    expect(target.has(uuidText(first.subarray(16, 32)))).toBe(
      storedRows(path, "meta")[0]?.["recording"] === uuidText(first.subarray(16, 32)),
    );
    await importInto(target, second);
    await target.commit();
    for (const table of TABLE_NAMES)
      expect(inOrder(storedRows(path, table))).toEqual(inOrder(storedRows(database, table)));
    expect(sqlite3(path, "PRAGMA foreign_key_check")).toEqual([]);
    expect(readdirSync(dirname(path))).toEqual(["trace.db"]);
  });

  test("knows which recordings are in it", async () => {
    const [meta] = storedRows(await databaseOf(first), "meta");
    const target = new ImportTarget(await databaseOf(first), false);
    expect(target.has(String(meta?.["recording"]))).toBe(true);
    expect(target.has("another")).toBe(false);
    await target.abort();
  });

  test("that fails leaves it byte for byte", async () => {
    const path = await databaseOf(first);
    const before = readFileSync(path);
    const target = new ImportTarget(path, false);
    await importInto(target, second);
    await target.abort();
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(dirname(path))).toEqual(["trace.db"]);
  });

  test("the same recording again by mistake fails, and leaves it byte for byte", async () => {
    const path = await databaseOf(first);
    const before = readFileSync(path);
    const target = new ImportTarget(path, false);
    await importInto(target, first);
    await expect(target.commit()).rejects.toThrow(/UNIQUE/);
    await target.abort();
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe("a new database", () => {
  test("has no name before it is whole, and leaves nothing if that fails", async () => {
    const folder = newFolder();
    const target = new ImportTarget(join(folder, "trace.db"), false);
    expect(readdirSync(folder)).not.toContain("trace.db");
    await importInto(target, fixture("bridge-6.1"));
    expect(readdirSync(folder)).not.toContain("trace.db");
    await target.abort();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("replaces what is there if it is forced to, when it is whole", async () => {
    const folder = newFolder();
    const path = join(folder, "trace.db");
    writeFileSync(path, "precious");
    const target = new ImportTarget(path, true);
    await importInto(target, fixture("bridge-6.1"));
    expect(readFileSync(path, "utf8")).toBe("precious");
    await target.commit();
    expect(isDatabaseFile(path)).toBe(true);
    expect(readdirSync(folder)).toEqual(["trace.db"]);
    openDatabase(path).close();
  });
});
