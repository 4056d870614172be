// skbtracer slice: a part of a recording, as a recording that stands alone.
import { randomFillSync } from "node:crypto";
import {
  type Demand,
  type FinishedPath,
  type PacketFilter,
  Reconstruction,
  SliceWriter,
  WantedFamilies,
} from "@skbtracer/analyzer";
import { NotARecordingError, type ReadMode, RecordingReader } from "@skbtracer/format";
import type { Command } from "commander";
import { checkConditions, type Conditions, pathHolds, placeHolds } from "../answers/conditions.js";
import { ReadProgress } from "../io/read-progress.js";
import { writeCopy } from "../io/recording-copy.js";
import { readRecording, refuseDatabase, refuseReadOnce } from "../io/recording-file.js";
import { type Flow, flowHolds, parseFlow } from "../options/flow.js";
import { addRowOptions, type ReadFlags, readOptions } from "../options/read-options.js";
import { UsageError } from "../options/usage-error.js";
import { bytesText, countText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";
import { printNotes } from "./notes.js";

interface SliceFlags extends ReadFlags {
  readonly output: string;
  readonly force?: true;
  readonly flow?: Flow;
  readonly events?: true;
}

/** What is chosen. */
interface Choice {
  readonly filter: PacketFilter;
  readonly mode: ReadMode;
  readonly conditions: Conditions;
  readonly flow: Flow | undefined;
}

const EXAMPLES = `
A slice has whole paths, with all that they were made from, all that was made of them, and what their data went on in. It
says of itself where it is from. What was lost or damaged in the recording is lost or damaged in its slice.

Examples:
  skbtracer slice trace.skbt -P 443 -o tls.skbt
  skbtracer slice trace.skbt --since 10s --until 12s -o moment.skbt
  skbtracer slice trace.skbt --flow 10.0.0.1:4242-10.0.0.2:80 -o flow.skbt
  skbtracer slice trace.skbt --reason NETFILTER_DROP -o dropped.skbt
  skbtracer slice trace.skbt --events --func nf_hook_slow -o events.skbt     these events, not their whole paths
`;

/** Adds the command. */
export function addSliceCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("slice")
    .description("write a part of a recording, which stands alone")
    .argument("<file>", "a recording: a file, as it is read twice")
    .requiredOption("-o, --output <file>", "where to: a new file, or - for standard output")
    .option("--flow <ends>", "only paths between these: 10.0.0.1:4242-10.0.0.2:80", parseFlow)
    .option("--events", "exactly the events that match, not their whole paths")
    .option("--force", "write over an output that exists");
  addRowOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: SliceFlags) => setExitCode(await slice(file, flags)));
}

async function slice(file: string, flags: SliceFlags): Promise<number> {
  const { filter, mode, conditions } = await readOptions(flags);
  const { events, flow } = flags;
  await refuseReadOnce(file, "slice");
  await refuseDatabase(file, "slice");
  checkConditions(events ? "events" : "paths", conditions, filter);
  if (events && flow) throw new UsageError("--flow is of whole paths: leave it or --events out");
  const choice = { filter, mode, conditions, flow };
  const { writer, bytes } = await writeCopy(file, flags, async (write) => {
    let length = 0;
    const slicer = new SliceWriter({
      mode,
      uuid: randomFillSync(new Uint8Array(16)),
      facts: factsOf(choice, events === true),
      write: (spans) => {
        for (const span of spans) length += span.length;
        write(spans);
      },
    });
    if (events) await keepEvents(file, slicer, choice);
    else await keepFamilies(file, slicer, choice);
    if (slicer.reader.bytes === 0) throw new NotARecordingError(`${file} is empty`, 0);
    slicer.end();
    return { writer: slicer, bytes: length };
  });
  printNotes(writer.reader);
  process.stderr.write(
    `skbtracer: ${countText(writer.kept)} of ${countText(writer.reader.events)} event(s) kept, ${bytesText(bytes)} of ${bytesText(writer.reader.bytes)}\n`,
  );
  return 0;
}

/** What is chosen, for who gets the slice. */
function factsOf({ filter, conditions, flow }: Choice, events: boolean): string[] {
  const parts: readonly (readonly [string, unknown])[] = [
    ...Object.entries(filter),
    ...Object.entries(conditions),
  ];
  const chosen = parts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${valueText(value)}`);
  const ends = flow?.map(({ address, port }) => (port === undefined ? address : `${address} port ${port}`));
  if (ends) chosen.push(`flow ${ends.join(" and ")}`);
  return [events ? "events" : "families of paths", ...(chosen.length > 0 ? chosen : ["all"])];
}

function valueText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if ("sinceStartNs" in value) return `${String(value.sinceStartNs)} ns since the start`;
  if ("text" in value) return JSON.stringify(value.text);
  return "unixNs" in value ? `${String(value.unixNs)} ns since 1970` : "";
}

async function keepFamilies(file: string, slicer: SliceWriter, choice: Choice): Promise<void> {
  const families = isAll(choice) ? undefined : await wantedFamilies(file, choice);
  const reconstruction = new Reconstruction(
    slicer.reader,
    families ? demandOf(choice) : { tables: new Set() },
  );
  for await (const batch of readRecording(file, slicer.reader)) {
    const { lives } = reconstruction.take(batch).followed;
    slicer.take(batch, (i) => {
      if (!families) return true;
      const life = lives[i];
      return life !== undefined && families.has(life.id);
    });
  }
}

function isAll({ filter, conditions, flow }: Choice): boolean {
  return (
    !flow && [...Object.values(filter), ...Object.values(conditions)].every((part) => part === undefined)
  );
}

/** Of both readings the same, so that both tell paths apart in the same way. */
function demandOf({ filter }: Choice): Demand {
  return { tables: new Set(["paths"] as const), filter };
}

/** The first reading: paths are numbered as in the second. */
async function wantedFamilies(file: string, choice: Choice): Promise<WantedFamilies> {
  const { mode, conditions, flow } = choice;
  const families = new WantedFamilies();
  const reader = new RecordingReader({ mode });
  const reconstruction = new Reconstruction(reader, demandOf(choice));
  const progress = new ReadProgress(file, "choosing");
  const want = (paths: readonly FinishedPath[]): void => {
    for (const { path } of paths)
      if (pathHolds(path, conditions) && (!flow || flowHolds(path, flow))) families.want(path.path);
  };
  for await (const batch of readRecording(file, reader)) {
    progress.show(reader.bytes, reader.events);
    const found = reconstruction.take(batch);
    families.note(found.followed);
    want(found.paths);
  }
  want(reconstruction.finish());
  progress.end();
  return families;
}

async function keepEvents(file: string, slicer: SliceWriter, { filter, conditions }: Choice): Promise<void> {
  const reconstruction = new Reconstruction(slicer.reader, { tables: new Set(), filter });
  const isFiltered = Object.values(filter).some((part) => part !== undefined);
  for await (const batch of readRecording(file, slicer.reader)) {
    const { matched, functions, devices } = reconstruction.take(batch).followed;
    const { lives, startUnixNs } = reconstruction;
    slicer.take(batch, (i) => {
      const time = batch.times[i] ?? 0;
      const place = {
        time_ns: time,
        unix_ns: startUnixNs === null ? null : startUnixNs + BigInt(Math.round(time)),
        interface: lives.devices.all[devices[i] ?? -1]?.name,
        function: lives.functions.names[functions[i] ?? -1] ?? "",
      };
      return (!isFiltered || matched[i] === 1) && placeHolds(place, conditions);
    });
  }
}
