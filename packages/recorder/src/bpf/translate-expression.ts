// Translates a filter expression from classic BPF to the instructions of run_expression, bpf/expression.bpf.h:
// https://www.kernel.org/doc/html/latest/bpf/standardization/instruction-set.html.
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
import { RecorderError } from "../errors.js";

/** Jumps reach 32,767 instructions, and the longest translation of one is 16. */
const INSTRUCTIONS_MAX = 2000;

// bpf/expression.bpf.h
const FRAME_PADDING = 2;
const FRAME_WINDOW = 94;
const LINK_HEADER = 14;
const SCRATCH_AT = FRAME_PADDING + FRAME_WINDOW;
const NO_MATCH = 0;
const MATCH = 1;
const UNDECIDED = 2;

// Registers. Helpers leave 6 to 9 as they are; X has a place on the stack, as there are no more of these.
const R0 = 0;
const R1 = 1;
const R2 = 2;
const R3 = 3;
const MEMORY = 6;
const FRAME = 7;
const AVAILABLE = 8;
const A = 9;
const STACK = 10;

// Offsets on the stack.
const LOADED = -8;
const X = -16;
const LENGTH = -24;

const OPERAND_REGISTER = 0x08;
const MOV64 = 0xb7;
const MOV32 = 0xb4;
const ADD64 = 0x07;
const AND64 = 0x57;
const JA = 0x05;
const JNE = 0x55;
const JGT = 0x25;
const JGE = 0x35;
const CALL = 0x85;
const EXIT = 0x95;
const STORE_DOUBLE = 0x7b;
const STORE_WORD = 0x63;
const STORE_DOUBLE_IMMEDIATE = 0x7a;
const LOAD_DOUBLE = 0x79;
const LOAD: Readonly<Record<1 | 2 | 4, number>> = { 1: 0x71, 2: 0x69, 4: 0x61 };
const ALU32 = 0x04;
const JUMP32 = 0x06;
const TO_BIG_ENDIAN = 0xdc;
const PROBE_READ_KERNEL = 113;

/** Where loads from beyond the readable bytes go, and loads that failed. */
type Exit = "out of range" | "fault";

interface Fixup {
  /** Index of the jump. */
  readonly at: number;
  /** Index of a classic instruction. */
  readonly to: number | Exit;
}

/**
 * The function's instructions, 8 bytes each.
 * @throws RecorderError if the program is too long, or none that a compiler of expressions makes
 */
export function translateExpression(program: ClassicProgram): Uint8Array {
  if (program.length > INSTRUCTIONS_MAX)
    throw new RecorderError(
      `the filter expression is too long: it compiles to ${program.length} instructions, and at most ${INSTRUCTIONS_MAX} can run in the kernel`,
    );
  return new Translation(program).bytes();
}

class Translation {
  readonly #code: { code: number; registers: number; offset: number; immediate: number }[] = [];
  readonly #starts: number[] = [];
  readonly #fixups: Fixup[] = [];

  constructor(program: ClassicProgram) {
    this.#begin();
    const reached = reachable(program);
    for (const [index, instruction] of program.entries()) {
      this.#starts.push(this.#code.length);
      // The verifier refuses what cannot be reached.
      if (reached.has(index)) this.#translate(instruction, index);
    }
    this.#end();
  }

  bytes(): Uint8Array {
    const view = new DataView(new ArrayBuffer(this.#code.length * 8));
    for (const [i, { code, registers, offset, immediate }] of this.#code.entries()) {
      view.setUint8(i * 8, code);
      view.setUint8(i * 8 + 1, registers);
      view.setInt16(i * 8 + 2, offset, true);
      view.setInt32(i * 8 + 4, immediate | 0, true);
    }
    return new Uint8Array(view.buffer);
  }

  #emit(code: number, destination: number, source: number, offset: number, immediate: number): void {
    this.#code.push({ code, registers: destination | (source << 4), offset, immediate });
  }

  #jump(to: number | Exit, code = JA, destination = 0, source = 0, immediate = 0): void {
    this.#fixups.push({ at: this.#code.length, to });
    this.#emit(code, destination, source, 0, immediate);
  }

  #move(destination: number, source: number): void {
    this.#emit(MOV64 | OPERAND_REGISTER, destination, source, 0, 0);
  }

  /** 32 bits, zeros above. */
  #set(destination: number, value: number): void {
    this.#emit(MOV32, destination, 0, 0, value);
  }

  #exit(result: number): void {
    this.#set(R0, result);
    this.#emit(EXIT, 0, 0, 0, 0);
  }

  #loadX(destination: number): void {
    this.#emit(LOAD_DOUBLE, destination, STACK, X, 0);
  }

  #storeX(source: number): void {
    this.#emit(STORE_DOUBLE, STACK, source, X, 0);
  }

  /** The arguments are in registers 1 to 4; A and X are zero at first. */
  #begin(): void {
    this.#move(MEMORY, R1);
    this.#move(FRAME, R2);
    this.#move(AVAILABLE, R3);
    this.#emit(STORE_DOUBLE, STACK, 4, LENGTH, 0);
    this.#emit(STORE_DOUBLE_IMMEDIATE, STACK, 0, X, 0);
    this.#set(A, 0);
  }

  #end(): void {
    const exits = new Map<Exit, number>();
    const isUsed = (exit: Exit): boolean => this.#fixups.some(({ to }) => to === exit);
    if (isUsed("out of range")) {
      // The end of what was asked for is in register 1.
      exits.set("out of range", this.#code.length);
      this.#emit(LOAD_DOUBLE, R2, STACK, LENGTH, 0);
      this.#emit(JGT | OPERAND_REGISTER, R1, R2, 2, 0);
      this.#exit(UNDECIDED);
      this.#exit(NO_MATCH);
    }
    if (isUsed("fault")) {
      exits.set("fault", this.#code.length);
      this.#exit(UNDECIDED);
    }
    for (const { at, to } of this.#fixups) {
      const target = typeof to === "number" ? this.#starts[to] : exits.get(to);
      const jump = this.#code[at];
      if (target === undefined || !jump) throw malformed();
      jump.offset = target - at - 1;
    }
  }

  #translate({ code, jt, jf, k }: ClassicInstruction, index: number): void {
    switch (code & 7) {
      case ClassicClass.LD:
      case ClassicClass.LDX:
        this.#load(code, k);
        break;
      case ClassicClass.ST:
        this.#emit(STORE_WORD, MEMORY, A, scratch(k), 0);
        break;
      case ClassicClass.STX:
        this.#loadX(R1);
        this.#emit(STORE_WORD, MEMORY, R1, scratch(k), 0);
        break;
      case ClassicClass.ALU:
        this.#calculate(code, k);
        break;
      case ClassicClass.JMP:
        this.#branch({ code, jt, jf, k }, index + 1);
        break;
      case ClassicClass.RET:
        this.#return(code, k);
        break;
      default:
        if (code & CLASSIC_TXA) this.#loadX(A);
        else this.#storeX(A);
    }
  }

  #load(code: number, k: number): void {
    const isX = (code & 7) === ClassicClass.LDX;
    const to = isX ? R1 : A;
    switch (code & 0xe0) {
      case ClassicMode.IMM:
        this.#set(to, k);
        break;
      case ClassicMode.MEM:
        this.#emit(LOAD[4], to, MEMORY, scratch(k), 0);
        break;
      case ClassicMode.LEN:
        this.#emit(LOAD_DOUBLE, to, STACK, LENGTH, 0);
        break;
      case ClassicMode.ABS:
        if (isX) throw malformed();
        this.#loadAbsolute(A, k, classicLoadBytes(code));
        break;
      case ClassicMode.IND:
        if (isX) throw malformed();
        this.#loadIndirect(k, classicLoadBytes(code));
        break;
      case ClassicMode.MSH:
        // The length of an IPv4 header
        this.#loadAbsolute(R1, k, 1);
        this.#emit(ALU32 | ClassicAlu.AND, R1, 0, 0, 0xf);
        this.#emit(ALU32 | ClassicAlu.LSH, R1, 0, 0, 2);
        break;
      default:
        throw malformed();
    }
    if (isX) this.#storeX(R1);
  }

  #loadAbsolute(to: number, k: number, size: 1 | 2 | 4): void {
    this.#set(R1, k);
    this.#emit(ADD64, R1, 0, 0, size);
    this.#jump("out of range", JGT | OPERAND_REGISTER, R1, AVAILABLE);
    // Loads from the stack have to be aligned.
    if (k + size <= FRAME_WINDOW && (k + FRAME_PADDING) % size === 0) {
      this.#emit(LOAD[size], to, MEMORY, FRAME_PADDING + k, 0);
      this.#toHostOrder(to, size);
      return;
    }
    this.#set(R3, k);
    if (k < LINK_HEADER) this.#offsetToMemory();
    else this.#emit(ADD64 | OPERAND_REGISTER, R3, FRAME, 0, 0);
    this.#read(to, size);
  }

  #loadIndirect(k: number, size: 1 | 2 | 4): void {
    this.#loadX(R1);
    this.#set(R3, k);
    this.#emit(ADD64 | OPERAND_REGISTER, R3, R1, 0, 0);
    this.#move(R1, R3);
    this.#emit(ADD64, R1, 0, 0, size);
    this.#jump("out of range", JGT | OPERAND_REGISTER, R1, AVAILABLE);
    // A link header may be in the memory alone. What cannot be in it is not compared: where a way cannot be, the verifier
    // of some kernels (6.12) loses all that it knew of the register, and refuses to add it to an address.
    if (k < LINK_HEADER) {
      this.#emit(JGE, R3, 0, 4, LINK_HEADER);
      // Does nothing, but for that: X can have a range of its own.
      this.#emit(AND64, R3, 0, 0, 0xf);
      this.#offsetToMemory();
      this.#emit(JA, 0, 0, 1, 0);
    }
    this.#emit(ADD64 | OPERAND_REGISTER, R3, FRAME, 0, 0);
    this.#read(A, size);
  }

  /** Two instructions: turns an offset in the frame, in register 3, into an address in the memory. */
  #offsetToMemory(): void {
    this.#emit(ADD64 | OPERAND_REGISTER, R3, MEMORY, 0, 0);
    this.#emit(ADD64, R3, 0, 0, FRAME_PADDING);
  }

  /** Reads from the address in register 3. */
  #read(to: number, size: 1 | 2 | 4): void {
    this.#move(R1, STACK);
    this.#emit(ADD64, R1, 0, 0, LOADED);
    this.#set(R2, size);
    this.#emit(CALL, 0, 0, 0, PROBE_READ_KERNEL);
    this.#jump("fault", JNE, R0);
    this.#emit(LOAD[size], to, STACK, LOADED, 0);
    this.#toHostOrder(to, size);
  }

  #toHostOrder(register: number, size: 1 | 2 | 4): void {
    if (size > 1) this.#emit(TO_BIG_ENDIAN, register, 0, 0, size * 8);
  }

  #calculate(code: number, k: number): void {
    const operation = code & 0xf0;
    const isShift = operation === ClassicAlu.LSH || operation === ClassicAlu.RSH;
    const isDivision = operation === ClassicAlu.DIV || operation === ClassicAlu.MOD;
    if (operation > ClassicAlu.XOR) throw malformed();
    if (operation === ClassicAlu.NEG) this.#emit(ALU32 | operation, A, 0, 0, 0);
    else if (!(code & CLASSIC_SOURCE_X)) {
      if (isDivision && k === 0) throw malformed();
      if (isShift && k > 31) this.#set(A, 0);
      else this.#emit(ALU32 | operation, A, 0, 0, k);
    } else {
      this.#loadX(R1);
      if (isDivision) {
        // Nothing matches that divides by zero.
        this.#emit(JNE, R1, 0, 2, 0);
        this.#exit(NO_MATCH);
      }
      if (isShift) {
        this.#emit(JGT, R1, 0, 2, 31);
        this.#emit(ALU32 | operation | OPERAND_REGISTER, A, R1, 0, 0);
        this.#emit(JA, 0, 0, 1, 0);
        this.#set(A, 0);
      } else this.#emit(ALU32 | operation | OPERAND_REGISTER, A, R1, 0, 0);
    }
  }

  /** @param next index of the instruction behind the jump */
  #branch({ code, jt, jf, k }: ClassicInstruction, next: number): void {
    const operation = code & 0xf0;
    if (operation === ClassicJump.JA) {
      this.#jump(next + k);
      return;
    }
    if (operation > ClassicJump.JSET) throw malformed();
    if (code & CLASSIC_SOURCE_X) {
      this.#loadX(R1);
      this.#jump(next + jt, JUMP32 | operation | OPERAND_REGISTER, A, R1);
    } else this.#jump(next + jt, JUMP32 | operation, A, 0, k);
    this.#jump(next + jf);
  }

  #return(code: number, k: number): void {
    if (!(code & CLASSIC_RETURN_A)) {
      this.#exit(k === 0 ? NO_MATCH : MATCH);
      return;
    }
    this.#emit(JNE, A, 0, 2, 0);
    this.#exit(NO_MATCH);
    this.#exit(MATCH);
  }
}

/** Indexes of the instructions that some way leads to; all ways lead forwards. */
function reachable(program: ClassicProgram): Set<number> {
  const reached = new Set([0]);
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    if (!reached.has(i) || (code & 7) === ClassicClass.RET) continue;
    const isJump = (code & 7) === ClassicClass.JMP;
    const next = !isJump
      ? [i + 1]
      : (code & 0xf0) === ClassicJump.JA
        ? [i + 1 + k]
        : [i + 1 + jt, i + 1 + jf];
    for (const to of next) {
      if (to >= program.length) throw malformed();
      reached.add(to);
    }
  }
  return reached;
}

function scratch(k: number): number {
  if (k >= CLASSIC_MEMORY_WORDS) throw malformed();
  return SCRATCH_AT + 4 * k;
}

function malformed(): RecorderError {
  return new RecorderError("the filter expression was not compiled to a program that is understood");
}
