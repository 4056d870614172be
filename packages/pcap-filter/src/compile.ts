// Compiles an expression, or says what is wrong with it and where.
import { ClassicClass, ClassicJump, ClassicMode, type ClassicProgram } from "@skbtracer/format";
import { ExpressionError } from "./expression-error.js";
import { findMistake } from "./find-mistake.js";
import { type Compiler, openLibpcap } from "./libpcap.js";

/** Loads from here on ask Linux for what is not in the packet: SKF_AD_OFF of linux/filter.h. */
const ANCILLARY_DATA = 0xffff_f000;

/** Characters. libpcap's time grows with the square of their number and more: 40,000 take it minutes. */
const LENGTH_MAX = 16_384;

let libpcap: Compiler | undefined;

/**
 * Compiles a filter expression, pcap-filter(7), for packets that begin with an Ethernet header. One without words lets
 * all packets pass. Names of hosts are looked up, as tcpdump does.
 * @throws ExpressionError with libpcap's message and the position; or that says what to install
 */
export function compileExpression(expression: string): ClassicProgram {
  if (expression.length > LENGTH_MAX)
    throw new ExpressionError(
      `filter expression: it is too long: ${expression.length} characters, and at most ${LENGTH_MAX} are taken. Nets and port ranges say it shorter`,
    );
  libpcap ??= openLibpcap();
  const compiled = libpcap(expression);
  if ("program" in compiled) {
    if (compiled.program.some(isAncillary))
      throw new ExpressionError(
        "filter expression: only the packet's bytes and length can be asked for, not its direction or device (inbound, outbound, ifindex)",
      );
    if (compiled.program.some((instruction) => isLoop(instruction, compiled.program)))
      throw new ExpressionError(
        "filter expression: protochain is a loop, which the kernel does not run: ask for the protocol that comes first, as in ip6 proto 6",
      );
    return compiled.program;
  }
  const { problem } = compiled;
  const position = findMistake(expression, problem, libpcap);
  throw new ExpressionError(`filter expression: ${problem}, ${placeText(expression, position)}`, position);
}

function isAncillary({ code, k }: ClassicProgram[number]): boolean {
  return (code & 7) === ClassicClass.LD && (code & 0xe0) === ClassicMode.ABS && k >= ANCILLARY_DATA;
}

/** A jump backwards is one by a negative number. */
function isLoop({ code, k }: ClassicProgram[number], { length }: ClassicProgram): boolean {
  return (code & 7) === ClassicClass.JMP && (code & 0xf0) === ClassicJump.JA && k >= length;
}

function placeText(expression: string, position: number): string {
  if (position >= expression.length) return `at its end: ${JSON.stringify(expression)}`;
  return `at character ${position + 1}: ${JSON.stringify(expression.slice(position))}`;
}
