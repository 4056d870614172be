// Runs what an expression is translated to for the kernel, without one: the instructions that the translation uses, with
// addresses that are numbers. Where the verifier would refuse, it throws.
import type { Verdict } from "../../analyzer/src/expression/run-classic.js";

const MEMORY_SIZE = 160;
const PADDING = 2;
const WINDOW = 94;
const LINK_HEADER = 14;
const STACK_SIZE = 32;

/** Where things are in the one memory that there is. */
const MEMORY_AT = 0x1000;
const STACK_AT = 0x3000;
const FRAME_AT = 0x10000;

const VERDICTS: readonly Verdict[] = ["no match", "match", "undecided"];

/** Runs the function on a frame of which `bytes` can be read, as bpf/expression.bpf.h would call it. */
export function runTranslated(instructions: Uint8Array, bytes: Uint8Array, length: number): Verdict {
  const space = new DataView(new ArrayBuffer(FRAME_AT + LINK_HEADER + bytes.length));
  const all = new Uint8Array(space.buffer);
  all.set(bytes.subarray(0, WINDOW), MEMORY_AT + PADDING);
  // The link header may be made up: it is not to be read from the packet.
  all.set(bytes.subarray(LINK_HEADER), FRAME_AT + LINK_HEADER);
  const registers = new BigUint64Array(11);
  registers.set([MEMORY_AT, FRAME_AT, bytes.length, length].map(BigInt), 1);
  registers[10] = BigInt(STACK_AT + STACK_SIZE);
  const code = new DataView(instructions.buffer);
  for (let at = 0; ; at++) {
    const operation = code.getUint8(at * 8);
    const [to, from] = [code.getUint8(at * 8 + 1) & 15, code.getUint8(at * 8 + 1) >> 4];
    const offset = code.getInt16(at * 8 + 2, true);
    const immediate = code.getInt32(at * 8 + 4, true);
    const target = registers[to] ?? 0n;
    const operand = operation & 8 ? (registers[from] ?? 0n) : BigInt.asUintN(64, BigInt(immediate));
    switch (operation & 7) {
      case 1: // LDX
        registers[to] = load(space, Number(registers[from] ?? 0n) + offset, operation & 0x18);
        break;
      case 2: // ST
        space.setBigUint64(checked(Number(target) + offset, 8), BigInt(immediate), true);
        break;
      case 3: // STX
        if ((operation & 0x18) === 0x18)
          space.setBigUint64(checked(Number(target) + offset, 8), operand64(registers, from), true);
        else
          space.setUint32(
            checked(Number(target) + offset, 4),
            Number(BigInt.asUintN(32, operand64(registers, from))),
            true,
          );
        break;
      case 4: // ALU
        registers[to] =
          operation === 0xdc
            ? swapped(target, immediate)
            : BigInt(
                calculate(
                  operation,
                  Number(BigInt.asUintN(32, target)),
                  Number(BigInt.asUintN(32, operand)),
                ) >>> 0,
              );
        break;
      case 7: // ALU64
        registers[to] = (operation & 0xf0) === 0xb0 ? operand : target + operand;
        break;
      default:
        if (operation === 0x95) return VERDICTS[Number(registers[0])] ?? "undecided";
        if (operation === 0x85) {
          const size = Number(registers[2]);
          for (let i = 0; i < size; i++)
            space.setUint8(Number(registers[1]) + i, space.getUint8(Number(registers[3]) + i));
          registers.set([0n, 0xdeadn, 0xdeadn, 0xdeadn, 0xdeadn, 0xdeadn], 0);
        } else if (jumps(operation, target, operand)) at += offset;
    }
  }
}

function operand64(registers: BigUint64Array, from: number): bigint {
  return registers[from] ?? 0n;
}

function load(space: DataView, at: number, size: number): bigint {
  if (size === 0x18) return space.getBigUint64(checked(at, 8), true);
  if (size === 0x10) return BigInt(space.getUint8(checked(at, 1)));
  return BigInt(size === 8 ? space.getUint16(checked(at, 2), true) : space.getUint32(checked(at, 4), true));
}

/** Loads and stores are of the memory and the stack only, and aligned. */
function checked(at: number, size: number): number {
  const isInside = (start: number, length: number): boolean => at >= start && at + size <= start + length;
  if (at % size !== 0 || !(isInside(MEMORY_AT, MEMORY_SIZE) || isInside(STACK_AT, STACK_SIZE)))
    throw new Error(`the verifier refuses ${size} bytes at ${at}`);
  return at;
}

function swapped(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let i = 0; i < bits; i += 8) result = (result << 8n) | ((value >> BigInt(i)) & 0xffn);
  return result;
}

function calculate(operation: number, a: number, b: number): number {
  switch (operation & 0xf0) {
    case 0x00:
      return a + b;
    case 0x10:
      return a - b;
    case 0x20:
      return Math.imul(a, b);
    case 0x30:
      return b === 0 ? 0 : Math.floor(a / b);
    case 0x40:
      return a | b;
    case 0x50:
      return a & b;
    case 0x60:
      return a << b;
    case 0x70:
      return a >>> b;
    case 0x80:
      return -a;
    case 0x90:
      return b === 0 ? a : a % b;
    case 0xa0:
      return a ^ b;
    default:
      return b;
  }
}

function jumps(operation: number, target: bigint, operand: bigint): boolean {
  const isNarrow = (operation & 7) === 6;
  const a = isNarrow ? BigInt.asUintN(32, target) : target;
  const b = isNarrow ? BigInt.asUintN(32, operand) : operand;
  switch (operation & 0xf0) {
    case 0x00:
      return true;
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0n;
    default:
      return a !== b;
  }
}
