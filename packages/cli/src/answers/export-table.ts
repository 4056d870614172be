// One table, from all files, in one format: into one file, or a folder of partitions.
import { closeSync, existsSync, openSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Block,
  EXPORT_FORMATS,
  type ExportFormatName,
  type OpenWriter,
  type PacketFilter,
  partition,
  selectRows,
  type TableName,
  type TableWriter,
  valueAt,
} from "@skbtracer/analyzer";
import type { ReadMode } from "@skbtracer/format";
import { makeFoldersFor, NewFile } from "../io/new-file.js";
import { UsageError } from "../options/usage-error.js";
import { type Conditions, dropHolds, eventHolds, pathHolds, traversalHolds } from "./conditions.js";
import { blocksOf, readSources, type Rows } from "./sources.js";

/** What to export, and where to. */
export interface TableExport {
  readonly filter: PacketFilter;
  readonly mode: ReadMode;
  readonly conditions: Conditions;
  readonly table: TableName;
  readonly format: ExportFormatName;
  readonly output: string;
  readonly force: boolean;
  /** By host and date. */
  readonly isPartitioned: boolean;
}

interface Open {
  readonly file: NewFile;
  readonly writer: TableWriter;
}

/** Exports, and gives the number of rows. What was begun is removed if that fails. */
export async function exportTable(files: readonly string[], options: TableExport): Promise<number> {
  const { table, output } = options;
  if (options.isPartitioned) checkFolder(output, options.force);
  const outputs = new Outputs(options, await EXPORT_FORMATS[options.format].load());
  let rows = 0;
  try {
    if (!options.isPartitioned) outputs.at("");
    const source = { tables: new Set([table]), filter: options.filter, mode: options.mode };
    for await (const found of readSources(files, { ...source, doing: "exporting" }))
      for (const block of blocksOf(conditioned(found, options.conditions))) {
        rows += block.length;
        await outputs.write(block, found.hosts);
      }
    await outputs.commit();
  } catch (error) {
    outputs.abort();
    throw error;
  }
  return rows;
}

/** The files that are being written. */
class Outputs {
  readonly #options: TableExport;
  readonly #openWriter: OpenWriter;
  readonly #open = new Map<string, Open>();
  /** Those that were made, inner ones before outer ones. */
  readonly #folders: string[] = [];

  constructor(options: TableExport, openWriter: OpenWriter) {
    this.#options = options;
    this.#openWriter = openWriter;
  }

  /** The writer of a file in the output's folder; "" is the output itself. */
  at(name: string): Open {
    const known = this.#open.get(name);
    if (known) return known;
    const { output, force, table } = this.#options;
    const path = name === "" ? output : join(output, name);
    if (name !== "") this.#folders.unshift(...makeFoldersFor(path));
    const file = new NewFile(path, force);
    const opened = { file, writer: this.#openWriter(table, file) };
    this.#open.set(name, opened);
    return opened;
  }

  async write(block: Block, hosts: Rows["hosts"]): Promise<void> {
    if (!this.#options.isPartitioned) {
      await this.at("").writer.write(block);
      return;
    }
    const { extension } = EXPORT_FORMATS[this.#options.format];
    for (const [recording, rows] of byRecording(block)) {
      const facts = hosts.get(recording) ?? { host: null, startUnixNs: null };
      for (const part of partition(rows, facts)) {
        const name = join(part.key, `${recording}.${extension}`);
        await this.at(name).writer.write(part.block);
      }
    }
  }

  /** All files get their names once all are written. */
  async commit(): Promise<void> {
    for (const { writer } of this.#open.values()) await writer.end();
    for (const { file } of this.#open.values()) file.commit();
  }

  abort(): void {
    for (const { file } of this.#open.values()) file.abort();
    for (const folder of this.#folders) if (readdirSync(folder).length === 0) rmdirSync(folder);
  }
}

/** Blocks of a database can have rows of several recordings. */
function* byRecording(block: Block): Generator<readonly [recording: string, rows: Block]> {
  const [column] = block.columns;
  if (!column) return;
  const recordings = new Set(Array.from({ length: block.length }, (_, i) => String(valueAt(column, i))));
  for (const recording of recordings)
    yield [
      recording,
      recordings.size === 1 ? block : selectRows(block, (i) => valueAt(column, i) === recording),
    ];
}

function checkFolder(path: string, force: boolean): void {
  if (path === "-") throw new UsageError("--partition-by makes a folder: it cannot go to standard output");
  if (!existsSync(path)) return;
  closeSync(openSync(path, "r"));
  if (!force && readdirSync(path).length > 0)
    throw new UsageError(`${path} exists and is not empty: use another name, or --force to add to it`);
}

/** The rows for which the conditions hold. */
function conditioned(rows: Rows, conditions: Conditions): Rows {
  if (Object.keys(conditions).length === 0) return rows;
  return {
    ...rows,
    paths: rows.paths.filter(({ path }) => pathHolds(path, conditions)),
    drops: rows.drops.filter((row) => dropHolds(row, conditions)),
    traversals: rows.traversals.filter((row) => traversalHolds(row, conditions)),
    events: rows.events && selectRows(rows.events, eventHolds(rows.events, conditions)),
  };
}
