// The BTF reader, on BTF made by hand: every kind, modules that go on from a base, and damage.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Btf, BtfError, BtfKind } from "../../src/btf/btf.js";
import { BtfBytes, oneOfEachKind } from "./btf-bytes.js";

/** Uses everything; damage may show anywhere, but as a BtfError only. */
function readAll(bytes: Uint8Array): void {
  try {
    const btf = new Btf(bytes);
    for (const name of ["sk_buff", "sign", "wide", "takes_skb", "number_t"]) {
      btf.struct(name);
      btf.enum(name);
      btf.functionParameters(name);
      btf.typedefParameters(name);
    }
    for (const id of btf.enums()) btf.enumerators(id);
    for (const { parameters } of btf.functions()) expect(parameters.length).toBeLessThan(65_536);
    for (let id = 1; id < btf.typeCount; id++) {
      btf.typeName(id);
      btf.strip(id);
    }
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
  }
}

describe("types", () => {
  const btf = new Btf(oneOfEachKind().bytes());

  test("of every kind are stepped over by their own length", () => {
    const kinds = Array.from({ length: btf.typeCount - 1 }, (_, i) => btf.kindOf(i + 1));
    expect(new Set(kinds)).toEqual(new Set(Object.values(BtfKind)));
    expect(btf.functionParameters("last")).toEqual([{ name: "skb", typeName: "struct sk_buff *" }]);
  });

  test("are found by kind and whole name only", () => {
    expect(btf.find(BtfKind.STRUCT, "sk_buff")).toBe(2);
    expect(btf.find(BtfKind.UNION, "sk_buff")).toBeUndefined();
    expect(btf.find(BtfKind.STRUCT, "buff")).toBeUndefined();
    expect(btf.find(BtfKind.STRUCT, "sk_buf")).toBeUndefined();
    expect(btf.find(BtfKind.PTR, "")).toBeUndefined();
    expect(btf.has(BtfKind.TYPEDEF, "number_t")).toBe(true);
  });

  test("are named without qualifiers, and pointers as C writes them", () => {
    expect(btf.functionParameters("takes_skb")).toEqual([
      { name: "n", typeName: "number_t" },
      { name: "skb", typeName: "struct sk_buff *" },
    ]);
    const forward = btf.find(BtfKind.FWD, "later");
    expect(btf.typeName(forward ?? 0)).toBe("union later");
    expect(btf.typeName(0)).toBe("void");
  });

  test("have bit-fields where the struct is flagged so", () => {
    expect(btf.struct("flags")?.members).toEqual([{ name: "low", typeId: 1, bitOffset: 5, bitSize: 3 }]);
    expect(btf.struct("sk_buff")).toMatchObject({
      id: 2,
      size: 8,
      members: [{ bitOffset: 0, bitSize: 0 }, { bitOffset: 32 }],
    });
  });

  test("have values that are signed, wide, or too wide for a number", () => {
    expect(btf.enum("sign")).toEqual([
      { name: "MINUS", value: -1 },
      { name: "PLUS", value: 1 },
    ]);
    expect(btf.enum("wide")).toEqual([
      { name: "SMALL", value: 0x1_0000_0005 },
      { name: "HUGE", value: 0xffff_ffff_ffff_ffffn },
    ]);
    expect(btf.enum("nothing")).toBeUndefined();
  });
});

test("a module's types and strings go on from those of vmlinux", () => {
  const base = oneOfEachKind();
  const module = new BtfBytes(base);
  // Its first string stands at the very start of its strings, with none before it.
  const first = module.add(BtfKind.TYPEDEF, "first_t", 0, 2);
  const chain = module.struct("nft_chain", 16, [["skb", 3, 0]]);
  module.function("nft_do_chain", [
    ["chain", module.pointer(chain)],
    ["skb", 3],
  ]);
  // A type of its own, named by a string of the base.
  module.add(BtfKind.TYPEDEF, base.stringsEnd - "last\0".length, 0, 2);
  const vmlinux = new Btf(base.bytes());
  const btf = new Btf(module.bytes(), vmlinux);

  expect(first).toBe(vmlinux.typeCount);
  expect(btf.find(BtfKind.TYPEDEF, "first_t")).toBe(first);
  expect(btf.find(BtfKind.STRUCT, "nft_chain")).toBe(first + 1);
  expect(btf.struct("nft_chain")?.members).toEqual([{ name: "skb", typeId: 3, bitOffset: 0, bitSize: 0 }]);
  expect(btf.functionParameters("nft_do_chain")).toEqual([
    { name: "chain", typeName: "struct nft_chain *" },
    { name: "skb", typeName: "struct sk_buff *" },
  ]);
  expect(btf.find(BtfKind.TYPEDEF, "last")).toBe(btf.typeCount - 1);
  expect([...btf.functions()].map(({ name }) => name)).toEqual(["nft_do_chain"]);
  // What only the base has is the module's to see, but not its own.
  expect(btf.find(BtfKind.STRUCT, "sk_buff")).toBeUndefined();
  expect(btf.has(BtfKind.STRUCT, "sk_buff")).toBe(true);
  expect(btf.struct("sk_buff")?.id).toBe(2);
  expect(btf.functionParameters("takes_skb")).toBeUndefined();
});

describe("damage", () => {
  const whole = oneOfEachKind().bytes();

  test("by cutting anywhere is a BtfError from the start", () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => new Btf(whole.subarray(0, length)), `${length} bytes`).toThrow(BtfError);
  });

  test("by changing any bytes is never anything but a BtfError", () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        readAll(bytes);
      }),
      { numRuns: 5000 },
    );
  });

  test("is found in bytes that are no BTF at all", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readAll));
    expect(() => new Btf(Buffer.alloc(64))).toThrow("no little-endian magic at byte 0");
  });

  test("of types that refer to themselves ends", () => {
    const btf = new BtfBytes();
    btf.add(BtfKind.CONST, "", 0, 1);
    btf.add(BtfKind.PTR, "", 0, 2);
    const circular = new Btf(btf.bytes());
    expect(circular.typeName(1)).toBe("?");
    expect(circular.typeName(2)).toContain("?");
    expect(circular.strip(1)).toBe(0);
  });

  test("says where: a reference to a type that is not there, a kind that is none", () => {
    const beyond = new BtfBytes();
    beyond.add(BtfKind.PTR, "", 0, 99);
    expect(() => new Btf(beyond.bytes()).typeName(1)).toThrow("reference to type 99, of only 1");
    const nameless = new BtfBytes();
    nameless.add(BtfKind.TYPEDEF, 4096, 0, 0);
    expect(() => new Btf(nameless.bytes()).nameOf(1)).toThrow("string 4096 is beyond the strings at byte 24");
    const unknown = new BtfBytes();
    unknown.add(31, "", 0, 0);
    expect(() => new Btf(unknown.bytes())).toThrow("unknown kind 31 at byte 24");
  });
});
