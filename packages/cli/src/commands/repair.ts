// skbtracer repair: a whole copy of a damaged recording, without what is damaged.
import { randomFillSync } from "node:crypto";
import {
  type Chunk,
  ChunkType,
  HeadReader,
  type LogWriter,
  NotARecordingError,
  PERF_RECORD_SAMPLE,
  RecordingCopier,
  type RecordingReader,
  soundRecords,
} from "@skbtracer/format";
import type { Command } from "commander";
import { type CopyFlags, writeCopy } from "../io/recording-copy.js";
import { readRecording } from "../io/recording-file.js";
import { bytesText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";

const EXAMPLES = `
The copy holds all that is whole, with a gap wherever something was left out: paths that may have lost events there are
not complete, and losses lists it. It has an index and an end.

Examples:
  skbtracer repair torn.skbt -o mended.skbt
`;

/** Adds the command. */
export function addRepairCommand(program: Command, setExitCode: SetExitCode): void {
  program
    .command("repair")
    .description("write a whole copy of a damaged recording")
    .argument("<file>", "a recording, or - for standard input")
    .requiredOption("-o, --output <file>", "where to: a new file, or - for standard output")
    .option("--force", "write over an output that exists")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: CopyFlags) => setExitCode(await repair(file, flags)));
}

async function repair(file: string, flags: CopyFlags): Promise<number> {
  const { source, chunks } = await writeCopy(file, flags, async (write) => {
    const copier = new RecordingCopier({
      mode: "salvage",
      // The same recording, mended.
      uuid: ({ fileHeader }) => fileHeader?.uuid ?? randomFillSync(new Uint8Array(16)),
      write,
      copy: copySound,
    });
    for await (const _ of readRecording(file, copier.source));
    if (copier.chunks === 0) throw new NotARecordingError("nothing in the file can be saved", 0);
    copier.end((log) => {
      const { bytes, damage, ended } = copier.source;
      log.json(ChunkType.REPAIR, { bytes, left_out: damage, closed: ended !== undefined });
    });
    return copier;
  });
  const leftOut = source.damage.reduce((sum, { length }) => sum + length, 0);
  process.stderr.write(
    `skbtracer: ${chunks} chunk(s) kept, ${bytesText(leftOut)} in ${source.damage.length} place(s) left out\n`,
  );
  for (const { offset, length, reason } of source.damage)
    process.stderr.write(`skbtracer:   at byte ${offset}, ${length} byte(s): ${reason}\n`);
  if (!source.ended)
    process.stderr.write("skbtracer: the recording was not closed: a gap at its end says so\n");
  return 0;
}

/** A chunk as it is; of RAW what readers use. */
function copySound(chunk: Chunk, log: LogWriter, { layout }: RecordingReader): void {
  const { header, payload } = chunk;
  if (header.type === ChunkType.REPAIR) return;
  if (header.type !== ChunkType.RAW || !layout) {
    log.copy(chunk);
    return;
  }
  const records = [...soundRecords(payload, new HeadReader(layout))];
  const events = records.filter(({ type }) => type === PERF_RECORD_SAMPLE).length;
  log.raw(
    records.map(({ bytes }) => bytes),
    events,
    header,
  );
}
