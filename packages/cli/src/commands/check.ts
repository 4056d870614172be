// skbtracer check: whether a recording is as expected.
import { evaluate, type Expectation, Knowledge, Tally } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { readExpectationsFile } from "../answers/read-expectations-file.js";
import { otherRows, readSources } from "../answers/sources.js";
import { NewFile } from "../io/new-file.js";
import { Page } from "../io/page.js";
import { readMode } from "../io/recording-file.js";
import { addModeOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { resultJson } from "../print/check/json.js";
import { junitXml } from "../print/check/junit.js";
import { markdownText } from "../print/check/markdown.js";
import { type CheckReport, countsOf, summaryText } from "../print/check/report.js";
import { resultLines } from "../print/check/text.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "./table.js";

interface CheckFlags {
  readonly expect?: string;
  readonly junit?: string;
  readonly markdown?: string;
  readonly allowLoss?: true;
  readonly force?: true;
  readonly json?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
Exit codes: 0 all expectations hold, 1 one does not, 2 it cannot be told, or something is wrong with a file.

Examples:
  skbtracer check trace.skbt --expect firewall.yaml
  skbtracer check trace.skbt --expect firewall.yaml --junit report.xml --markdown summary.md
  skbtracer expect trace.skbt > firewall.yaml      writes expectations to begin with

An expectation:
  expectations:
    - name: port 81 is closed
      where: {protocol: tcp, destination_port: 81}
      outcome: dropped
      drops: NETFILTER_DROP

docs/expectations.md has the language.
`;

const CANNOT_TELL = 2;

/** Adds the command. */
export function addCheckCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("check")
    .description("whether a recording is as a file of expectations says")
    .argument("<file>", "a recording, or a database made by import")
    .option("--expect <file>", "the expectations, as YAML")
    .option("--junit <file>", "write a report as JUnit XML too, for CI systems")
    .option("--markdown <file>", "write a summary as Markdown too, for CI pages")
    .option("--force", "write over reports that exist")
    .option("--allow-loss", "judge by what was recorded, where events were lost or functions not probed")
    .option("--json", "print NDJSON: an object for each expectation");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: CheckFlags) => setExitCode(await check(file, flags)));
}

async function check(file: string, flags: CheckFlags): Promise<number> {
  const { expect: path, junit, markdown, json, allowLoss = false, force = false } = flags;
  if (path === undefined)
    throw new UsageError("what is expected? --expect FILE.yaml (skbtracer expect writes one)");
  const placed = readExpectationsFile(path);
  const mode = readMode(flags);
  const expectations = placed.map(({ expectation }) => expectation);
  const reports: Reports = [
    [junit, junitXml],
    [markdown, markdownText],
  ];
  const files = reports.flatMap(([name, write]) =>
    name === undefined ? [] : [{ file: new NewFile(name, force), write }],
  );
  try {
    const results = await resultsOf(file, expectations, { mode, allowLoss });
    const report: CheckReport = {
      recording: file,
      expectations: path,
      results: results.map((result, i) => ({ ...result, line: placed[i]?.line ?? 0 })),
    };
    for (const one of files) one.file.write(Buffer.from(one.write(report)));
    for (const one of files) one.file.commit();
    await print(report, json === true);
    const { fail, unknown } = countsOf(report);
    if (fail > 0) return 1;
    return unknown > 0 ? CANNOT_TELL : 0;
  } catch (error) {
    for (const one of files) one.file.abort();
    throw error;
  }
}

type Reports = readonly (readonly [string | undefined, (report: CheckReport) => string])[];

async function resultsOf(
  file: string,
  expectations: readonly Expectation[],
  { mode, allowLoss }: { mode: ReturnType<typeof readMode>; allowLoss: boolean },
): Promise<ReturnType<typeof evaluate>> {
  const tally = new Tally(expectations);
  const meta = [];
  const probes = [];
  const losses = [];
  const tables = new Set(["paths", "meta", "probes", "losses"] as const);
  for await (const rows of readSources([file], { tables, filter: {}, mode })) {
    for (const { path } of rows.paths) tally.add(path, rows.namespaces, rows.functions);
    meta.push(...otherRows(rows, "meta"));
    probes.push(...otherRows(rows, "probes"));
    losses.push(...otherRows(rows, "losses"));
  }
  return evaluate(expectations, tally, new Knowledge({ meta, probes, losses }), { allowLoss });
}

async function print(report: CheckReport, json: boolean): Promise<void> {
  const page = new Page();
  const style = outputStyle();
  for (const result of report.results)
    for (const line of json ? [resultJson(result)] : resultLines(result, style)) await page.line(line);
  if (!json) await page.line(`\n${summaryText(report)}`);
  await page.end();
}
