// skbtracer drops: where and why packets were dropped.
import {
  BENIGN_RULES,
  type DropGroup,
  DropGroups,
  type DropRow,
  type Explained,
  explainDrop,
} from "@skbtracer/analyzer";
import type { Command } from "commander";
import { checkConditions, dropHolds } from "../answers/conditions.js";
import { readSources, type Rows } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addReadOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { rowTime } from "../print/event-time.js";
import { explanationLines } from "../print/explanation.js";
import { jsonText } from "../print/json-row.js";
import { packetText, stackLines } from "../print/path-tree.js";
import { countText, shareText } from "../print/quantities.js";
import { RecordingHeadings } from "../print/recording-heading.js";
import { outputStyle, type Style } from "../print/style.js";
import type { SetExitCode } from "./table.js";
import { explainDropName } from "./explain-drop.js";

interface DropsFlags extends ReadFlags {
  readonly list?: true;
  readonly explain?: string;
}

const EXAMPLES = `
The kernel frees some packets "as dropped" although nothing is wrong: those are counted apart, as harmless.

Examples:
  skbtracer drops trace.skbt
  skbtracer drops trace.skbt --list -P 53
  skbtracer drops trace.skbt --func nf_hook_slow --json | jq -r .source | sort | uniq -c
  skbtracer drops --explain NO_SOCKET             what it means, what causes it, what to check
`;

/** Adds the command. */
export function addDropsCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("drops")
    .description("why and where packets were dropped; --list: each of them")
    .argument("[file...]", "recordings, or databases made by import")
    .option("--list", "a line for each drop, with its stack where recorded")
    .option(
      "--explain <name>",
      "tell of a reason or function, without a file; all: list those that are known",
    );
  addReadOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: DropsFlags) => setExitCode(await drops(files, flags)));
}

async function drops(files: readonly string[], flags: DropsFlags): Promise<number> {
  if (flags.explain !== undefined) {
    if (files.length > 0 || flags.list) throw new UsageError("--explain takes no file, and no --list");
    return explainDropName(flags.explain, flags.json === true);
  }
  if (files.length === 0) throw new UsageError("missing argument: a recording, or a database made by import");
  const { filter, mode, conditions } = await readOptions(flags);
  checkConditions("drops", conditions, filter);
  const { list, json, catchCount = 0 } = flags;
  const page = new Page();
  const style = outputStyle();
  const groups = new DropGroups();
  const headings = new RecordingHeadings(files.length, style);
  let printed = 0;
  const isEnough = (): boolean => page.closed || (catchCount > 0 && printed >= catchCount);
  const countsAll =
    !list && !json && catchCount === 0 && isEmpty(conditions) && isEmpty(filter)
      ? { dropGroups: groups }
      : {};
  for await (const rows of readSources(files, { tables: new Set(["drops"]), filter, mode, ...countsAll })) {
    for (const row of rows.drops) {
      if (!dropHolds(row, conditions) || isEnough()) continue;
      printed++;
      if (json) await page.line(jsonText("drops", row));
      else if (list) {
        for (const line of headings.before(row.recording, rows.hosts)) await page.line(line);
        await page.line(listText(row, rows.namespaces, style));
      } else groups.addRow(row);
    }
    if (isEnough()) break;
  }
  if (!json && !list) await printGroups(groups.all(), page);
  await page.end();
  return 0;
}

function listText(row: DropRow, namespaces: Rows["namespaces"], style: Style): string {
  const why = `${row.reason === null ? "" : `${row.reason} `}at ${row.location}`;
  const benign = row.benign ? style.dim(`  (harmless: ${row.benign_rule ?? "?"})`) : "";
  const netns = escapeText(namespaces.get(row.netns) ?? String(row.netns));
  const where = `cpu ${row.cpu} netns ${netns}${row.interface === null ? "" : ` ${escapeText(row.interface)}`}`;
  const shown = escapeText(why);
  const line = `${rowTime(row)}  ${where}  ${packetText(row)}  ${row.benign ? style.dim(shown) : style.red(shown)}${benign}`;
  return [line, ...stackLines(row.stack)].join("\n");
}

function isEmpty(parts: object): boolean {
  return Object.values(parts).every((part) => part === undefined);
}

async function printGroups(groups: readonly DropGroup[], page: Page): Promise<void> {
  const style = outputStyle();
  const real = groups.filter(({ benign }) => !benign);
  const harmless = groups.filter(({ benign }) => benign);
  const total = real.reduce((sum, { count }) => sum + count, 0);
  const width = terminalWidth();
  if (total === 0) await page.line("no drops");
  else {
    const rows = real.map(({ reason, function: place, count }) => [
      countText(count),
      shareText(count, total),
      escapeText(reason ?? "(the kernel gives no reasons)"),
      escapeText(place),
    ]);
    const columns = [
      { heading: "DROPS", right: true },
      { heading: "SHARE", right: true },
      { heading: "REASON" },
      { heading: "FUNCTION" },
    ] as const;
    const [heading = "", ...lines] = tableLines(columns, rows, width);
    await page.line(style.bold(heading));
    for (const line of lines) await page.line(style.red(line));
    for (const explained of explanationsOf(real)) {
      await page.line("");
      for (const line of explanationLines(explained, style, width)) await page.line(line);
    }
  }
  if (harmless.length === 0) return;
  await page.line("");
  const because = new Map(BENIGN_RULES.map((rule) => [rule.name, rule.because]));
  const rows = harmless.map(({ reason, function: place, rule, count }) => [
    countText(count),
    escapeText(reason ?? ""),
    escapeText(place),
    escapeText(rule ?? ""),
    because.get(rule ?? "") ?? "",
  ]);
  const columns = [
    { heading: "HARMLESS", right: true },
    { heading: "REASON" },
    { heading: "FUNCTION" },
    { heading: "RULE" },
    { heading: "BECAUSE", below: true },
  ] as const;
  for (const line of tableLines(columns, rows, width)) await page.line(style.dim(line));
}

/** What explains the drops, each once. */
function explanationsOf(groups: readonly DropGroup[]): Explained[] {
  const found = new Map<string, Explained>();
  for (const { reason, function: place } of groups) {
    const explained = explainDrop(reason, place);
    // Functions of one row of the table say the same.
    if (explained && !found.has(explained.means)) found.set(explained.means, explained);
  }
  return [...found.values()];
}
