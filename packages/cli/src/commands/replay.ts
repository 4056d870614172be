// skbtracer replay: the live table from a recording.
import { setTimeout as delay } from "node:timers/promises";
import { type EventBatch, RecordingReader } from "@skbtracer/format";
import type { Command } from "commander";
import { readMode, readRecording } from "../io/recording-file.js";
import {
  addPrintOptions,
  addTraceOptions,
  packetFilter,
  type PrintFlags,
  type TraceFlags,
} from "../options/trace-options.js";
import { noteUndecided } from "../options/expression-option.js";
import { UsageError } from "../options/usage-error.js";
import { EventPrinter } from "../print/event-printer.js";
import type { SetExitCode } from "./table.js";
import { printNotes } from "./notes.js";

const EXAMPLES = `
Examples:
  skbtracer replay trace.skbt --iptable
  skbtracer replay trace.skbt -P 443 --json | jq .function
  skbtracer replay trace.skbt --speed 1          at the pace at which it was recorded
`;

interface ReplayFlags extends TraceFlags, PrintFlags {
  readonly speed?: number;
  readonly strict?: true;
  readonly salvage?: true;
}

/** Adds the command. */
export function addReplayCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("replay")
    .description("print a recording as the live table")
    .argument("<file>", "a recording, or - for standard input");
  addTraceOptions(command);
  addPrintOptions(command)
    .option("--speed <factor>", "keep the recorded pace, times this factor (default: at once)", parseSpeed)
    .option("--strict", "refuse a damaged recording")
    .option("--salvage", "look for whole parts behind damage")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: ReplayFlags) => setExitCode(await replay(file, flags)));
}

function parseSpeed(text: string): number {
  const speed = /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (!(speed > 0))
    throw new UsageError(`--speed: ${JSON.stringify(text)} is not a factor like 1, 0.5 or 10`);
  return speed;
}

async function replay(file: string, flags: ReplayFlags): Promise<number> {
  const reader = new RecordingReader({ mode: readMode(flags) });
  const filter = await packetFilter(flags);
  const printer = new EventPrinter(reader, filter, flags);
  const pace = flags.speed === undefined ? undefined : new Pace(flags.speed);
  for await (const batch of readRecording(file, reader)) {
    printer.start();
    if (pace) for await (const part of pace.split(batch)) printer.print(part);
    else printer.print(batch);
    if (printer.full) return 0;
  }
  printer.start();
  noteMissingStacks(reader, flags);
  printNotes(reader);
  noteUndecided(filter);
  return 0;
}

function noteMissingStacks(reader: RecordingReader, flags: ReplayFlags): void {
  const options = reader.environment?.options ?? {};
  for (const flag of ["callstack", "dropstack"] as const)
    if (flags[flag] && !options[flag] && !options["callstack"])
      process.stderr.write(`skbtracer: no stacks to print: it was recorded without --${flag}\n`);
}

const TICK_MS = 20;

/** Lets time pass between events as it did when they were recorded. */
class Pace {
  readonly #factor: number;
  #start: { event: number; wall: number } | undefined;

  constructor(factor: number) {
    this.#factor = factor;
  }

  /** The parts of a batch, each when its time has come. */
  async *split(batch: EventBatch): AsyncGenerator<EventBatch> {
    let from = 0;
    for (let i = 0; i < batch.length; i++) {
      const time = batch.times[i] ?? 0;
      this.#start ??= { event: time, wall: performance.now() };
      const due = this.#start.wall + (time - this.#start.event) / 1e6 / this.#factor;
      const wait = due - performance.now();
      if (wait < TICK_MS) continue;
      if (i > from) yield batch.slice(from, i);
      from = i;
      await delay(wait);
    }
    if (from < batch.length) yield batch.slice(from, batch.length);
  }
}
