// Databases made by the importer, and the program sqlite3, which knows nothing of how.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Reconstruction, TABLE_NAMES, type TableName, TABLES } from "@skbtracer/analyzer";
import { ImportTarget } from "@skbtracer/analyzer/sqlite";
import { RecordingReader } from "@skbtracer/format";

import type { Row } from "./exported.js";

const folder = mkdtempSync(join(tmpdir(), "skbtracer-sqlite-"));
let files = 0;

/** A new folder; nothing is in it. */
export function newFolder(): string {
  return mkdtempSync(join(folder, `${++files}-`));
}

/** The bytes of fixtures/v1/NAME.skbt. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../../../fixtures/v1/${name}.skbt`, import.meta.url));
}

/** Adds recordings to a database; what it holds if that fails is up to the caller. */
export async function importInto(target: ImportTarget, ...recordings: readonly Uint8Array[]): Promise<void> {
  for (const bytes of recordings) {
    const reader = new RecordingReader();
    const reconstruction = new Reconstruction(reader, { tables: new Set(TABLE_NAMES) });
    let rows: ReturnType<ImportTarget["add"]> | undefined;
    for (const batches of [reader.push(bytes), reader.end()])
      for (const batch of batches) {
        // Which recording it is, is known with its first bytes.
        rows ??= target.add(reconstruction.recording);
        const found = reconstruction.take(batch);
        if (found.events) rows.events(found.events);
        rows.paths(found.paths);
        rows.drops(found.drops);
        rows.traversals(found.traversals);
      }
    rows ??= target.add(reconstruction.recording);
    rows.paths(reconstruction.finish());
    for (const block of reconstruction.hostBlocks()) rows.block(block);
    rows.end();
    await rows.caughtUp();
  }
}

/** A database of recordings in a folder of its own. */
export async function databaseOf(...recordings: readonly Uint8Array[]): Promise<string> {
  const path = join(newFolder(), "trace.db");
  const target = new ImportTarget(path, false);
  await importInto(target, ...recordings);
  await target.commit();
  return path;
}

/** What the program sqlite3 answers, as rows. */
export function sqlite3(path: string, sql: string): Record<string, unknown>[] {
  let text: string;
  try {
    text = execFileSync("sqlite3", ["-readonly", "-json", path, sql], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Error("the program sqlite3 is missing: install the Debian package sqlite3", { cause: error });
    throw error;
  }
  return text.trim() === "" ? [] : (JSON.parse(text) as Record<string, unknown>[]);
}

/** A table as it stands in a database, its rows as `rowAt` gives them. */
export function storedRows(path: string, table: TableName, where = "1"): Row[] {
  // JSON's numbers lose the last digits of what needs 64 bits.
  const columns = TABLES[table].columns.map(({ name, type }) =>
    type === "wide" ? `CAST("${name}" AS TEXT) AS "${name}"` : `"${name}"`,
  );
  return sqlite3(path, `SELECT ${columns.join(", ")} FROM "${table}" WHERE ${where}`).map((found) => {
    const row: Row = {};
    for (const { name, type } of TABLES[table].columns) {
      const value = found[name] as Row[string];
      row[name] = type === "wide" && value !== null ? BigInt(value ?? 0) : (value ?? null);
    }
    return row;
  });
}
