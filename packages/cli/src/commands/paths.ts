// skbtracer paths: which way packets went, and how that ended.
import { type FinishedPath, type PathRow, PathShapes } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { pathHolds } from "../answers/conditions.js";
import { readSources, type Rows } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addReadOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { jsonText } from "../print/json-row.js";
import { familyLines, outcomeText } from "../print/path-tree.js";
import { countText, nsText, shareText } from "../print/quantities.js";
import { RecordingHeadings } from "../print/recording-heading.js";
import { outputStyle } from "../print/style.js";
import { wrappedLines } from "../print/wrap.js";
import type { SetExitCode } from "./table.js";

interface PathsFlags extends ReadFlags {
  readonly summary?: true;
  readonly all?: true;
  readonly stacks?: true;
}

const EXAMPLES = `
Examples:
  skbtracer paths trace.skbt -H 10.0.0.7 -P 443
  skbtracer paths trace.skbt --summary            the ways that packets took, and how many took each
  skbtracer paths trace.skbt --reason NETFILTER_DROP --json | jq .functions
  skbtracer paths trace.skbt --iface eth0 --since 10s --until 12s
  skbtracer paths trace.db --incomplete           from a database made by import
`;

/** Adds the command. */
export function addPathsCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("paths")
    .description("the way of each packet, as a tree; --summary: of all packets together")
    .argument("<file...>", "recordings, or databases made by import")
    .option("--summary", "group paths of the same shape")
    .option("--all", "in the tree also what is no packet of a network: messages between processes")
    .option("--stacks", "in the tree also the kernel stack of each function and drop that has one recorded");
  addReadOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: PathsFlags) => setExitCode(await paths(files, flags)));
}

async function paths(files: readonly string[], flags: PathsFlags): Promise<number> {
  const { filter, mode, conditions } = await readOptions(flags);
  const { summary, json, catchCount = 0 } = flags;
  if (summary && catchCount > 0) throw new UsageError("--summary is of all paths: leave --catch-count out");
  if (flags.stacks && (summary || json))
    throw new UsageError("--stacks is of the tree: leave --summary and --json out");
  const page = new Page();
  const style = outputStyle();
  const shapes = new PathShapes();
  const options = {
    tables: new Set(["paths"] as const),
    filter,
    mode,
    shapesOnly: summary === true,
    pathEvents: !summary && !json,
    stacks: flags.stacks === true,
    // Conditions are about rows.
    ...(summary && Object.keys(conditions).length === 0 && { shapes }),
  };
  const headings = new RecordingHeadings(files.length, style);
  let printed = 0;
  let hidden = 0;
  const isEnough = (): boolean => page.closed || (catchCount > 0 && printed >= catchCount);
  for await (const rows of readSources(files, options)) {
    for (const family of familiesOf(rows, (path) => pathHolds(path, conditions))) {
      if (summary) for (const { path } of family) shapes.addRow(path);
      else if (json)
        for (const { path } of family) {
          if (!isEnough()) await page.line(jsonText("paths", path));
          printed++;
        }
      else if (!flags.all && isNoPacket(family)) hidden++;
      else if (!isEnough()) {
        const heading = headings.before(family[0]?.path.recording ?? "", rows.hosts);
        const tree = familyLines(family, { style, namespaces: rows.namespaces });
        for (const line of [...heading, ...tree]) await page.line(line);
        printed++;
      }
    }
    if (isEnough()) break;
  }
  if (summary) await printSummary(shapes, page, json === true);
  await page.end();
  if (hidden > 0)
    process.stderr.write(
      `skbtracer: ${hidden} path(s) without a packet of a network not shown: --all shows them\n`,
    );
  return 0;
}

/** Messages between processes of the host (AF_UNIX, netlink) are skbs too, and can be seen being dropped. */
function isNoPacket(family: readonly FinishedPath[]): boolean {
  return family.every(({ path }) => path.protocol === null && path.hops === 0);
}

/** The wanted paths, those that came together and belong together in one. */
function* familiesOf(
  { paths: found }: Rows,
  isWanted: (path: PathRow) => boolean,
): Generator<FinishedPath[]> {
  let family: FinishedPath[] = [];
  const members = new Set<number>();
  for (const one of found) {
    if (!isWanted(one.path)) continue;
    if (family.length > 0 && (one.path.parent === null || !members.has(one.path.parent))) {
      yield family;
      family = [];
      members.clear();
    }
    family.push(one);
    members.add(one.path.path);
  }
  if (family.length > 0) yield family;
}

/** Before what is said of a shape. */
const INDENT = "       ";

async function printSummary(shapes: PathShapes, page: Page, json: boolean): Promise<void> {
  if (json) {
    for (const { outcome, dropReason, functions, verdicts, times, incomplete } of shapes.all())
      await page.line(
        JSON.stringify({
          paths: times.count,
          share: times.count / shapes.total,
          incomplete,
          outcome,
          drop_reason: dropReason,
          p50_ns: Math.round(times.at(0.5)),
          p99_ns: Math.round(times.at(0.99)),
          functions,
          verdicts,
        }),
      );
    return;
  }
  const all = shapes.all();
  if (all.length === 0) {
    await page.line("no paths");
    return;
  }
  const rows = all.map(({ outcome, dropReason, times, incomplete }) => [
    countText(times.count),
    shareText(times.count, shapes.total),
    nsText(times.at(0.5)),
    nsText(times.at(0.99)),
    countText(incomplete),
    outcome,
    escapeText(dropReason ?? ""),
  ]);
  const columns = [
    { heading: "PATHS", right: true },
    { heading: "SHARE", right: true },
    { heading: "P50", right: true },
    { heading: "P99", right: true },
    { heading: "INCOMPLETE", right: true },
    { heading: "OUTCOME" },
    { heading: "REASON", below: true },
  ] as const;
  const style = outputStyle();
  const width = terminalWidth();
  const [heading = "", ...lines] = tableLines(columns, rows, width);
  await page.line(style.bold(heading));
  for (const [i, { outcome, functions, verdicts }] of all.entries()) {
    await page.line((lines[i] ?? "").replace(outcome, outcomeText({ outcome }, style)));
    for (const line of wrappedLines(escapeText(functions) || "(no function was entered)", INDENT, width))
      await page.line(line);
    if (verdicts !== null)
      for (const line of wrappedLines(`verdicts: ${escapeText(verdicts)}`, INDENT, width))
        await page.line(style.cyan(line));
  }
}
