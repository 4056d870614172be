#!/usr/bin/env node
// The command skbtracer. Only this file sets the exit code: 0 done, 1 the answer is no, 2 could not do it.
import { CommanderError } from "commander";
import { explainError } from "./explain-error.js";
import { ReaderGone } from "./io/output.js";
import { escapeText } from "./print/escape.js";
import { buildProgram } from "./program.js";

const EXIT_CANNOT = 2;

async function main(): Promise<number> {
  let exitCode = 0;
  try {
    const program = await buildProgram(process.argv.slice(2), (code) => {
      exitCode = code;
    });
    await program.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CANNOT;
    if (error instanceof ReaderGone) {
      process.stderr.write("skbtracer: the reader of the output went away\n");
      return 0;
    }
    // Names in it, of files too, can have any character; lines are ours.
    const lines = (await explainError(error)).split("\n").map(escapeText);
    process.stderr.write(`skbtracer: ${lines.join("\n")}\n`);
    return EXIT_CANNOT;
  }
  return exitCode;
}

// What is said there is beside the answer: if nobody can read it, the command goes on.
process.stderr.on("error", () => undefined);
process.exitCode = await main();
