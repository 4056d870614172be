// skbtracer [flags]: the original's live table. It is a recording that is read as it is made.
import type { PacketFilter } from "@skbtracer/analyzer/filter";
import { RecordingReader } from "@skbtracer/format";
import { FunctionSink, openFileSink, type Recording, startRecording, TeeSink } from "@skbtracer/recorder";
import type { Command } from "commander";
import { OutputError, ReaderGone } from "../io/output.js";
import { nearest } from "../options/nearest.js";
import { addRecordOptions, type RecordFlags, recordOptions } from "../options/record-options.js";
import { addPrintOptions, addTraceOptions, packetFilter, type PrintFlags } from "../options/trace-options.js";
import { EventPrinter } from "../print/event-printer.js";
import { VERSION } from "../version.js";
import { note, reportEnd, StopSignals } from "./recording-end.js";
import { COMMANDS, type SetExitCode } from "./table.js";

const EXAMPLES = `
Examples:
  skbtracer                                       trace all packets
  skbtracer --proto=icmp -H 1.2.3.4 --icmpid 22   trace ICMP packets of 1.2.3.4 with identifier 22
  skbtracer --proto=tcp  -H 1.2.3.4 -P 22         trace TCP packets of 1.2.3.4:22
  skbtracer --proto=udp  -H 1.2.3.4 -P 53         trace UDP packets of 1.2.3.4:53
  skbtracer -t -P 80 -H 127.0.0.1 --iptable       with passes through iptables tables, in seconds
  skbtracer 'icmp or tcp port 443'                with a filter expression, as for tcpdump
  skbtracer --noroute --dropstack                 only drops, with the kernel stack of each
  skbtracer record -o trace.skbt --duration 60s   record for a minute, to be read anywhere
  skbtracer replay trace.skbt -P 443              the live table from a recording
`;

/** Makes live tracing what the program does without a command. */
export function addLiveCommand(program: Command, setExitCode: SetExitCode): void {
  addTraceOptions(program);
  addPrintOptions(program);
  addRecordOptions(program)
    .option("-o, --output <file>", "keep the recording too: a new file")
    .addHelpText("after", EXAMPLES)
    .argument("[expression...]")
    .usage("[flags] [expression]   the live table\n       skbtracer <command> [options]")
    .action(async (words: string[], flags: RecordFlags & PrintFlags, command: Command) => {
      setExitCode(await trace(flags, await wantedPackets(flags, words, command)));
    });
}

/** The packet filter. A single word that means nothing as an expression was meant to be a command. */
async function wantedPackets(
  flags: RecordFlags,
  words: readonly string[],
  command: Command,
): Promise<PacketFilter> {
  try {
    return await packetFilter(flags, words);
  } catch (error) {
    const [word = ""] = words;
    if (
      words.length === 1 &&
      /^\w+$/.test(word) &&
      error instanceof Error &&
      error.name === "ExpressionError"
    )
      return command.error(`error: unknown command '${word}' ${hint(word)}`);
    throw error;
  }
}

function hint(unknown: string): string {
  const near = nearest(unknown, [...COMMANDS.keys()]);
  return near === undefined ? "(see skbtracer --help)" : `(did you mean ${near}?)`;
}

async function trace(flags: RecordFlags & PrintFlags, filter: PacketFilter): Promise<number> {
  const reader = new RecordingReader();
  // The kernel has seen all of the packet, and the printer sees what is captured of it.
  const { expression: _decidedAlready, ...printed } = filter;
  const printer = new EventPrinter(reader, printed, flags);
  /** Set once the recording has begun; what is printed may be enough before that. */
  const running: { recording?: Recording } = {};
  let readerGone = false;
  let outputError: OutputError | undefined;
  const show = new FunctionSink((bytes) => {
    for (const batch of reader.push(bytes)) {
      if (readerGone || outputError || printer.full) continue;
      try {
        printer.print(batch);
      } catch (error) {
        if (error instanceof OutputError) outputError = error;
        else if (error instanceof ReaderGone) readerGone = true;
        else throw error;
        running.recording?.stop(outputError ? "output" : "reader gone");
      }
      if (printer.full) running.recording?.stop("count");
    }
  });
  const file =
    flags.output === undefined ? undefined : openFileSink(flags.output, { force: flags.force ?? false });
  // The count is of lines printed: the printer keeps it.
  const { count: _count, ...options } = recordOptions(flags, filter, VERSION);
  const signals = new StopSignals();
  printer.start();
  const recording = await startRecording({
    ...options,
    sink: file ? new TeeSink(file, show) : show,
    tables: (flags.iptable ?? false) || (flags.nftRules ?? false),
    rules: (file !== undefined || flags.nftRules === true) && flags.rules,
    onNote: note,
  });
  running.recording = recording;
  if (readerGone || outputError || printer.full) recording.stop("count");
  signals.watch(recording);
  const summary = await recording.done;
  signals.release();
  if (readerGone) process.stderr.write("skbtracer: the reader of the output went away\n");
  const code = reportEnd(summary);
  if (outputError) throw outputError;
  return code;
}
