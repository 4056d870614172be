// Files that are no database of ours are refused, in words, and left alone.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { DatabaseError, ImportTarget, openDatabase } from "@skbtracer/analyzer/sqlite";
import { describe, expect, test } from "vitest";

import { databaseOf, fixture, newFolder } from "../support/database.js";

const ours = await databaseOf(fixture("bridge-6.1"));

/** A copy of a database of ours, after some SQL. */
function changed(sql: string): string {
  const path = join(newFolder(), "changed.db");
  copyFileSync(ours, path);
  execFileSync("sqlite3", [path, sql]);
  return path;
}

function garbage(): string {
  const path = join(newFolder(), "garbage.db");
  writeFileSync(path, Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(20_000, 0xff)]));
  return path;
}

function foreign(): string {
  const path = join(newFolder(), "foreign.db");
  execFileSync("sqlite3", [path, "CREATE TABLE recordings(id); INSERT INTO recordings VALUES (1)"]);
  return path;
}

function text(): string {
  const path = join(newFolder(), "notes.txt");
  writeFileSync(path, "precious");
  return path;
}

function folder(): string {
  const path = join(newFolder(), "folder");
  mkdirSync(path);
  return path;
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseError);
    return (error as Error).message;
  }
  return "it was taken";
}

describe("adding to it is refused", () => {
  test.each([
    ["another program's database", foreign, /foreign\.db is a database, but not one of skbtracer: .*import/],
    [
      "tables of another version",
      () => changed("PRAGMA user_version = 99"),
      /version 99.*version \d+: import the recordings again/,
    ],
    ["a text file", text, /notes\.txt exists and is not a database: use another name, or --force/],
    ["a folder", folder, /folder is a folder: give a file name/],
    ["garbage behind a database's first bytes", garbage, /cannot read .*garbage\.db: /],
  ])("%s", (_what, make, message) => {
    const path = make();
    const names = readdirSync(dirname(path));
    const before = names.map(
      (name) => name === "folder" || readFileSync(join(dirname(path), name), "latin1"),
    );
    expect(messageOf(() => new ImportTarget(path, false))).toMatch(message);
    expect(readdirSync(dirname(path))).toEqual(names);
    expect(
      names.map((name) => name === "folder" || readFileSync(join(dirname(path), name), "latin1")),
    ).toEqual(before);
  });

  test("a folder even by force", async () => {
    expect(messageOf(() => new ImportTarget(folder(), true))).toMatch(/is a folder: give a file name/);
  });

  test("a place in no folder", async () => {
    expect(messageOf(() => new ImportTarget(join(newFolder(), "no", "trace.db"), false))).toMatch(
      /cannot create .*trace\.db/,
    );
  });
});

describe("reading it is refused", () => {
  test.each([
    ["another program's database", foreign, /not one of skbtracer/],
    ["tables of another version", () => changed("PRAGMA user_version = 0"), /version 0/],
    ["a text file", text, /cannot (open|read) .*notes\.txt/],
    ["a folder", folder, /cannot open .*folder/],
    ["garbage behind a database's first bytes", garbage, /cannot read .*garbage\.db/],
    ["what is not there", () => join(newFolder(), "none.db"), /cannot open .*none\.db/],
  ])("%s", (_what, make, message) => {
    expect(messageOf(() => openDatabase(make()))).toMatch(message);
  });
});

test("a database that is read cannot be written", async () => {
  const db = openDatabase(ours);
  expect(() => db.exec("DELETE FROM paths_data")).toThrow(/readonly/);
  db.close();
});
