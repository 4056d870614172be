// skbtracer losses: when and where events are missing.
import type { AnyRow } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { otherRows, readSources } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addModeOptions } from "../options/read-options.js";
import { readMode } from "../io/recording-file.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { jsonText } from "../print/json-row.js";
import { countText, nsText } from "../print/quantities.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "../program.js";

interface LossesFlags {
  readonly json?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
Examples:
  skbtracer losses trace.skbt
  skbtracer losses trace.skbt --json | jq .count
`;

/** Adds the command. */
export function addLossesCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("losses")
    .description("when and on which CPUs events are missing, and of which probe")
    .argument("<file...>", "recordings, or databases made by import")
    .option("--json", "print NDJSON: an object a line");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: LossesFlags) => setExitCode(await losses(files, flags)));
}

async function losses(files: readonly string[], flags: LossesFlags): Promise<number> {
  const page = new Page();
  const found: AnyRow[] = [];
  const probes: AnyRow[] = [];
  const tables = new Set(["losses", "probes"] as const);
  for await (const rows of readSources(files, { tables, filter: {}, mode: readMode(flags) })) {
    found.push(...otherRows(rows, "losses"));
    probes.push(...otherRows(rows, "probes").filter(({ lost }) => Number(lost) > 0));
  }
  if (flags.json) for (const row of found) await page.line(jsonText("losses", row));
  else if (found.length === 0) await page.line("no losses");
  else await printTables(found, probes, page);
  await page.end();
  return 0;
}

async function printTables(found: readonly AnyRow[], probes: readonly AnyRow[], page: Page): Promise<void> {
  const style = outputStyle();
  const print = async (columns: Parameters<typeof tableLines>[0], rows: string[][]): Promise<void> => {
    const [heading = "", ...lines] = tableLines(columns, rows, terminalWidth());
    await page.line(style.bold(heading));
    for (const line of lines) await page.line(line);
  };
  await print(
    [
      { heading: "CPU", right: true },
      { heading: "AFTER", right: true },
      { heading: "BEFORE", right: true },
      { heading: "EVENTS", right: true },
      { heading: "PROBE" },
      { heading: "CAUSE" },
    ],
    found.map(({ cpu, after_ns, before_ns, count, probe, cause }) => [
      cpu === null ? "?" : String(cpu),
      nsText(Number(after_ns)),
      nsText(Number(before_ns)),
      count === null ? "?" : countText(Number(count)),
      escapeText(String(probe ?? "")),
      escapeText(String(cause)),
    ]),
  );
  if (probes.length === 0) return;
  await page.line("");
  await print(
    [{ heading: "LOST", right: true }, { heading: "OF PROBE" }],
    probes
      .toSorted((a, b) => Number(b["lost"]) - Number(a["lost"]))
      .map(({ probe, lost }) => [countText(Number(lost)), escapeText(String(probe))]),
  );
}
