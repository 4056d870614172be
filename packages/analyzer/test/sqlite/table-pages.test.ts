// Pages that were written without SQLite are what SQLite would have written: it finds no fault, and every value.
import { ftruncateSync, closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { connect } from "../../src/sqlite/keep-alive.js";
import { TablePages } from "../../src/sqlite/table-pages.js";
import { newFolder, sqlite3 } from "../support/database.js";

const LOCKED_BYTE = 2 ** 30;

/** A database with an empty table between two that have rows. */
function emptyDatabase(pageSize: number): { path: string; root: number } {
  const path = join(newFolder(), "pages.db");
  const db = connect(path);
  db.exec(`PRAGMA page_size = ${pageSize}`);
  db.exec(
    "CREATE TABLE before(x); CREATE TABLE t(same INTEGER, key INTEGER PRIMARY KEY, a INTEGER, b INTEGER)",
  );
  db.exec("CREATE TABLE behind(x); INSERT INTO before VALUES (1); INSERT INTO behind VALUES (2)");
  const root = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 't'").pluck().get());
  db.close();
  return { path, root };
}

function put(path: string, root: number, pageSize: number, values: readonly number[]): void {
  const pages = new TablePages(`${path}.rows`, 4, pageSize);
  // In two parts, as rows arrive
  const half = 2 * Math.floor(values.length / 4);
  pages.add([7, Number.NaN], Float64Array.from(values.slice(0, half)));
  pages.add([8, Number.NaN], Float64Array.from(values.slice(half)));
  pages.putInto(path, root);
  pages.close();
}

/** One below, at and above each border between sizes of integers, on both sides of zero. */
const BORDERS = [0, 1, 7, 8, 15, 16, 23, 24, 31, 32, 39, 40, 47, 48, 52]
  .flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1])
  .flatMap((value) => [value, -value, Number.NaN]);

test("integers of all sizes come back", () => {
  const { path, root } = emptyDatabase(16_384);
  const values = BORDERS.flatMap((value, i) => [value, i]);
  put(path, root, 16_384, values);
  expect(sqlite3(path, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const rows = sqlite3(path, "SELECT key, a, b, typeof(a) AS type FROM t");
  expect(rows).toEqual(
    BORDERS.map((value, i) => ({
      key: i + 1,
      a: Number.isNaN(value) ? null : value === 0 ? 0 : value,
      b: i,
      type: Number.isNaN(value) ? "null" : "integer",
    })),
  );
});

describe("pages of 512 bytes", () => {
  // One page, a few under one, and trees of three and four levels
  test.each([1, 30, 31, 2000, 60_000, 200_000])("%d rows are found, and SQLite goes on writing", (count) => {
    const { path, root } = emptyDatabase(512);
    const values = Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 1e9 * i : i));
    put(path, root, 512, values);
    const db = connect(path);
    db.exec("INSERT INTO t VALUES (9, NULL, -1, -2); CREATE INDEX by_a ON t(a); DELETE FROM before");
    expect(db.prepare("PRAGMA integrity_check").pluck().all()).toEqual(["ok"]);
    expect(db.prepare("SELECT max(key) FROM t").pluck().get()).toBe(count + 1);
    const row = db.prepare("SELECT same, a, b FROM t WHERE key = ?");
    for (let key = 1; key <= count; key += 37)
      expect(row.get(key)).toEqual({
        same: key <= Math.floor(count / 2) ? 7 : 8,
        a: 2 * (key - 1),
        b: 1e9 * (2 * key - 1),
      });
    db.close();
  });
});

test("no rows leave the database as it was", () => {
  const { path, root } = emptyDatabase(512);
  const before = statSync(path).size;
  put(path, root, 512, []);
  expect(statSync(path).size).toBe(before);
  expect(sqlite3(path, "SELECT count(*) AS n FROM t")).toEqual([{ n: 0 }]);
});

test("the page that SQLite locks is left out", () => {
  const pageSize = 4096;
  const { path, root } = emptyDatabase(pageSize);
  const file = openSync(path, "r+");
  ftruncateSync(file, LOCKED_BYTE - 2 * pageSize);
  put(
    path,
    root,
    pageSize,
    Array.from({ length: 4000 }, (_, i) => i),
  );
  const page = new Uint8Array(pageSize);
  readSync(file, page, 0, pageSize, LOCKED_BYTE);
  closeSync(file);
  expect(statSync(path).size).toBeGreaterThan(LOCKED_BYTE + 2 * pageSize);
  expect(page.every((byte) => byte === 0)).toBe(true);
  expect(sqlite3(path, "SELECT count(*) AS n, sum(a) AS a FROM t")).toEqual([{ n: 2000, a: 3_998_000 }]);
});

test("what is no integer is refused", () => {
  const { path } = emptyDatabase(512);
  const pages = new TablePages(`${path}.rows`, 4, 512);
  expect(() => pages.add([7, Number.NaN], Float64Array.of(0.5, 1))).toThrow(/0\.5/);
  pages.close();
});
