// What the reader and the kernel make of compiled expressions is what libpcap itself makes of them.
import * as fc from "fast-check";
import koffi from "koffi";
import { describe, expect, test } from "vitest";

import { runClassic, type Verdict } from "../../analyzer/src/expression/run-classic.js";
import { FRAME_NAMES, frame } from "../../analyzer/test/dissect/frames.js";
import { translateExpression } from "../../recorder/src/bpf/translate-expression.js";
import { compileExpression } from "../src/compile.js";
import { runTranslated } from "./ebpf.js";
import { EXPRESSIONS } from "./expressions.js";

const libpcap = koffi.load("libpcap.so.0.8");
const offlineFilter = libpcap.func(
  "int pcap_offline_filter(void *program, void *header, const void *packet)",
);

/** Programs as libpcap has them in memory, which has to stay where it is. */
const inMemory = new Map<string, { instructions: Uint8Array; compiled: BigUint64Array }>();

function memoryOf(expression: string): BigUint64Array {
  const known = inMemory.get(expression);
  if (known) return known.compiled;
  const program = compileExpression(expression);
  const instructions = new Uint8Array(program.length * 8);
  const view = new DataView(instructions.buffer);
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  const compiled = new BigUint64Array([BigInt(program.length), koffi.address(instructions)]);
  inMemory.set(expression, { instructions, compiled });
  return compiled;
}

/** Whether libpcap says that the packet matches. @param length what it has @param bytes those that were captured */
function pcapMatches(expression: string, bytes: Uint8Array, length: number): boolean {
  const header = new Uint32Array([0, 0, 0, 0, bytes.length, length]);
  return Number(offlineFilter(memoryOf(expression), header, bytes)) !== 0;
}

/** Real frames, some of their bytes changed, cut somewhere. */
const packets = fc
  .tuple(
    fc.constantFrom(...FRAME_NAMES),
    fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }),
    fc.nat(200),
    fc.nat(100),
  )
  .map(([name, changes, captured, more]) => {
    const whole = Uint8Array.from(frame(name));
    for (const [at, value] of changes) if (at < whole.length) whole[at] = value;
    const bytes = whole.slice(0, Math.max(1, captured));
    return { bytes, length: bytes.length < whole.length ? whole.length + more : bytes.length };
  });

function agree(verdict: Verdict, expression: string, bytes: Uint8Array, length: number): void {
  expect(verdict === "match").toBe(pcapMatches(expression, bytes, length));
  if (verdict === "undecided") expect(bytes.length).toBeLessThan(length);
}

describe.each(EXPRESSIONS)("%s", (expression) => {
  const program = compileExpression(expression);

  test("is decided by the reader as by libpcap", () => {
    fc.assert(
      fc.property(packets, ({ bytes, length }) =>
        agree(runClassic(program, { bytes, length }), expression, bytes, length),
      ),
      { numRuns: 300 },
    );
  });

  test("is decided by the kernel's instructions as by the reader", () => {
    const instructions = translateExpression(program);
    fc.assert(
      fc.property(packets, ({ bytes, length }) => {
        expect(runTranslated(instructions, bytes, length)).toBe(runClassic(program, { bytes, length }));
      }),
      { numRuns: 300 },
    );
  });
});

test("the packets match some expressions and not others", () => {
  const matched = EXPRESSIONS.filter((expression) =>
    FRAME_NAMES.some((name) => pcapMatches(expression, frame(name), frame(name).length)),
  );
  expect(matched.length).toBeGreaterThan(EXPRESSIONS.length / 2);
});
