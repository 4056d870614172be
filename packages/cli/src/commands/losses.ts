// skbtracer losses: when and where events are missing.
import type { AnyRow } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { type HostFacts, otherRows, readSources } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addModeOptions } from "../options/read-options.js";
import { readMode } from "../io/recording-file.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { jsonText } from "../print/json-row.js";
import { countText, nsText } from "../print/quantities.js";
import { RecordingHeadings } from "../print/recording-heading.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "./table.js";

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
  const headings = new RecordingHeadings(files.length, outputStyle());
  const found = new Map<string, AnyRow[]>();
  const probes: AnyRow[] = [];
  const hosts = new Map<string, HostFacts>();
  const tables = new Set(["losses", "probes"] as const);
  for await (const rows of readSources(files, { tables, filter: {}, mode: readMode(flags) })) {
    for (const row of otherRows(rows, "losses")) {
      const recording = String(row["recording"]);
      found.set(recording, [...(found.get(recording) ?? []), row]);
    }
    probes.push(...otherRows(rows, "probes").filter(({ lost }) => Number(lost) > 0));
    for (const [recording, facts] of rows.hosts) hosts.set(recording, facts);
  }
  if (found.size === 0 && !flags.json) await page.line("no losses");
  for (const [recording, rows] of found) {
    if (flags.json) for (const row of rows) await page.line(jsonText("losses", row));
    else {
      for (const line of headings.before(recording, hosts)) await page.line(line);
      await printTables(
        rows,
        probes.filter((probe) => probe["recording"] === recording),
        page,
      );
    }
  }
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
  const byProbe = lostByProbe(probes);
  if (byProbe.length === 0) return;
  await page.line("");
  await print(
    [{ heading: "LOST", right: true }, { heading: "OF PROBE" }],
    byProbe.map(([probe, lost]) => [countText(lost), escapeText(probe)]),
  );
}

/** The most first; rows of one function, of its entry and its return, have the same count. */
function lostByProbe(probes: readonly AnyRow[]): [string, number][] {
  const lost = new Map(probes.map((row) => [String(row["probe"]), Number(row["lost"])]));
  return [...lost].toSorted(([, a], [, b]) => b - a);
}
