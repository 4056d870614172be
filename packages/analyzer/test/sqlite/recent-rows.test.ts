// A row that was compared has the number that its values have.
import { expect, test } from "vitest";

import { connect } from "../../src/sqlite/keep-alive.js";
import { RecentRows } from "../../src/sqlite/recent-rows.js";
import { SharedRows } from "../../src/sqlite/shared-rows.js";

test("rows have the numbers of their values, more than are compared", () => {
  const db = connect(":memory:");
  db.exec("CREATE TABLE shared(id INTEGER PRIMARY KEY, a, b)");
  const shared = new SharedRows(db, "shared", ["a", "b"]);
  const recent = new RecentRows(shared, ["a", "b"]);
  // Neighbours have one of the two in common.
  const rows = Array.from({ length: 40 }, (_, i) => ({ a: `a${i >> 2}`, b: i % 4 || null, other: i }));
  const ids = [...rows, ...rows].map((row) => recent.id(row));
  expect(ids).toEqual([...rows, ...rows].map(({ a, b }) => shared.id([a, b])));
  expect(new Set(ids).size).toBe(40);
  db.close();
});
