// skbtracer paths: which way packets went, and how that ended.
import type { FinishedPath, PathRow } from "@skbtracer/analyzer";
import type { Command } from "commander";
import { pathHolds } from "../answers/conditions.js";
import { Quantiles } from "../answers/quantiles.js";
import { readSources, type Rows } from "../answers/sources.js";
import { Page } from "../io/page.js";
import { addReadOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { escapeText } from "../print/escape.js";
import { jsonText } from "../print/json-row.js";
import { familyLines, outcomeText } from "../print/path-tree.js";
import { countText, nsText, shareText } from "../print/quantities.js";
import { outputStyle } from "../print/style.js";
import type { SetExitCode } from "../program.js";

interface PathsFlags extends ReadFlags {
  readonly summary?: true;
  readonly all?: true;
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
    .option("--all", "in the tree also what is no packet of a network: messages between processes");
  addReadOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (files: string[], flags: PathsFlags) => setExitCode(await paths(files, flags)));
}

async function paths(files: readonly string[], flags: PathsFlags): Promise<number> {
  const { filter, mode, conditions } = readOptions(flags);
  const { summary, json, catchCount = 0 } = flags;
  const page = new Page();
  const style = outputStyle();
  const shapes = new Shapes();
  const options = {
    tables: new Set(["paths"] as const),
    filter,
    mode,
    shapesOnly: summary === true,
    pathEvents: !summary && !json,
  };
  let printed = 0;
  let hidden = 0;
  const isEnough = (): boolean => page.closed || (catchCount > 0 && printed >= catchCount);
  for await (const rows of readSources(files, options)) {
    for (const family of familiesOf(rows, (path) => pathHolds(path, conditions))) {
      if (summary) for (const { path } of family) shapes.add(path);
      else if (json)
        for (const { path } of family) {
          if (!isEnough()) await page.line(jsonText("paths", path));
          printed++;
        }
      else if (!flags.all && isNoPacket(family)) hidden++;
      else if (!isEnough()) {
        for (const line of familyLines(family, { style, namespaces: rows.namespaces })) await page.line(line);
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

interface Shape {
  readonly outcome: PathRow["outcome"];
  readonly reason: string | null;
  readonly functions: string;
  readonly verdicts: string;
  readonly times: Quantiles;
  incomplete: number;
}

/** Paths by shape: the functions in their order, the end, and the verdicts on the way. */
class Shapes {
  total = 0;
  readonly #shapes = new Map<string, Shape>();

  add(path: PathRow): void {
    this.total++;
    const key = `${path.outcome}\n${path.drop_reason ?? ""}\n${path.functions}\n${path.verdicts ?? ""}`;
    let shape = this.#shapes.get(key);
    if (!shape) {
      const { outcome, drop_reason: reason, functions, verdicts } = path;
      shape = { outcome, reason, functions, verdicts: verdicts ?? "", times: new Quantiles(), incomplete: 0 };
      this.#shapes.set(key, shape);
    }
    shape.times.add(path.duration_ns);
    if (!path.complete) shape.incomplete++;
  }

  /** The most frequent first. */
  all(): Shape[] {
    return [...this.#shapes.values()].toSorted((a, b) => b.times.count - a.times.count);
  }
}

async function printSummary(shapes: Shapes, page: Page, json: boolean): Promise<void> {
  if (json) {
    for (const { outcome, reason, functions, verdicts, times, incomplete } of shapes.all())
      await page.line(
        JSON.stringify({
          paths: times.count,
          share: times.count / shapes.total,
          incomplete,
          outcome,
          drop_reason: reason,
          p50_ns: Math.round(times.at(0.5)),
          p99_ns: Math.round(times.at(0.99)),
          functions,
          verdicts: verdicts || null,
        }),
      );
    return;
  }
  const rows = shapes
    .all()
    .map(({ outcome, reason, functions, verdicts, times, incomplete }) => [
      countText(times.count),
      shareText(times.count, shapes.total),
      nsText(times.at(0.5)),
      nsText(times.at(0.99)),
      countText(incomplete),
      outcome,
      escapeText(reason ?? ""),
      escapeText(verdicts),
      escapeText(functions) || "(no function was entered)",
    ]);
  const columns = [
    { heading: "PATHS", right: true },
    { heading: "SHARE", right: true },
    { heading: "P50", right: true },
    { heading: "P99", right: true },
    { heading: "INCOMPLETE", right: true },
    { heading: "OUTCOME" },
    { heading: "REASON" },
    { heading: "VERDICTS" },
    { heading: "FUNCTIONS" },
  ] as const;
  const style = outputStyle();
  const [heading = "", ...lines] = tableLines(columns, rows, terminalWidth());
  await page.line(style.bold(heading));
  const outcomes = shapes.all().map(({ outcome }) => outcome);
  for (const [i, line] of lines.entries()) {
    const outcome = outcomes[i] ?? "unknown";
    await page.line(line.replace(outcome, outcomeText({ outcome }, style)));
  }
}
