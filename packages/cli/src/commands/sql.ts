// skbtracer sql: any question, in SQL over the tables of docs/schema.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import type { Command } from "commander";
import { noteLosses } from "../answers/database-source.js";
import { isRegularDatabase } from "../io/recording-file.js";
import { removeOnSignal } from "../io/leftovers.js";
import { Page } from "../io/page.js";
import { addModeOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { escapeText } from "../print/escape.js";
import { resultLines } from "../print/result.js";
import type { SetExitCode } from "./table.js";
import { importInto } from "./import.js";

interface SqlFlags {
  readonly json?: true;
  readonly csv?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
Prints a table on a terminal, NDJSON elsewhere. Recordings are imported into a temporary database first: import them once
to ask often. Nothing is ever written to a database.

Examples:
  skbtracer sql trace.skbt "select outcome, count(*) from paths group by 1"
  skbtracer sql trace.db "select * from drop_places where not benign"
  skbtracer sql trace.db --csv "select source, count(*) as n from drops group by 1 order by n desc" > drops.csv
`;

/** Adds the command. */
export function addSqlCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("sql")
    .description("ask in SQL; the last argument is the question")
    .argument("<file...>", "recordings or a database made by import, and then the question")
    .option("--json", "print NDJSON: an object a line (the default where output is no terminal)")
    .option("--csv", "print CSV");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (args: string[], flags: SqlFlags) => setExitCode(await sql(args, flags)));
}

async function sql(args: readonly string[], flags: SqlFlags): Promise<number> {
  const files = args.slice(0, -1);
  const question = args.at(-1);
  if (files.length === 0 || question === undefined)
    throw new UsageError('give a file and a question: skbtracer sql trace.skbt "select * from drops"');
  if (flags.json && flags.csv) throw new UsageError("--json and --csv exclude each other");
  const [file = ""] = files;
  if (files.length === 1 && (await isRegularDatabase(file)))
    return ask(file, question, flags, (db) => noteLosses(db, file));
  const folder = mkdtempSync(join(tmpdir(), "skbtracer-sql-"));
  const finished = removeOnSignal(folder);
  try {
    const database = join(folder, "answers.db");
    await importInto(files, { ...flags, output: database }, false);
    return await ask(database, question, flags);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    finished();
  }
}

/** @param tell is given the database when it has answered */
async function ask(
  file: string,
  question: string,
  flags: SqlFlags,
  tell: (db: Database) => void = () => undefined,
): Promise<number> {
  const { openDatabase, DatabaseError } = await import("@skbtracer/analyzer/sqlite");
  const db = openDatabase(file);
  try {
    const statement = db.prepare(question);
    if (!statement.reader || !statement.readonly)
      throw new UsageError("only questions (select) are answered: nothing is written to a database");
    statement.safeIntegers(true).raw(true);
    const names = distinct(statement.columns().map(({ name }) => name));
    await print(names, statement.iterate() as Iterable<unknown[]>, flags);
    tell(db);
    return 0;
  } catch (error) {
    if (error instanceof Error && error.constructor.name === "SqliteError")
      throw new DatabaseError(`SQL: ${error.message}`, { cause: error });
    if (error instanceof RangeError && /more than one statement/.test(error.message))
      throw new UsageError("one question at a time: the SQL has more than one statement");
    if (error instanceof RangeError && /no statements/.test(error.message))
      throw new UsageError("the question is empty");
    if (error instanceof Error && /^(Too few parameter|Missing named parameter)/.test(error.message))
      throw new UsageError("SQL: it has parameters (?, :name, @name, $name), which cannot be given here");
    throw error;
  } finally {
    db.close();
  }
}

type Database = ReturnType<(typeof import("@skbtracer/analyzer/sqlite"))["openDatabase"]>;

/** Readers of JSON keep one of two members of a name: the second `time_ns` of a join is `time_ns_2`. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map((name) => {
    let other = name;
    for (let number = 2; seen.has(other) || (other !== name && taken.has(other)); number++)
      other = `${name}_${number}`;
    seen.add(other);
    return other;
  });
}

async function print(names: readonly string[], rows: Iterable<unknown[]>, flags: SqlFlags): Promise<void> {
  const page = new Page();
  if (flags.csv) {
    await page.write(csvLine(names));
    for (const row of rows) await page.write(csvLine(row.map(plain)));
  } else if (flags.json || !process.stdout.isTTY)
    for (const row of rows) await page.line(jsonObject(names, row));
  else {
    for (const line of resultLines(names, textsOf(rows))) {
      if (page.closed) break;
      await page.line(line);
    }
  }
  await page.end();
}

function* textsOf(rows: Iterable<unknown[]>): Generator<string[]> {
  for (const row of rows) yield row.map((value) => escapeText(String(plain(value))));
}

type Plain = string | number | bigint;

/** What a spreadsheet would take for a formula gets an apostrophe in front, in the heading too. */
function csvLine(cells: readonly Plain[]): string {
  const shown = (cell: Plain): Plain => (typeof cell === "string" ? escapeText(cell) : cell);
  return stringify([process.stdout.isTTY ? cells.map(shown) : cells], { escape_formulas: true });
}

/** Numbers and texts as they are, nothing for NULL, hexadecimal for bytes. */
function plain(value: unknown): Plain {
  if (value === null || value === undefined) return "";
  if (typeof value === "bigint" || typeof value === "number") return value;
  return Buffer.isBuffer(value) ? value.toString("hex") : (value as string);
}

function jsonObject(names: readonly string[], row: readonly unknown[]): string {
  const members = names.map((name, at) => `${JSON.stringify(name)}:${jsonValue(row[at] ?? null)}`);
  return `{${members.join(",")}}`;
}

/** JSON has no infinite numbers: they are the texts "Infinity" and "-Infinity". */
function jsonValue(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return JSON.stringify(String(value));
  return JSON.stringify(Buffer.isBuffer(value) ? value.toString("hex") : value);
}
