// Classic BPF, the form that filter expressions are compiled to: https://www.kernel.org/doc/html/latest/networking/filter.html.
// It is what the recorder, which runs it in the kernel, and the readers of a recording have in common.

/** One instruction: struct bpf_insn of libpcap, struct sock_filter of the kernel. */
export interface ClassicInstruction {
  /** Class, size, mode, operation and source, as the tables here have them: 16 bits. */
  readonly code: number;
  /** Instructions to skip if a conditional jump's condition holds: 8 bits. */
  readonly jt: number;
  /** And if it does not. */
  readonly jf: number;
  /** 32 bits, unsigned. */
  readonly k: number;
}

/** A program. Jumps lead forwards only, and every way through it ends with a return: not 0 is a match. */
export type ClassicProgram = readonly ClassicInstruction[];

/** Bits 0 to 2 of a code. */
export const ClassicClass = {
  LD: 0,
  LDX: 1,
  ST: 2,
  STX: 3,
  ALU: 4,
  JMP: 5,
  RET: 6,
  MISC: 7,
} as const;

/** Bits 3 and 4 of a load: bytes, in network order. */
export const ClassicSize = { W: 0x00, H: 0x08, B: 0x10 } as const;

/** Bits 5 to 7 of a load. */
export const ClassicMode = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, LEN: 0x80, MSH: 0xa0 } as const;

/** Bits 4 to 7 of arithmetic. */
export const ClassicAlu = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
} as const;

/** Bits 4 to 7 of a jump; comparisons are unsigned. */
export const ClassicJump = { JA: 0x00, JEQ: 0x10, JGT: 0x20, JGE: 0x30, JSET: 0x40 } as const;

/** Bit 3 of arithmetic and jumps: the operand is X, not `k`. */
export const CLASSIC_SOURCE_X = 0x08;
/** Bits 3 and 4 of a return: the value is A, not `k`. */
export const CLASSIC_RETURN_A = 0x10;
/** Bits 3 to 7 of the class MISC: A becomes X's value; without, X becomes A's. */
export const CLASSIC_TXA = 0x80;
/** Words of scratch memory. */
export const CLASSIC_MEMORY_WORDS = 16;

/** Bytes that a load reads. */
export function classicLoadBytes(code: number): 1 | 2 | 4 {
  const size = code & 0x18;
  return size === ClassicSize.W ? 4 : size === ClassicSize.H ? 2 : 1;
}
