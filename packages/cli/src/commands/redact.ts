// skbtracer redact: a recording that can be given away.
import { randomFillSync } from "node:crypto";
import { knownEndReason, Redaction, REDACTION_FACTS } from "@skbtracer/analyzer";
import { NotARecordingError, RecordingCopier } from "@skbtracer/format";
import type { Command } from "commander";
import { ReadProgress } from "../io/read-progress.js";
import { type CopyFlags, writeCopy } from "../io/recording-copy.js";
import { readMode, readRecording, refuseDatabase } from "../io/recording-file.js";
import { addModeOptions } from "../options/read-options.js";
import { redactionKey } from "../options/redaction-key.js";
import { countText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";
import { printNotes } from "./notes.js";

interface RedactFlags extends CopyFlags {
  readonly key?: string;
  readonly strict?: true;
  readonly salvage?: true;
}

const EXAMPLES = `
The same address is the same one again wherever it comes, and two that share a prefix share one as long. Without --key the
key is random and nobody has it afterwards; with it, other recordings can be redacted alike. What is kept and what can
still be learned from it: docs/redaction.md.

Examples:
  skbtracer redact trace.skbt -o public.skbt
  openssl rand -hex 32 > key; skbtracer redact trace.skbt --key key -o public.skbt
  SKBTRACER_REDACT_KEY=... skbtracer redact trace.skbt --key env -o public.skbt
`;

/** Adds the command. */
export function addRedactCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("redact")
    .description("write a recording without addresses, names and payload of the original")
    .argument("<file>", "a recording, or - for standard input")
    .requiredOption("-o, --output <file>", "where to: a new file, or - for standard output")
    .option("--key <file>", "the key is in this file, or with `env` in SKBTRACER_REDACT_KEY")
    .option("--force", "write over an output that exists");
  addModeOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (file: string, flags: RedactFlags) => setExitCode(await redact(file, flags)));
}

async function redact(file: string, flags: RedactFlags): Promise<number> {
  const mode = readMode(flags);
  await refuseDatabase(file, "redact");
  const key = redactionKey(flags.key);
  const { source, counts } = await writeCopy(file, flags, async (write) => {
    const redaction = new Redaction(key);
    const copier = new RecordingCopier({
      mode,
      uuid: () => randomFillSync(new Uint8Array(16)),
      write,
      copy: (chunk, log, reader) => redaction.copy(chunk, log, reader),
    });
    const progress = new ReadProgress(file, "redacting");
    for await (const _ of readRecording(file, copier.source))
      progress.show(copier.source.bytes, copier.source.events);
    progress.end();
    if (copier.source.bytes === 0) throw new NotARecordingError(`${file} is empty`, 0);
    copier.end(undefined, knownEndReason(copier.source.ended?.reason));
    return { source: copier.source, counts: redaction.counts };
  });
  printNotes(source);
  const { events, packetBytes, rules, unknownChunks } = counts;
  const lines = [
    `${countText(events)} event(s) redacted, ${countText(packetBytes.before - packetBytes.after)} byte(s) of them cut`,
    ...REDACTION_FACTS,
    `rules: ${rules.kept} kept, ${rules.removed} removed`,
  ];
  if (unknownChunks > 0) lines.push(`${unknownChunks} part(s) of a kind that is not known were left out`);
  if (flags.key === undefined)
    lines.push("the key was random and is not kept: nobody can undo or repeat this");
  for (const line of lines) process.stderr.write(`skbtracer: ${line}\n`);
  return 0;
}
