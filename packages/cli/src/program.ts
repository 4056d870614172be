// The command line: commands are rows here, each in a file of its own.
import { Command } from "commander";
import { addDropsCommand } from "./commands/drops.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addExportCommand } from "./commands/export.js";
import { addImportCommand } from "./commands/import.js";
import { addInfoCommand } from "./commands/info.js";
import { addLiveCommand } from "./commands/live.js";
import { addLossesCommand } from "./commands/losses.js";
import { addPathsCommand } from "./commands/paths.js";
import { addRecordCommand } from "./commands/record.js";
import { addRepairCommand } from "./commands/repair.js";
import { addReplayCommand } from "./commands/replay.js";
import { addSqlCommand } from "./commands/sql.js";
import { addTraversalsCommand } from "./commands/traversals.js";
import { VERSION } from "./version.js";

/** Takes the exit code of a command that ends without an error. */
export type SetExitCode = (code: number) => void;

const COMMANDS: readonly ((program: Command, setExitCode: SetExitCode) => void)[] = [
  addLiveCommand,
  addRecordCommand,
  addReplayCommand,
  addInfoCommand,
  addPathsCommand,
  addDropsCommand,
  addTraversalsCommand,
  addLossesCommand,
  addImportCommand,
  addExportCommand,
  addSqlCommand,
  addDoctorCommand,
  addRepairCommand,
];

/** The whole command line. It throws CommanderError in place of exiting. */
export function buildProgram(setExitCode: SetExitCode): Command {
  const program = new Command("skbtracer")
    .description("Record and replay the path of packets through the Linux kernel")
    .version(VERSION, "-V, --version")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride();
  for (const add of COMMANDS) add(program, setExitCode);
  for (const command of program.commands) command.exitOverride().showSuggestionAfterError();
  return program;
}
