// skbtracer info: what is in a recording.
import { NO_CPU, type Probe, RecordingReader, uuidText } from "@skbtracer/format";
import type { Command } from "commander";
import { missingEvents, WallClock } from "@skbtracer/analyzer";
import { readMode, readRecording } from "../io/recording-file.js";
import { writeOut } from "../io/output.js";
import { escapeText } from "../print/escape.js";
import { isoTime } from "../print/event-time.js";
import { bytesText, countText, spanText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";
import { costInfo, costLines } from "./info-cost.js";
import { printNotes } from "./notes.js";

interface InfoFlags {
  readonly json?: true;
  readonly strict?: true;
  readonly salvage?: true;
}

/** Adds the command. */
export function addInfoCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command("info")
    .description("what is in a recording: host, kernel, probes, span, events, losses, damage")
    .argument("<file>", "a recording, or - for standard input")
    .option("--json", "print an object")
    .option("--strict", "refuse a damaged recording")
    .option("--salvage", "look for whole parts behind damage")
    .addHelpText(
      "after",
      "\nExamples:\n  skbtracer info trace.skbt\n  skbtracer info trace.skbt --json | jq .lost\n",
    )
    .action(async (file: string, flags: InfoFlags) => {
      const reader = new RecordingReader({ mode: readMode(flags) });
      const kinds = new Map<number, number>();
      for await (const batch of readRecording(file, reader))
        for (const kind of batch.narrow("kind")) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const info = describe(reader, kinds);
      writeOut(flags.json ? `${JSON.stringify(info, undefined, 2)}\n` : infoText(info));
      if (!flags.json) printNotes(reader);
      setExitCode(0);
    });
}

type Info = ReturnType<typeof describe>;

function describe(reader: RecordingReader, kinds: ReadonlyMap<number, number>) {
  const { environment, fileHeader, ended, startNs } = reader;
  const clock = new WallClock(reader.clocks, startNs);
  const at = (ns: number | undefined): string | null => {
    const realtime = ns === undefined ? undefined : clock.realtimeNs(ns);
    return realtime === undefined ? null : isoTime(realtime);
  };
  const named = (environment?.layout.kinds ?? []).map(
    ({ kind, name }) => [name, kinds.get(kind) ?? 0] as const,
  );
  return {
    uuid: fileHeader ? uuidText(fileHeader.uuid) : null,
    format: fileHeader ? `${fileHeader.versionMajor}.${fileHeader.versionMinor}` : null,
    version: environment?.version ?? null,
    host: environment?.host.hostname ?? null,
    distribution: environment?.host.distribution ?? null,
    kernel: environment?.host.kernel ?? null,
    kernel_version: environment?.host.kernelVersion ?? null,
    machine: environment?.host.machine ?? null,
    cpus: environment?.host.cpus ?? null,
    command_line: environment?.commandLine ?? [],
    options: environment?.options ?? {},
    expression: recordedExpression(environment?.options),
    events: reader.events,
    bytes_per_event: reader.events === 0 ? null : Math.round(reader.eventBytes / reader.events),
    events_by_kind: Object.fromEntries(named),
    lost: reader.lost,
    missing: missingEvents(reader),
    late: reader.late,
    losses: reader.losses().map(({ cpu, afterNs, beforeNs, count }) => ({
      cpu: cpu === NO_CPU ? null : cpu,
      after_ns: afterNs,
      before_ns: beforeNs,
      count,
    })),
    first_ns: absolute(startNs, reader.firstNs),
    last_ns: absolute(startNs, reader.lastNs),
    first_time: at(reader.firstNs),
    last_time: at(reader.lastNs),
    span_ns: (reader.lastNs ?? 0) - (reader.firstNs ?? 0),
    closed: ended !== undefined,
    end_reason: ended?.reason ?? null,
    probes: (environment?.probes ?? []).map(probeInfo),
    namespaces: environment?.namespaces ?? [],
    rules: reader.rules.length,
    stats: reader.stats ?? null,
    cost: costInfo(reader),
    problems: environment?.problems ?? [],
    repaired: reader.repair ?? null,
    origins: environment?.origins ?? [],
    gaps: reader.gaps.map(({ offset, length, reason }) => ({ offset, length, reason })),
    damage: reader.damage.map(({ offset, length, reason }) => ({ offset, length, reason })),
    bytes: reader.bytes,
  };
}

/** The filter expression of a recording; null if it was made without. */
function recordedExpression(options: Readonly<Record<string, unknown>> | undefined): string | null {
  const filter = options?.["filter"];
  const expression =
    typeof filter === "object" && filter !== null && "expression" in filter ? filter.expression : undefined;
  return typeof expression === "string" ? expression : null;
}

/** CLOCK_MONOTONIC ns. A host would have to be up for 104 days before a number is too small for it: then it is rounded. */
function absolute(startNs: bigint, ns: number | undefined): number | null {
  return ns === undefined ? null : Number(startNs + BigInt(Math.round(ns)));
}

function probeInfo(probe: Probe) {
  const { name, type, event, status, reason, symbol, module, argument } = probe;
  return { name, type, event, status, reason, symbol, module, argument };
}

function byReason(refused: Info["probes"]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, reason = "unknown reason" } of refused) {
    const names = groups.get(reason);
    if (names) names.push(name);
    else groups.set(reason, [name]);
  }
  return groups;
}

function infoText(info: Info): string {
  const attached = info.probes.filter((probe) => probe.status === "attached");
  const refused = info.probes.filter((probe) => probe.status === "refused");
  const kinds = Object.entries(info.events_by_kind)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${countText(count)} ${name}`)
    .join(", ");
  const rows: [label: string, value: string][] = [
    ["recording", info.uuid ?? "unknown"],
    ["host", `${info.host ?? "unknown"} (${info.distribution || "unknown distribution"})`],
    ["kernel", `${info.kernel ?? "unknown"} ${info.machine ?? ""}, ${info.cpus ?? "?"} CPU(s)`],
    ["command", info.command_line.length > 0 ? `skbtracer ${info.command_line.join(" ")}` : "skbtracer"],
    [
      "time",
      info.first_time
        ? `${info.first_time} to ${info.last_time ?? "?"} (${spanText(info.span_ns)})`
        : "no events",
    ],
    [
      "events",
      `${countText(info.events)}${kinds ? ` (${kinds}), ${info.bytes_per_event ?? 0} bytes each on average` : ""}`,
    ],
    ["lost", countText(info.lost)],
    ["closed", info.closed ? `yes (${info.end_reason ?? "unknown"})` : "no"],
    [
      "size",
      `${bytesText(info.bytes)}, ${info.damage.length} damaged range(s)${info.gaps.length > 0 ? `, ${info.gaps.length} gap(s)` : ""}`,
    ],
    [
      "namespaces",
      info.namespaces.map(({ inode, name }) => `${inode}${name ? ` (${name})` : ""}`).join(", ") || "none",
    ],
    ["probes", `${attached.length} attached, ${refused.length} refused`],
  ];
  if (info.expression !== null) rows.splice(4, 0, ["expression", info.expression]);
  const lines = rows.map(([label, value]) => `${label.padEnd(11)} ${escapeText(value)}`);
  for (const { name, type, symbol } of attached)
    lines.push(
      `  + ${type.padEnd(14)} ${escapeText(name)}${symbol && symbol !== name ? ` (${escapeText(symbol)})` : ""}`,
    );
  for (const [reason, names] of byReason(refused))
    lines.push(`  - ${escapeText(reason)}: ${escapeText(names.join(", "))}`);
  for (const line of costLines(info.cost)) lines.push(line);
  for (const { command, parent, facts } of info.origins)
    lines.push(
      `  < ${command}${parent === undefined ? "" : ` of ${escapeText(parent)}`}: ${escapeText(facts.join("; "))}`,
    );
  for (const problem of info.problems) lines.push(`  ! ${escapeText(problem)}`);
  return `${lines.join("\n")}\n`;
}
