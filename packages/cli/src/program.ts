// The command line as commander has it.
import { Command } from "commander";
import { loadCommands, type SetExitCode } from "./commands/table.js";
import { writeOut } from "./io/output.js";
import { escapeText } from "./print/escape.js";
import { VERSION } from "./version.js";

/**
 * The command line for these arguments. It throws CommanderError in place of exiting.
 * @param args without program and script
 */
export async function buildProgram(args: readonly string[], setExitCode: SetExitCode): Promise<Command> {
  const program = new Command("skbtracer")
    .description("Record and replay the path of packets through the Linux kernel")
    .version(VERSION, "-V, --version")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    // Help has readers that go away, and errors have what was typed.
    .configureOutput({
      writeOut,
      outputError(text, write) {
        const lines = text
          .trimEnd()
          .replace(/^error: /, "")
          .split("\n");
        write(`skbtracer: ${lines.map(escapeText).join("\n")}\n`);
      },
    })
    .exitOverride();
  for (const add of await loadCommands(args)) add(program, setExitCode);
  for (const command of program.commands) command.exitOverride().showSuggestionAfterError();
  return program;
}
