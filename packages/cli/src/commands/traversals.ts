// skbtracer traversals: what each table of rules decided, and how long it took.
import { decisionText, Quantiles, type TraversalRow } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { checkConditions, traversalHolds } from "../answers/conditions.js";
import { readSources } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addReadOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { rowTime } from "../print/event-time.js";
import { jsonText } from "../print/json-row.js";
import { packetText } from "../print/path-tree.js";
import { countText, nsText } from "../print/quantities.js";
import { RecordingHeadings } from "../print/recording-heading.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "./table.js";

interface TraversalsFlags extends ReadFlags {
  readonly list?: true;
}

const EXAMPLES = `
Examples:
  skbtracer traversals trace.skbt
  skbtracer traversals trace.skbt --list -H 10.0.0.7
  skbtracer traversals trace.skbt --json | jq 'select(.verdict == "DROP")'
`;

/** Adds the command. */
export function addTraversalsCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("traversals")
    .description(
      "what each table of iptables and nftables decided at each hook, and how long it took; --list: each pass",
    )
    .argument("<file...>", "recordings, or databases made by import")
    .option("--list", "a line for each pass");
  addReadOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: TraversalsFlags) => setExitCode(await traversals(files, flags)));
}

interface Group {
  readonly row: TraversalRow;
  readonly verdicts: Map<string, number>;
  readonly times: Quantiles;
}

async function traversals(files: readonly string[], flags: TraversalsFlags): Promise<number> {
  const { filter, mode, conditions } = await readOptions(flags);
  checkConditions("traversals", conditions, filter);
  const { list, json, catchCount = 0 } = flags;
  const page = new Page();
  const style = outputStyle();
  const groups = new Map<string, Group>();
  const headings = new RecordingHeadings(files.length, style);
  let printed = 0;
  const isEnough = (): boolean => page.closed || (catchCount > 0 && printed >= catchCount);
  for await (const rows of readSources(files, { tables: new Set(["traversals"]), filter, mode })) {
    for (const row of rows.traversals) {
      if (!traversalHolds(row, conditions) || isEnough()) continue;
      printed++;
      if (json) await page.line(jsonText("traversals", row));
      else if (list) {
        const pass = escapeText(`${row.family} ${placeOf(row)} ${row.hook} ${row.verdict}`);
        const shown = row.verdict === "DROP" ? style.red(pass) : style.cyan(pass);
        const way = `${row.in_interface ?? "-"} -> ${row.out_interface ?? "-"}`;
        for (const line of headings.before(row.recording, rows.hosts)) await page.line(line);
        await page.line(
          `${rowTime(row)}  ${shown}  ${nsText(row.duration_ns)}  ${escapeText(way)}  ${packetText(row)}${escapeText(because(row))}`,
        );
      } else addTo(groups, row);
    }
    if (isEnough()) break;
  }
  if (!json && !list) await printGroups([...groups.values()], page);
  await page.end();
  return 0;
}

function placeOf({ table_name, chain }: TraversalRow): string {
  return chain === null ? table_name : `${table_name}/${chain}`;
}

function because({ conntrack, rule_handle, rule }: TraversalRow): string {
  const decision = decisionText(rule_handle, rule);
  return `${conntrack === null ? "" : `  ${conntrack}`}${decision === undefined ? "" : `  by ${decision}`}`;
}

function addTo(groups: Map<string, Group>, row: TraversalRow): void {
  const key = [row.family, row.hook, row.engine, row.table_family, placeOf(row)].join("\n");
  let group = groups.get(key);
  if (!group) {
    group = { row, verdicts: new Map(), times: new Quantiles() };
    groups.set(key, group);
  }
  group.verdicts.set(row.verdict, (group.verdicts.get(row.verdict) ?? 0) + 1);
  group.times.add(row.duration_ns);
}

const HOOKS = ["INGRESS", "BROUTING", "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "EGRESS"];

async function printGroups(groups: readonly Group[], page: Page): Promise<void> {
  if (groups.length === 0) {
    await page.line("no passes through tables of rules");
    return;
  }
  const style = outputStyle();
  const sorted = groups.toSorted(
    (a, b) =>
      a.row.family.localeCompare(b.row.family) ||
      HOOKS.indexOf(a.row.hook) - HOOKS.indexOf(b.row.hook) ||
      a.row.engine.localeCompare(b.row.engine) ||
      placeOf(a.row).localeCompare(placeOf(b.row)),
  );
  const rows = sorted.map(({ row, verdicts, times }) => [
    row.family,
    escapeText(row.hook),
    row.engine,
    escapeText(row.table_family === row.family ? placeOf(row) : `${row.table_family} ${placeOf(row)}`),
    countText(times.count),
    nsText(times.at(0.5)),
    nsText(times.at(0.99)),
    [...verdicts].map(([verdict, count]) => `${verdict} ${countText(count)}`).join(", "),
  ]);
  const columns = [
    { heading: "FAMILY" },
    { heading: "HOOK" },
    { heading: "ENGINE" },
    { heading: "TABLE" },
    { heading: "PASSES", right: true },
    { heading: "P50", right: true },
    { heading: "P99", right: true },
    { heading: "VERDICTS", below: true },
  ] as const;
  const [heading = "", ...lines] = tableLines(columns, rows, terminalWidth());
  await page.line(style.bold(heading));
  for (const line of lines) await page.line(line.replace(/\bDROP [\d,]+/, (text) => style.red(text)));
}
