// skbtracer export: one table out, for other programs; or packets, for Wireshark.
import {
  EXPORT_FORMATS,
  isExportFormatName,
  isTableName,
  TABLE_NAMES,
  type TableName,
} from "@skbtracer/analyzer";
import type { Command } from "commander";
import { checkConditions } from "../answers/conditions.js";
import { exportPackets } from "../answers/export-packets.js";
import { exportTable } from "../answers/export-table.js";
import { leaveTerminalToAnswer } from "../io/read-progress.js";
import { addRowOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { countText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";

interface ExportFlags extends ReadFlags {
  readonly table?: string;
  readonly format: string;
  readonly output: string;
  readonly force?: true;
  readonly partitionBy?: string;
  readonly allHops?: true;
}

const FORMATS = [...Object.keys(EXPORT_FORMATS), "pcapng"];

const EXAMPLES = `
Formats: csv, ndjson, parquet, arrow (IPC file), arrows (IPC stream), pcapng.
Tables: ${TABLE_NAMES.join(", ")}.

Examples:
  skbtracer export trace.skbt --table drops --format csv -o drops.csv
  skbtracer export node*.skbt --table paths --format parquet --partition-by host,date -o lake/paths
  skbtracer export trace.skbt --table events --format ndjson -o - | jq .function
  skbtracer export trace.skbt --format pcapng -o trace.pcapng      a packet for each path, its way in the comment
  skbtracer export trace.skbt --format pcapng --all-hops -H 10.0.0.7 -o - | wireshark -k -i -
`;

/** Adds the command. */
export function addExportCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("export")
    .description("one table as CSV, NDJSON, Parquet or Arrow; or packets as pcapng")
    .argument("<file...>", "recordings, or databases made by import")
    .requiredOption("--format <format>", `one of ${FORMATS.join(", ")}`)
    .requiredOption(
      "-o, --output <file>",
      "where to: a new file (with --partition-by a folder), or - for standard output",
    )
    .option("--table <table>", "which table (not for pcapng)")
    .option(
      "--partition-by <columns>",
      "host,date: a folder for each, as Hive, Spark, Trino and DuckDB read them",
    )
    .option("--all-hops", "pcapng: a packet for each function it was seen at, not one for each path")
    .option("--force", "write over an output that exists");
  addRowOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: ExportFlags) => setExitCode(await exportFiles(files, flags)));
}

async function exportFiles(files: readonly string[], flags: ExportFlags): Promise<number> {
  const { format, output, allHops = false, force = false, partitionBy } = flags;
  const { filter, mode, conditions } = await readOptions(flags);
  if (!FORMATS.includes(format))
    throw new UsageError(`--format: ${JSON.stringify(format)} is not one of ${FORMATS.join(", ")}`);
  if (format === "pcapng") {
    if (flags.table !== undefined)
      throw new UsageError("--format pcapng has packets, not a table: leave --table out");
    if (partitionBy !== undefined) throw new UsageError("--partition-by is for tables, not for pcapng");
    const { written, without } = await exportPackets(files, {
      filter,
      mode,
      conditions,
      allHops,
      output,
      force,
    });
    process.stderr.write(`skbtracer: ${countText(written)} packet(s) written\n`);
    if (without > 0)
      process.stderr.write(`skbtracer: ${countText(without)} without a link layer or IP left out\n`);
    return 0;
  }
  if (!isExportFormatName(format)) return 2;
  const table = tableOf(flags.table);
  checkConditions(table, conditions, filter);
  if (allHops) throw new UsageError("--all-hops is for --format pcapng");
  if (partitionBy !== undefined && partitionBy !== "host,date")
    throw new UsageError(`--partition-by: ${JSON.stringify(partitionBy)} is not host,date`);
  if (output === "-" && process.stdout.isTTY) {
    if (!EXPORT_FORMATS[format].isText)
      throw new UsageError(`${format} is not for a terminal: give a file with -o, or a pipe`);
    leaveTerminalToAnswer();
  }
  const rows = await exportTable(files, {
    filter,
    mode,
    conditions,
    table,
    format,
    output,
    force,
    isPartitioned: partitionBy !== undefined,
  });
  process.stderr.write(`skbtracer: ${countText(rows)} row(s) of ${table} written\n`);
  return 0;
}

function tableOf(name: string | undefined): TableName {
  if (name === undefined) throw new UsageError(`which table? --table is one of ${TABLE_NAMES.join(", ")}`);
  if (isTableName(name)) return name;
  throw new UsageError(`--table: ${JSON.stringify(name)} is not one of ${TABLE_NAMES.join(", ")}`);
}
