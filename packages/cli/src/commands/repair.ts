// skbtracer repair: a whole copy of a damaged recording, without what is damaged.
import { randomFillSync } from "node:crypto";
import { statSync } from "node:fs";
import { type Chunk, ChunkScanner, ChunkType, LogEncoder, NotARecordingError } from "@skbtracer/format";
import { type LogSink, openFileSink } from "@skbtracer/recorder";
import type { Command } from "commander";
import { readPieces } from "../io/recording-file.js";
import { UsageError } from "../options/usage-error.js";
import { bytesText } from "../print/quantities.js";
import type { SetExitCode } from "../program.js";

interface RepairFlags {
  readonly output: string;
  readonly force?: true;
}

const EXAMPLES = `
The copy holds every chunk that is whole, says what was left out (info shows it), and has an index and an end.

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
    .action(async (file: string, flags: RepairFlags) => setExitCode(await repair(file, flags)));
}

function beginCopy(scanner: ChunkScanner, flags: RepairFlags): { sink: LogSink; encoder: LogEncoder } {
  const { layoutId = 0, startNs = 0n, uuid } = scanner.fileHeader ?? {};
  const sink = openFileSink(flags.output, { force: flags.force ?? false });
  const encoder = new LogEncoder(uuid ?? randomFillSync(new Uint8Array(16)), layoutId, startNs);
  sink.write([encoder.fileHeader()]);
  return { sink, encoder };
}

/** Chunks that are about the old file and are written anew. */
const REPLACED: ReadonlySet<number> = new Set([ChunkType.INDEX, ChunkType.REPAIR]);

async function repair(file: string, flags: RepairFlags): Promise<number> {
  if (isSameFile(file, flags.output))
    throw new UsageError(
      `${flags.output} is the recording itself, which repair does not change: use another name`,
    );
  const scanner = new ChunkScanner("salvage");
  let copy: { sink: LogSink; encoder: LogEncoder } | undefined;
  let end: Uint8Array | undefined;
  let kept = 0;
  for await (const { header, payload } of scanChunks(file, scanner)) {
    // The input is known to be a recording before the output is made.
    copy ??= beginCopy(scanner, flags);
    if (header.type === ChunkType.END) end = payload;
    else if (!REPLACED.has(header.type)) copy.sink.write(copy.encoder.chunk(header.type, [payload], header));
    kept++;
  }
  if (!copy) throw new NotARecordingError("nothing in the file can be saved", 0);
  const { sink, encoder } = copy;
  sink.write(
    encoder.json(ChunkType.REPAIR, {
      bytes: scanner.bytes,
      left_out: scanner.damage,
      closed: end !== undefined,
    }),
  );
  sink.write(encoder.index());
  if (end) sink.write(encoder.chunk(ChunkType.END, [end]));
  sink.close();
  const leftOut = scanner.damage.reduce((sum, { length }) => sum + length, 0);
  process.stderr.write(
    `skbtracer: ${kept} chunk(s) kept, ${bytesText(leftOut)} in ${scanner.damage.length} place(s) left out\n`,
  );
  for (const { offset, length, reason } of scanner.damage)
    process.stderr.write(`skbtracer:   at byte ${offset}, ${length} byte(s): ${reason}\n`);
  return 0;
}

function isSameFile(input: string, output: string): boolean {
  if (input === "-" || output === "-") return false;
  const [from, to] = [input, output].map((path) => statSync(path, { throwIfNoEntry: false }));
  return from !== undefined && to !== undefined && from.dev === to.dev && from.ino === to.ino;
}

async function* scanChunks(file: string, scanner: ChunkScanner): AsyncGenerator<Chunk, void> {
  for await (const piece of readPieces(file)) yield* scanner.push(piece);
  yield* scanner.end();
}
