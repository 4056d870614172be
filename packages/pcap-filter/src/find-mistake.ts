// Where an expression is wrong, which libpcap does not say: the first word that cannot follow those before it.
import type { Compiler } from "./libpcap.js";

/** Words, numbers, addresses and operators, as libpcap's scanner takes them apart; escaped words. */
const TOKEN = /\\?[\w.:/-]+|&&|\|\||<<|>>|[<>!=]=|\S/g;

/** What can follow the beginning of an expression, where something is missing: one of them does, if anything can. */
const COMPLETIONS = [
  "",
  "tcp",
  "1",
  "1-2",
  "10.0.0.1",
  "10.0.0.0/8",
  "255.0.0.0",
  "::1",
  "00:00:00:00:00:00",
  "host 10.0.0.1",
  "port 1",
  "proto 6",
  "ether",
  "eth0",
  "1 == 0",
  "== 0",
  "] == 0",
  "1] == 0",
  "0] == 0",
  ") == 0",
  "1) == 0",
];

const SYNTAX_ERROR = /syntax error/;

/**
 * The position of what is wrong, from 0, or the expression's length if something is missing at its end.
 * @param problem what the compiler says of the whole expression
 */
export function findMistake(expression: string, problem: string, compile: Compiler): number {
  const isSyntax = SYNTAX_ERROR.test(problem);
  for (const { 0: token, index } of expression.matchAll(TOKEN)) {
    const before = expression.slice(0, index + token.length);
    if (isSyntax ? !canGoOn(before, compile) : problemOf(before, compile) === problem) return index;
  }
  return expression.length;
}

function problemOf(expression: string, compile: Compiler): string | undefined {
  const compiled = compile(expression);
  return "problem" in compiled ? compiled.problem : undefined;
}

/** Whether some expression begins so. What is wrong in another way than its syntax is not asked here. */
function canGoOn(begin: string, compile: Compiler): boolean {
  let unclosed = 0;
  for (const [parenthesis] of begin.matchAll(/[()]/g))
    unclosed = Math.max(0, unclosed + (parenthesis === "(" ? 1 : -1));
  const closing = ")".repeat(unclosed);
  return COMPLETIONS.some((completion) =>
    [closing, closing.slice(1)].some((end) => {
      const problem = problemOf(`${begin} ${completion} ${end}`, compile);
      return problem === undefined || !SYNTAX_ERROR.test(problem);
    }),
  );
}
