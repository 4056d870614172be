// A path as a tree: the packet, its steps with verdicts between them, its end; clones below.
import {
  type EventRow,
  type FinishedPath,
  flowText,
  type PacketColumns,
  type PathRow,
} from "@skbtracer/analyzer";
import { escapeText } from "./escape.js";
import { nsText } from "./quantities.js";
import type { Style } from "./style.js";
import { returnText } from "./table.js";

/** What the steps need beside their rows. */
export interface TreeContext {
  readonly style: Style;
  readonly namespaces: ReadonlyMap<number, string | undefined>;
}

/** What the steps of a family are printed by. */
interface StepContext extends TreeContext {
  readonly netnsWidth: number;
  readonly deviceWidth: number;
}

/** `TCP SYN 10.0.0.1:22 -> ...`. */
export function packetText(packet: PacketColumns): string {
  const { protocol, info, icmp_id, icmp_seq } = packet;
  const echo = icmp_id === null ? "" : `id ${icmp_id} seq ${icmp_seq ?? "?"}`;
  return escapeText([protocol ?? "no packet", info, flowText(packet), echo].filter(Boolean).join(" "));
}

/** The lines of a family: a path, and after it what was made from it, and from that. */
export function familyLines(family: readonly FinishedPath[], tree: TreeContext): string[] {
  const all = family.flatMap(({ events }) => events);
  const context: StepContext = {
    ...tree,
    netnsWidth: widest(all.map((event) => netnsText(event, tree))),
    deviceWidth: widest(all.map(deviceText)),
  };
  const known = new Set(family.map(({ path }) => path.path));
  const childrenOf = (parent: number): FinishedPath[] => family.filter(({ path }) => path.parent === parent);
  const lines: string[] = [];
  const add = (one: FinishedPath, indent: string): void => {
    for (const line of pathLines(one, context)) lines.push(indent + line);
    for (const child of childrenOf(one.path.path)) add(child, `${indent}    `);
  };
  for (const one of family) if (one.path.parent === null || !known.has(one.path.parent)) add(one, "");
  return lines;
}

/** What a path is called by how it began, where it was made from another. */
const TITLES: Readonly<Partial<Record<PathRow["begin"], string>>> = {
  cloned: "clone",
  copied: "copy",
  segmented: "segment",
  fragmented: "fragment",
};

function pathLines({ path, events, decisions }: FinishedPath, context: StepContext): string[] {
  const { style } = context;
  const title = `${TITLES[path.begin] ?? "path"} ${path.path}`;
  const lines = [
    `${style.bold(title)}  ${packetText(path)}  ${outcomeText(path, style)}  ${style.dim(`${path.len} bytes, ${nsText(path.duration_ns)}`)}`,
  ];
  const facts = [natText(path), path.conntrack === null ? "" : `conntrack ${path.conntrack}`].filter(Boolean);
  if (facts.length > 0) lines.push(`  ${style.dim(escapeText(facts.join("  ")))}`);
  const verdicts = verdictsOf(path);
  let ends = flowText(path);
  for (const event of events) {
    const decision = decisions?.get(event.event);
    const text = stepText(event, verdicts, decision, style);
    if (text === undefined) continue;
    lines.push(`  ${stepPlace(event, path, context)}  ${text}`, ...stackLines(event.stack));
    const now = flowText(event);
    if (now === "" || now === ends) continue;
    ends = now;
    lines.push(
      `  ${" ".repeat(stepPlace(event, path, context).length)}    ${style.yellow(escapeText(`now ${now}`))}`,
    );
  }
  const shown = events.length;
  if (shown < path.events) lines.push(style.dim(`  ... ${path.events - shown} more event(s)`));
  if (path.drop_location !== null) {
    const drop = events.findLast(({ kind }) => kind === "drop");
    lines.push(`  ${dropText(path, style)}`, ...stackLines(drop?.stack));
  }
  if (path.merged_into !== null) lines.push(style.dim(`  its data went on in path ${path.merged_into}`));
  if (!path.complete)
    lines.push(style.yellow(`  ! not complete: ${incompleteText(path.incomplete_because ?? "")}`));
  return lines;
}

/** A line for each frame of a stack; none if there is none. */
export function stackLines(stack: string | null | undefined): string[] {
  return stack ? stack.split("; ").map((frame) => `    ${escapeText(frame)}`) : [];
}

/** Columns of namespaces and devices, so that most trees stand alike. */
const NARROWEST = 10;

function widest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), NARROWEST);
}

function natText({ nat_before, nat_after }: PathRow): string {
  return nat_before === null || nat_after === null ? "" : `NAT ${nat_before}  =>  ${nat_after}`;
}

function stepPlace(event: EventRow, path: PathRow, context: StepContext): string {
  const since = `+${nsText(event.time_ns - path.time_ns)}`.padStart(11);
  const netns = netnsText(event, context).padEnd(context.netnsWidth);
  const device = deviceText(event).padEnd(context.deviceWidth);
  return `${since}  cpu ${String(event.cpu).padEnd(3)} ${netns} ${device}`;
}

function netnsText({ netns }: EventRow, { namespaces }: TreeContext): string {
  return netns === 0 ? "" : escapeText(namespaces.get(netns) ?? String(netns));
}

function deviceText({ interface: name, ifindex }: EventRow): string {
  return escapeText(name ?? (ifindex ? `ifindex${ifindex}` : ""));
}

/** A path's verdicts: those of its passes through tables, and those of hooks in which no table decided. */
interface Verdicts {
  readonly tables: string[];
  readonly hooks: string[];
}

function isHook(verdict: string): boolean {
  return verdict.startsWith("hooks.");
}

function verdictsOf({ verdicts }: PathRow): Verdicts {
  const all = (verdicts ?? "").split(" ").filter(Boolean);
  return { tables: all.filter((one) => !isHook(one)), hooks: all.filter(isHook) };
}

/** Of steps; drops and ends are told by the path's last lines. Takes the verdict of a pass from the list. */
function stepText(
  event: EventRow,
  verdicts: Verdicts,
  decision: string | undefined,
  style: Style,
): string | undefined {
  if (event.kind === "sight") return escapeText(event.function);
  if (event.kind === "return")
    return style.dim(escapeText(returnText(event.function, event.return_value ?? "")));
  const verdict =
    event.kind === "traversal"
      ? (verdicts.tables.shift() ?? "a table")
      : event.kind === "hook"
        ? verdicts.hooks.shift()
        : undefined;
  if (verdict === undefined) return undefined;
  const pass = escapeText(verdict.replaceAll(".", " "));
  const because = decision === undefined ? "" : style.dim(`  by ${escapeText(decision)}`);
  return `  ${pass.endsWith(" DROP") ? style.red(pass) : style.cyan(pass)}${because}`;
}

function dropText(path: PathRow, style: Style): string {
  const reason = path.drop_reason === null ? "" : `${path.drop_reason} `;
  const text = escapeText(`${reason}at ${path.drop_location ?? "?"}`);
  return path.outcome === "dropped"
    ? style.red(`DROPPED: ${text}`)
    : style.dim(`freed as dropped, harmless: ${text}`);
}

/** The outcome in its colour. */
export function outcomeText({ outcome }: Pick<PathRow, "outcome">, style: Style): string {
  switch (outcome) {
    case "dropped":
      return style.red(outcome);
    case "delivered":
    case "transmitted":
      return style.green(outcome);
    case "open":
    case "unknown":
      return style.yellow(outcome);
    default:
      return outcome;
  }
}

const INCOMPLETE: Readonly<Record<string, string>> = {
  loss: "events were lost on its CPUs meanwhile",
  loss_elsewhere: "events were lost on other CPUs meanwhile, where it may have been too",
  damage: "a part of the file is missing",
  begin: "its begin was not seen",
  end: "its end was not seen for certain",
  open: "the recording ended first",
};

function incompleteText(because: string): string {
  return because
    .split(",")
    .map((reason) => INCOMPLETE[reason] ?? reason)
    .join("; ");
}
