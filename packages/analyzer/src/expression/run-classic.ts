// Runs classic BPF on captured bytes: https://www.kernel.org/doc/html/latest/networking/filter.html.
import {
  CLASSIC_MEMORY_WORDS,
  CLASSIC_RETURN_A,
  CLASSIC_SOURCE_X,
  CLASSIC_TXA,
  ClassicAlu,
  ClassicClass,
  type ClassicInstruction,
  ClassicJump,
  classicLoadBytes,
  ClassicMode,
  type ClassicProgram,
} from "@skbtracer/format";

/** Part of a packet. */
export interface Frame {
  /** The first bytes of it. */
  readonly bytes: Uint8Array;
  /** All that it has. */
  readonly length: number;
}

/** `undecided`: it asked for bytes that the packet has, and that are not here. */
export type Verdict = "match" | "no match" | "undecided";

/**
 * Runs a program. A load from beyond the packet ends it without a match, as does a division by zero.
 * @throws Error if the program is none that a compiler makes
 */
export function runClassic(program: ClassicProgram, frame: Frame): Verdict {
  const memory = new Uint32Array(CLASSIC_MEMORY_WORDS);
  let a = 0;
  let x = 0;
  for (let at = 0; at < program.length; at++) {
    const instruction = program[at];
    if (!instruction) break;
    const { code, k } = instruction;
    switch (code & 7) {
      case ClassicClass.LD:
      case ClassicClass.LDX: {
        const value = load(instruction, x, frame, memory);
        if (typeof value !== "number") return value;
        if ((code & 7) === ClassicClass.LD) a = value;
        else x = value;
        break;
      }
      case ClassicClass.ST:
        memory[k] = a;
        break;
      case ClassicClass.STX:
        memory[k] = x;
        break;
      case ClassicClass.ALU: {
        const value = calculate(code & 0xf0, a, code & CLASSIC_SOURCE_X ? x : k);
        if (value === undefined) return "no match";
        a = value;
        break;
      }
      case ClassicClass.JMP:
        at += skipped(instruction, a, x);
        break;
      case ClassicClass.RET:
        return (code & CLASSIC_RETURN_A ? a : k) === 0 ? "no match" : "match";
      default:
        if (code & CLASSIC_TXA) a = x;
        else x = a;
    }
  }
  throw new Error("a classic BPF program without a return");
}

function load(
  { code, k }: ClassicInstruction,
  x: number,
  frame: Frame,
  memory: Uint32Array,
): number | Verdict {
  switch (code & 0xe0) {
    case ClassicMode.IMM:
      return k;
    case ClassicMode.MEM:
      return memory[k] ?? 0;
    case ClassicMode.LEN:
      return frame.length;
    case ClassicMode.ABS:
      return read(frame, k, classicLoadBytes(code));
    case ClassicMode.IND:
      return read(frame, x + k, classicLoadBytes(code));
    default: {
      // MSH: the length of an IPv4 header
      const first = read(frame, k, 1);
      return typeof first === "number" ? (first & 0xf) * 4 : first;
    }
  }
}

function read({ bytes, length }: Frame, at: number, size: 1 | 2 | 4): number | Verdict {
  if (at + size > bytes.length) return at + size > length ? "no match" : "undecided";
  let value = 0;
  for (let i = at; i < at + size; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

/** 32 bits, unsigned; undefined for a division by zero. */
function calculate(operation: number, a: number, operand: number): number | undefined {
  switch (operation) {
    case ClassicAlu.ADD:
      return (a + operand) >>> 0;
    case ClassicAlu.SUB:
      return (a - operand) >>> 0;
    case ClassicAlu.MUL:
      return Math.imul(a, operand) >>> 0;
    case ClassicAlu.DIV:
      return operand === 0 ? undefined : Math.floor(a / operand);
    case ClassicAlu.MOD:
      return operand === 0 ? undefined : a % operand;
    case ClassicAlu.OR:
      return (a | operand) >>> 0;
    case ClassicAlu.AND:
      return (a & operand) >>> 0;
    case ClassicAlu.XOR:
      return (a ^ operand) >>> 0;
    case ClassicAlu.LSH:
      return operand > 31 ? 0 : (a << operand) >>> 0;
    case ClassicAlu.RSH:
      return operand > 31 ? 0 : a >>> operand;
    default:
      return -a >>> 0;
  }
}

/** How many instructions a jump skips. */
function skipped({ code, jt, jf, k }: ClassicInstruction, a: number, x: number): number {
  const operand = code & CLASSIC_SOURCE_X ? x : k;
  switch (code & 0xf0) {
    case ClassicJump.JA:
      return k;
    case ClassicJump.JEQ:
      return a === operand ? jt : jf;
    case ClassicJump.JGT:
      return a > operand ? jt : jf;
    case ClassicJump.JGE:
      return a >= operand ? jt : jf;
    default:
      return (a & operand) !== 0 ? jt : jf;
  }
}
