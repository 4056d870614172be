// The commands: a row each. What a command needs is loaded only where it is asked for, as most of it is not.
import type { Command } from "commander";

/** Takes the exit code of a command that ends without an error. */
export type SetExitCode = (code: number) => void;

/** Adds a command, or what the program does without one, to the program. */
export type AddCommand = (program: Command, setExitCode: SetExitCode) => void;

/** Each command by its name, in the order of the help. */
export const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ["record", async () => (await import("./record.js")).addRecordCommand],
  ["replay", async () => (await import("./replay.js")).addReplayCommand],
  ["info", async () => (await import("./info.js")).addInfoCommand],
  ["paths", async () => (await import("./paths.js")).addPathsCommand],
  ["drops", async () => (await import("./drops.js")).addDropsCommand],
  ["traversals", async () => (await import("./traversals.js")).addTraversalsCommand],
  ["losses", async () => (await import("./losses.js")).addLossesCommand],
  ["check", async () => (await import("./check.js")).addCheckCommand],
  ["diff", async () => (await import("./diff.js")).addDiffCommand],
  ["expect", async () => (await import("./expect.js")).addExpectCommand],
  ["import", async () => (await import("./import.js")).addImportCommand],
  ["export", async () => (await import("./export.js")).addExportCommand],
  ["sql", async () => (await import("./sql.js")).addSqlCommand],
  ["probes", async () => (await import("./probes.js")).addProbesCommand],
  ["doctor", async () => (await import("./doctor.js")).addDoctorCommand],
  ["slice", async () => (await import("./slice.js")).addSliceCommand],
  ["redact", async () => (await import("./redact.js")).addRedactCommand],
  ["repair", async () => (await import("./repair.js")).addRepairCommand],
]);

const HELP: ReadonlySet<string> = new Set(["-h", "--help", "help"]);

/**
 * What an invocation can need: the command that it begins with, or live tracing and whatever command is named later.
 * Help needs all.
 * @param args the arguments, without program and script
 */
export async function loadCommands(args: readonly string[]): Promise<AddCommand[]> {
  const first = COMMANDS.get(args[0] ?? "");
  if (first) return [await first()];
  const isHelp = args.some((arg) => HELP.has(arg));
  const named = [...COMMANDS].filter(([name]) => isHelp || args.includes(name));
  const { addLiveCommand } = await import("./live.js");
  return [addLiveCommand, ...(await Promise.all(named.map(([, load]) => load())))];
}
