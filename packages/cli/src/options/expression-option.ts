// Filter expressions, pcap-filter(7). What compiles them is loaded only when one is given.
import { ExpressionFilter } from "@skbtracer/analyzer/filter";
import type { compileExpression } from "@skbtracer/pcap-filter";
import type { Command } from "commander";
import { UsageError } from "./usage-error.js";

type Compile = typeof compileExpression;

/** The flag as commander gives it. */
export interface ExpressionFlags {
  readonly expression?: string;
}

/** Adds the flag. */
export function addExpressionOption(command: Command): Command {
  return command.option(
    "-e, --expression <expression>",
    "only packets that match it: 'tcp port 443 and not net 10.0.0.0/8', as for tcpdump",
  );
}

/**
 * Compiles the expression.
 * @param words that stand on the command line by themselves: joined, as tcpdump does
 * @throws UsageError, or ExpressionError if it cannot be compiled
 */
export async function expressionFilter(
  { expression }: ExpressionFlags,
  words: readonly string[] = [],
): Promise<{ expression?: ExpressionFilter }> {
  if (expression !== undefined && words.length > 0)
    throw new UsageError("give the filter expression once: with --expression or without");
  const text = words.length > 0 ? words.join(" ") : expression;
  if (text === undefined) return {};
  const compile: Compile = (await import("@skbtracer/pcap-filter")).compileExpression;
  return { expression: new ExpressionFilter(text, compile(text)) };
}

/** Says on standard error how often the recorded bytes were too few to decide. */
export function noteUndecided({ expression }: { readonly expression?: ExpressionFilter }): void {
  if (expression && expression.undecided > 0)
    process.stderr.write(
      `skbtracer: ${expression.undecided} event(s) could not be decided and are taken not to match: the filter expression asks for bytes that were not recorded (see record --snaplen)\n`,
    );
}
