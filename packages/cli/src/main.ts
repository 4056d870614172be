#!/usr/bin/env node
// The command skbtracer. Only this file sets the exit code: 0 done, 1 the answer is no, 2 could not do it.
import { CommanderError } from "commander";
import { explainError } from "./explain-error.js";
import { ReaderGone } from "./io/output.js";
import { buildProgram } from "./program.js";

const EXIT_CANNOT = 2;

async function main(): Promise<number> {
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CANNOT;
    if (error instanceof ReaderGone) {
      process.stderr.write("skbtracer: the reader of the output went away\n");
      return 0;
    }
    process.stderr.write(`skbtracer: ${explainError(error)}\n`);
    return EXIT_CANNOT;
  }
  return exitCode;
}

process.exitCode = await main();
