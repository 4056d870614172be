// skbtracer drops: where and why packets were dropped.
import { BENIGN_RULES, type DropRow } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { checkConditions, dropHolds } from "../answers/conditions.js";
import { readSources } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addReadOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { rowTime } from "../print/event-time.js";
import { jsonText } from "../print/json-row.js";
import { packetText } from "../print/path-tree.js";
import { countText, shareText } from "../print/quantities.js";
import { outputStyle, type Style } from "../print/style.js";
import type { SetExitCode } from "../program.js";

interface DropsFlags extends ReadFlags {
  readonly list?: true;
}

const EXAMPLES = `
The kernel frees some packets "as dropped" although nothing is wrong: those are counted apart, as harmless.

Examples:
  skbtracer drops trace.skbt
  skbtracer drops trace.skbt --list -P 53
  skbtracer drops trace.skbt --func nf_hook_slow --json | jq -r .source | sort | uniq -c
`;

/** Adds the command. */
export function addDropsCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("drops")
    .description("why and where packets were dropped; --list: each of them")
    .argument("<file...>", "recordings, or databases made by import")
    .option("--list", "a line for each drop, with its stack where recorded");
  addReadOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: DropsFlags) => setExitCode(await drops(files, flags)));
}

async function drops(files: readonly string[], flags: DropsFlags): Promise<number> {
  const { filter, mode, conditions } = readOptions(flags);
  checkConditions("drops", conditions, filter);
  const { list, json, catchCount = 0 } = flags;
  const page = new Page();
  const style = outputStyle();
  const groups = new Map<string, { row: DropRow; count: number }>();
  let printed = 0;
  const isEnough = (): boolean => page.closed || (catchCount > 0 && printed >= catchCount);
  for await (const rows of readSources(files, { tables: new Set(["drops"]), filter, mode })) {
    for (const row of rows.drops) {
      if (!dropHolds(row, conditions) || isEnough()) continue;
      printed++;
      if (json) await page.line(jsonText("drops", row));
      else if (list) await page.line(listText(row, style));
      else {
        const key = `${row.benign}\n${row.reason ?? ""}\n${row.function}`;
        const group = groups.get(key);
        if (group) group.count++;
        else groups.set(key, { row, count: 1 });
      }
    }
    if (isEnough()) break;
  }
  if (!json && !list) await printGroups([...groups.values()], page);
  await page.end();
  return 0;
}

function listText(row: DropRow, style: Style): string {
  const why = `${row.reason === null ? "" : `${row.reason} `}at ${row.location}`;
  const benign = row.benign ? style.dim(`  (harmless: ${row.benign_rule ?? "?"})`) : "";
  const where = `cpu ${row.cpu} netns ${row.netns}${row.interface === null ? "" : ` ${escapeText(row.interface)}`}`;
  const shown = escapeText(why);
  const line = `${rowTime(row)}  ${where}  ${packetText(row)}  ${row.benign ? style.dim(shown) : style.red(shown)}${benign}`;
  const frames = row.stack === null ? [] : row.stack.split("; ").map((frame) => `    ${escapeText(frame)}`);
  return [line, ...frames].join("\n");
}

async function printGroups(groups: readonly { row: DropRow; count: number }[], page: Page): Promise<void> {
  const style = outputStyle();
  const sorted = groups.toSorted((a, b) => b.count - a.count);
  const real = sorted.filter(({ row }) => !row.benign);
  const benign = sorted.filter(({ row }) => row.benign);
  const total = real.reduce((sum, { count }) => sum + count, 0);
  const width = terminalWidth();
  if (total === 0) await page.line("no drops");
  else {
    const rows = real.map(({ row, count }) => [
      countText(count),
      shareText(count, total),
      escapeText(row.reason ?? "(the kernel gives no reasons)"),
      escapeText(row.function),
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
  }
  if (benign.length === 0) return;
  await page.line("");
  const because = new Map(BENIGN_RULES.map((rule) => [rule.name, rule.because]));
  const rows = benign.map(({ row, count }) => [
    countText(count),
    escapeText(row.reason ?? ""),
    escapeText(row.function),
    because.get(row.benign_rule ?? "") ?? "",
  ]);
  const columns = [
    { heading: "HARMLESS", right: true },
    { heading: "REASON" },
    { heading: "FUNCTION" },
    { heading: "BECAUSE" },
  ] as const;
  for (const line of tableLines(columns, rows, width)) await page.line(style.dim(line));
}
