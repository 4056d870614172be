// skbtracer import: recordings into a database, or one of them into an Arrow file.
import { Reconstruction, TABLE_NAMES } from "@skbtracer/analyzer";
import { RecordingReader, uuidText } from "@skbtracer/format";
import type { Command } from "commander";
import { importArrow } from "../answers/import-arrow.js";
import { ReadProgress } from "../io/read-progress.js";
import { removeOnSignal } from "../io/leftovers.js";
import { isRegularDatabase, readMode, readRecording } from "../io/recording-file.js";
import { addModeOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { escapeText } from "../print/escape.js";
import { bytesText, countText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";
import { printNotes } from "./notes.js";
import { statSync } from "node:fs";

interface ImportFlags {
  readonly output: string;
  readonly force?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
An output that ends in .arrow becomes a folder of Arrow IPC files, one for each table; any other is a SQLite database.
A database that exists is added to, unless --force replaces it; a recording that is in it already is left out. Tables and
columns are described in docs/schema.md.

Examples:
  skbtracer import trace.skbt -o trace.db
  skbtracer import node1.skbt node2.skbt -o cluster.db
  skbtracer import trace.skbt -o trace.arrow      trace.arrow/events.arrow, trace.arrow/paths.arrow...
  sqlite3 trace.db "select reason, function, count(*) from drops where not benign group by 1, 2"
`;

/** Adds the command. */
export function addImportCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("import")
    .description("put recordings into a SQLite database, or into Arrow files")
    .argument("<file...>", "recordings, or - for standard input")
    .requiredOption(
      "-o, --output <file>",
      "FILE.db: a new database, or one made by import; FOLDER.arrow: a new folder",
    )
    .option("--force", "replace an output that exists");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: ImportFlags) => setExitCode(await importFiles(files, flags)));
}

async function importFiles(files: readonly string[], flags: ImportFlags): Promise<number> {
  if (flags.output.endsWith(".arrow")) {
    const rows = await importArrow(files, flags.output, {
      mode: readMode(flags),
      force: flags.force ?? false,
    });
    process.stderr.write(
      `skbtracer: ${escapeText(flags.output)}: ${countText(rows)} row(s) in ${TABLE_NAMES.length} tables\n`,
    );
    return 0;
  }
  await importInto(files, flags, true);
  process.stderr.write(`skbtracer: ${escapeText(flags.output)}: ${bytesText(statSync(flags.output).size)}\n`);
  return 0;
}

/** Imports into a database, which is left as it was if that fails. */
export async function importInto(
  files: readonly string[],
  flags: ImportFlags,
  tells: boolean,
): Promise<void> {
  for (const file of files)
    if (await isRegularDatabase(file)) throw new UsageError(`${file} is a database already, not a recording`);
  const { ImportTarget } = await import("@skbtracer/analyzer/sqlite");
  const target = new ImportTarget(flags.output, flags.force ?? false);
  const finished = target.temporary === undefined ? () => undefined : removeOnSignal(target.temporary);
  try {
    for (const file of files) await importFile(file, files.length > 1, target, flags, tells);
    await target.commit();
  } catch (error) {
    await target.abort();
    throw error;
  } finally {
    finished();
  }
}

type Target = InstanceType<(typeof import("@skbtracer/analyzer/sqlite"))["ImportTarget"]>;

async function importFile(
  file: string,
  isNamed: boolean,
  target: Target,
  flags: ImportFlags,
  tells: boolean,
): Promise<void> {
  const reader = new RecordingReader({ mode: readMode(flags) });
  const reconstruction = new Reconstruction(reader, { tables: new Set(TABLE_NAMES) });
  const progress = new ReadProgress(file, "importing");
  let rows: ReturnType<Target["add"]> | undefined;
  const begin = (): ReturnType<Target["add"]> => (rows ??= target.add(reconstruction.recording));
  try {
    for await (const batch of readRecording(file, reader)) {
      const { fileHeader } = reader;
      if (!rows && fileHeader && target.has(uuidText(fileHeader.uuid))) break;
      const found = reconstruction.take(batch);
      if (found.events) begin().events(found.events);
      begin().paths(found.paths);
      begin().drops(found.drops);
      begin().traversals(found.traversals);
      await begin().caughtUp();
      progress.show(reader.bytes, reader.events);
    }
  } finally {
    progress.end();
  }
  const { fileHeader } = reader;
  if (!rows && fileHeader && target.has(uuidText(fileHeader.uuid))) {
    process.stderr.write(
      `skbtracer: ${escapeText(file)}: recording ${uuidText(fileHeader.uuid)} is in the database already, and is left out; if it was not whole then, import it into a new one\n`,
    );
    return;
  }
  begin().paths(reconstruction.finish());
  for (const block of reconstruction.hostBlocks()) begin().block(block);
  begin().end();
  printNotes(reader, isNamed ? file : undefined);
  if (tells)
    process.stderr.write(`skbtracer: ${escapeText(file)}: ${countText(reader.events)} event(s) imported\n`);
}
