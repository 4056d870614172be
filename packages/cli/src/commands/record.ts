// skbtracer record: the kernel's rings into a file.
import { type ChildProcess, spawn } from "node:child_process";
import { openFileSink, type Progress, type Recording, startRecording } from "@skbtracer/recorder";
import type { Command } from "commander";
import { addRecordOptions, type RecordFlags, recordOptions } from "../options/record-options.js";
import { addTraceOptions, packetFilter } from "../options/trace-options.js";
import { UsageError } from "../options/usage-error.js";
import { bytesText, countText } from "../print/quantities.js";
import type { SetExitCode } from "./table.js";
import { VERSION } from "../version.js";
import { note, reportEnd, StopSignals } from "./recording-end.js";

const EXAMPLES = `
It ends at Ctrl-C, after --duration, after -c events, or with the command. Passes through tables of iptables and nftables
are always recorded. The file is readable by its owner only; it holds packets' headers, addresses and firewall rules.

Examples:
  skbtracer record -o trace.skbt --duration 60s
  skbtracer record -o trace.skbt -H 10.0.0.7 -P 443
  skbtracer record -o trace.skbt 'tcp port 443 and not net 192.168.0.0/16'
  skbtracer record -o trace.skbt --dropstack -- curl http://10.0.0.7/
  skbtracer record -o - --duration 10s | ssh laptop 'cat > trace.skbt'
`;

const PROGRESS_MS = 500;

/** Adds the command. */
export function addRecordCommand(program: Command, setExitCode: SetExitCode): void {
  const command = program
    .command("record")
    .description("record until Ctrl-C, --duration, -c, or the end of a command")
    .usage("[options] [expression] [-- command...]")
    .argument(
      "[expression...]",
      "only packets that match it, as for tcpdump; after --: what to run while recording",
    )
    .requiredOption("-o, --output <file>", "where to: a new file, or - for standard output");
  addTraceOptions(command);
  addRecordOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (words: string[], flags: RecordFlags) => {
      const commandAt = words.length - wordsBehindDashes();
      setExitCode(await record(flags, words.slice(0, commandAt), words.slice(commandAt)));
    });
}

/** Commander joins what stands before and behind `--`. */
function wordsBehindDashes(): number {
  const at = process.argv.indexOf("--");
  return at < 0 ? 0 : process.argv.length - at - 1;
}

async function record(
  flags: RecordFlags,
  expression: readonly string[],
  childCommand: readonly string[],
): Promise<number> {
  const options = recordOptions(flags, await packetFilter(flags, expression), VERSION);
  const output = flags.output ?? "-";
  if (output === "-" && process.stdout.isTTY)
    throw new UsageError("a recording is not for a terminal: give a file with -o, or a pipe");
  const signals = new StopSignals();
  const sink = openFileSink(output, { force: flags.force ?? false });
  const recording = await startRecording({ ...options, sink, tables: true, onNote: note });
  signals.watch(recording);
  const hideProgress = showProgress(recording);
  const child = childCommand.length > 0 ? runCommand(childCommand, recording, output === "-") : undefined;
  const summary = await recording.done;
  hideProgress();
  signals.release();
  if (child?.failure !== undefined) {
    reportEnd(summary);
    process.stderr.write(`skbtracer: ${child.failure}\n`);
    return 2;
  }
  if (child && child.process.exitCode === null) child.process.kill("SIGTERM");
  const code = reportEnd(summary);
  if (output !== "-" && code === 0)
    note(`${output}: ${bytesText(summary.bytes)}; read it with: skbtracer replay ${output}`);
  return code;
}

interface Child {
  readonly process: ChildProcess;
  failure: string | undefined;
}

/** Runs a command and ends the recording with it. Standard output is not the command's if the recording goes there. */
function runCommand(
  [name = "", ...rest]: readonly string[],
  recording: Recording,
  outputTaken: boolean,
): Child {
  const running = spawn(name, rest, { stdio: ["inherit", outputTaken ? 2 : "inherit", "inherit"] });
  const child: Child = { process: running, failure: undefined };
  running.on("error", (error: NodeJS.ErrnoException) => {
    child.failure = `cannot run ${name}: ${error.code === "ENOENT" ? "no such command" : error.message}`;
    recording.stop("command");
  });
  running.on("exit", (code, signal) => {
    if (signal !== null || code !== 0) note(`${name} ended with ${signal ?? `status ${code}`}`);
    recording.stop("command");
  });
  return child;
}

/** One updating line on a terminal. Returns what removes it. */
function showProgress(recording: Recording): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  let last: Progress | undefined;
  const timer = setInterval(() => {
    const now = recording.progress();
    process.stderr.write(`\r\x1b[K${progressText(now, last)}`);
    last = now;
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[K");
  };
}

function progressText(now: Progress, last: Progress | undefined): string {
  const seconds = now.seconds - (last?.seconds ?? 0);
  const rate = seconds > 0 ? (now.events - (last?.events ?? 0)) / seconds : 0;
  const minutes = String(Math.floor(now.seconds / 60)).padStart(2, "0");
  const rest = String(Math.floor(now.seconds % 60)).padStart(2, "0");
  return (
    `recording ${minutes}:${rest}  ${countText(now.events)} events  ${countText(Math.round(rate))}/s  ` +
    `${countText(now.lost)} lost  ${bytesText(now.bytes)}  (Ctrl-C ends)`
  );
}
