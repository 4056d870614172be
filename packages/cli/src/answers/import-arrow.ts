// All tables of recordings as Arrow IPC files in a folder, from one reading.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { EXPORT_FORMATS, TABLE_NAMES, type TableName, type TableWriter } from "@skbtracer/analyzer";
import type { ReadMode } from "@skbtracer/format";
import { removeOnSignal } from "../io/leftovers.js";
import { NewFile } from "../io/new-file.js";
import { UsageError } from "../options/usage-error.js";
import { blocksOf, readSources } from "./sources.js";

/**
 * Writes the folder, which has its name only when it is whole. Returns the number of rows.
 * @throws UsageError if the folder exists, without `force`
 */
export async function importArrow(
  files: readonly string[],
  folder: string,
  { mode, force }: { mode: ReadMode; force: boolean },
): Promise<number> {
  if (existsSync(folder)) checkReplaceable(folder, force);
  const temporary = `${folder}.importing-${process.pid}`;
  mkdirSync(temporary, { mode: 0o700 });
  const finished = removeOnSignal(temporary);
  try {
    const rows = await writeTables(files, temporary, mode);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
    return rows;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  } finally {
    finished();
  }
}

/** Nothing but what an import made is deleted. */
function checkReplaceable(folder: string, force: boolean): void {
  if (!force) throw new UsageError(`${folder} exists: use another name, or --force to replace it`);
  const ours = new Set(TABLE_NAMES.map((table) => `${table}.arrow`));
  if (!statSync(folder).isDirectory() || readdirSync(folder).some((name) => !ours.has(name)))
    throw new UsageError(`${folder} has other things in it than an import's tables: use another name`);
}

async function writeTables(files: readonly string[], folder: string, mode: ReadMode): Promise<number> {
  const openWriter = await EXPORT_FORMATS.arrow.load();
  const outputs = new Map<TableName, { file: NewFile; writer: TableWriter }>();
  for (const table of TABLE_NAMES) {
    const file = new NewFile(join(folder, `${table}.arrow`), false);
    outputs.set(table, { file, writer: openWriter(table, file) });
  }
  let rows = 0;
  const tables = new Set(TABLE_NAMES);
  for await (const found of readSources(files, { tables, filter: {}, mode, doing: "importing" }))
    for (const block of blocksOf(found)) {
      rows += block.length;
      await outputs.get(block.table)?.writer.write(block);
    }
  for (const { file, writer } of outputs.values()) {
    await writer.end();
    file.commit();
  }
  return rows;
}
