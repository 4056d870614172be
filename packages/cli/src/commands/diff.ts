// skbtracer diff: what packets of one recording do otherwise than those of another.
import { type AnyRow, Census, compare, type CompareOptions, Knowledge, type Side } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { otherRows, readSources } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { decimalNumber } from "../options/numbers.js";
import { addFilterOptions, addModeOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { differenceJson, differenceLines } from "../print/difference.js";
import { countText } from "../print/quantities.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "./table.js";

interface DiffFlags extends ReadFlags {
  readonly threshold: number;
  readonly timeFactor: number;
  readonly background?: true;
  readonly allowLoss?: true;
}

const EXAMPLES = `
Packets are compared by protocol, kind and service port, and by the functions that both recordings probed. Addresses,
times of day, CPUs and names of devices do not count.
Exit codes: 0 no difference, 1 there are some, 2 it cannot be told, or something is wrong with a file.

Examples:
  skbtracer diff before.skbt after.skbt
  skbtracer diff before.skbt after.skbt --json | jq -r '[.difference, .flow] | @tsv'
  skbtracer diff before.skbt after.skbt -H 10.0.0.7 -P 443
  skbtracer diff old-kernel.skbt new-kernel.skbt --time-factor 0
`;

const CANNOT_TELL = 2;

/** Adds the command. */
export function addDiffCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("diff")
    .description("what packets of one recording do otherwise than those of another")
    .argument("<a>", "a recording, or a database made by import")
    .argument("<b>", "another")
    .option(
      "--threshold <percent>",
      "shares of a flow's packets that differ by less are the same",
      decimalNumber("--threshold", 0, 100),
      10,
    )
    .option(
      "--time-factor <n>",
      "times whose median changes by a smaller factor are the same; 0: do not compare times",
      decimalNumber("--time-factor", 0, 1e6),
      3,
    )
    .option(
      "--background",
      "flows that hosts send by their timers (ARP, neighbour discovery, DHCP...) count too",
    )
    .option("--allow-loss", "compare what was recorded, where events were lost or functions not probed")
    .option("--json", "print NDJSON: an object for each difference");
  addModeOptions(addFilterOptions(command))
    .addHelpText("after", EXAMPLES)
    .action(async (a: string, b: string, flags: DiffFlags) => setExitCode(await diff(a, b, flags)));
}

async function diff(a: string, b: string, flags: DiffFlags): Promise<number> {
  const { threshold, timeFactor, background = false, allowLoss = false, json } = flags;
  if (a === "-" && b === "-") throw new UsageError("only one of the recordings can come from standard input");
  const options: CompareOptions = { shareThreshold: threshold / 100, timeFactor, background, allowLoss };
  const { filter, mode } = await readOptions(flags);
  const reading: Reading = { filter, mode, allowLoss };
  const { differences, notes, ignorance, flows, paths } = compare(
    await sideOf(a, reading),
    await sideOf(b, reading),
    options,
  );
  for (const note of notes) process.stderr.write(`skbtracer: ${note}\n`);
  for (const why of ignorance) process.stderr.write(`skbtracer: cannot tell all: ${why}\n`);
  const page = new Page();
  const style = outputStyle();
  for (const difference of differences)
    if (json) await page.line(differenceJson(difference));
    else for (const line of differenceLines(difference, style)) await page.line(line);
  const isKnown = differences.some(({ isCertain }) => isCertain);
  if (!json) {
    const counted = `${countText(flows)} flow(s) in both, of ${countText(paths.a)} and ${countText(paths.b)} packets`;
    const found = differences.length === 0 ? "no difference" : `${differences.length} difference(s)`;
    const doubt = ignorance.length > 0 && !isKnown ? ", but more cannot be told" : "";
    await page.line(`${differences.length > 0 ? "\n" : ""}${found}${doubt}: ${counted}`);
  }
  await page.end();
  if (isKnown) return 1;
  return ignorance.length > 0 || differences.length > 0 ? CANNOT_TELL : 0;
}

/** How both are read. */
type Reading = Pick<Awaited<ReturnType<typeof readOptions>>, "filter" | "mode"> & {
  readonly allowLoss: boolean;
};

async function sideOf(file: string, { filter, mode, allowLoss }: Reading): Promise<Side> {
  const census = new Census(allowLoss);
  const rowsOf = { meta: [], probes: [], losses: [], interfaces: [] } as Record<
    "meta" | "probes" | "losses" | "interfaces",
    AnyRow[]
  >;
  const tables = new Set(["paths", "meta", "probes", "losses", "interfaces"] as const);
  for await (const rows of readSources([file], { tables, filter, mode })) {
    for (const { path } of rows.paths) census.add(path);
    for (const table of ["meta", "probes", "losses", "interfaces"] as const)
      rowsOf[table].push(...otherRows(rows, table));
  }
  const { interfaces, ...host } = rowsOf;
  return { census, knowledge: new Knowledge(host), interfaces };
}
