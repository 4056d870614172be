// A path as a tree: the packet, its steps with verdicts between them, its end; clones below.
import type { EventRow, FinishedPath, PacketColumns, PathRow } from "@skbtracer/analyzer";
import { escapeText } from "./escape.js";
import { nsText } from "./quantities.js";
import type { Style } from "./style.js";

/** What the steps need beside their rows. */
export interface TreeContext {
  readonly style: Style;
  readonly namespaces: ReadonlyMap<number, string>;
}

/** `10.0.0.1:22 -> 10.0.0.2:5432`, with brackets where an IPv6 address has a port. */
export function flowText({ source, source_port, destination, destination_port }: PacketColumns): string {
  const end = (address: string | null, port: number | null): string => {
    const text = address ?? "?";
    if (port === null) return text;
    return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
  };
  if (source === null && destination === null) return "";
  return `${end(source, source_port)} -> ${end(destination, destination_port)}`;
}

/** `TCP SYN 10.0.0.1:22 -> ...`. */
export function packetText(packet: PacketColumns): string {
  const { protocol, info, icmp_id, icmp_seq } = packet;
  const echo = icmp_id === null ? "" : `id ${icmp_id} seq ${icmp_seq ?? "?"}`;
  return escapeText([protocol ?? "no packet", info, flowText(packet), echo].filter(Boolean).join(" "));
}

/** The lines of a family: a path, and after it its clones and theirs. */
export function familyLines(family: readonly FinishedPath[], context: TreeContext): string[] {
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

function pathLines({ path, events }: FinishedPath, context: TreeContext): string[] {
  const { style } = context;
  const title = `${path.begin === "cloned" ? "clone" : "path"} ${path.path}`;
  const lines = [
    `${style.bold(title)}  ${packetText(path)}  ${outcomeText(path, style)}  ${style.dim(`${path.len} bytes, ${nsText(path.duration_ns)}`)}`,
  ];
  const verdicts = (path.verdicts ?? "").split(" ");
  for (const event of events) {
    const text = stepText(event, verdicts, style);
    if (text === undefined) continue;
    lines.push(`  ${stepPlace(event, path, context)}  ${text}`);
  }
  const shown = events.length;
  if (shown < path.events) lines.push(style.dim(`  ... ${path.events - shown} more event(s)`));
  if (path.drop_location !== null) lines.push(`  ${dropText(path, style)}`);
  if (!path.complete)
    lines.push(style.yellow(`  ! not complete: ${incompleteText(path.incomplete_because ?? "")}`));
  return lines;
}

function stepPlace(event: EventRow, path: PathRow, { namespaces }: TreeContext): string {
  const since = `+${nsText(event.time_ns - path.time_ns)}`.padStart(11);
  const netns = event.netns === 0 ? "" : escapeText(namespaces.get(event.netns) ?? String(event.netns));
  const device = escapeText(event.interface ?? (event.ifindex ? `ifindex${event.ifindex}` : ""));
  return `${since}  cpu ${String(event.cpu).padEnd(3)} ${netns.padEnd(10)} ${device.padEnd(10)}`;
}

/** Of steps; drops and ends are told by the path's last lines. Takes the verdict of a pass from the list. */
function stepText(event: EventRow, verdicts: string[], style: Style): string | undefined {
  if (event.kind === "sight") return escapeText(event.function);
  if (event.kind !== "traversal") return undefined;
  const pass = escapeText((verdicts.shift() ?? "a table").replaceAll(".", " "));
  return `  ${pass.endsWith(" DROP") ? style.red(pass) : style.cyan(pass)}`;
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
