// Expressions are compiled as tcpdump compiles them, and errors say where they are.
import { execFileSync } from "node:child_process";

import { describe, expect, test } from "vitest";

import { compileExpression } from "../src/compile.js";
import { ExpressionError } from "../src/expression-error.js";
import { openLibpcap } from "../src/libpcap.js";
import { EXPRESSIONS } from "./expressions.js";

describe("an expression", () => {
  test.each(EXPRESSIONS)("is the program that tcpdump makes of it: %s", (expression) => {
    const args = ["-y", "EN10MB", "-ddd", "-s", "262144"];
    const printed = execFileSync("tcpdump", [...args, expression], { encoding: "utf8" });
    const program = compileExpression(expression);
    const lines = program.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`);
    expect([program.length, ...lines].join("\n")).toBe(printed.trim());
  });
});

function mistake(expression: string): ExpressionError {
  try {
    compileExpression(expression);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`${expression} is right`);
}

/** The mistake stands where the caret is, or at the end. */
const MISTAKES: readonly [message: RegExp, expression: string, wrong: string | undefined][] = [
  [/syntax error, at character 5: "prot 443"$/, "tcp prot 443", "prot"],
  [/syntax error, at its end: "tcp port"$/, "tcp port", undefined],
  [/syntax error/, "tcp and (udp", undefined],
  [/syntax error/, "tcp and udp)", ")"],
  [/syntax error/, "tcp and and udp", "and udp"],
  [/syntax error/, "(tcp or udp) not 7", "not 7"],
  [/syntax error/, "ip[6:2] & 0x1fff = 0 or", undefined],
  [/syntax error/, "tcp[tcpflags] & (tcp-syn|tcp-foo) != 0", "tcp-foo"],
  [/syntax error/, "tcp @ 3", "@"],
  [/invalid IPv4 address '10\.0\.0\.300'/, "tcp and host 10.0.0.300", "10.0.0.300"],
  [/illegal port number 99999/, "udp or port 99999 or icmp", "99999"],
  [/unknown port 'foo'/, "tcp port foo", "foo"],
  [/non-network bits set/, "src net 10.0.0.1/8 and tcp", "10.0.0.1/8"],
  [/illegal link layer address/, "ether host 1.2.3", "1.2.3"],
  [/data size must be 1, 2, or 4/, "ip[6:3] = 0", "]"],
  [/'ip broadcast' not supported/, "tcp or ip broadcast", "broadcast"],
];

describe("a mistake", () => {
  test.each(MISTAKES)("is told in libpcap's words, with its place: %s", (message, expression, wrong) => {
    const error = mistake(expression);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^filter expression: [^\n]+$/);
    const at = wrong === undefined ? expression.length : expression.lastIndexOf(wrong);
    expect(error.position).toBe(at);
  });

  test("is to ask for what is not in the packet", () => {
    expect(mistake("inbound and tcp").message).toMatch(/not its direction/);
  });

  test("is to ask for a loop", () => {
    expect(mistake("ip6 protochain 17").message).toMatch(/protochain is a loop/);
  });

  test("is not to have libpcap: the message says what to install", () => {
    expect(() => openLibpcap(["libpcap.so.none"])).toThrow(/apt-get install libpcap0\.8/);
  });
});
