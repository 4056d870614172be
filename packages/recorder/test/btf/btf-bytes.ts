// Makes BTF by hand, for what no kernel at hand has: modules, big numbers, damage. https://docs.kernel.org/bpf/btf.html.
import { BtfKind } from "../../src/btf/btf.js";

const HEADER_SIZE = 24;

/** Collects types and strings; ids and string offsets go on from a base's where there is one. */
export class BtfBytes {
  #nextId: number;
  readonly #firstString: number;
  readonly #types: number[] = [];
  #strings = "";

  /** @param base in whose ids and strings these go on */
  constructor(base?: BtfBytes) {
    this.#nextId = base ? base.#nextId : 1;
    this.#firstString = base ? base.stringsEnd : 0;
    if (!base) this.#strings = "\0";
  }

  get stringsEnd(): number {
    return this.#firstString + this.#strings.length;
  }

  string(text: string): number {
    if (text === "") return 0;
    const offset = this.stringsEnd;
    this.#strings += `${text}\0`;
    return offset;
  }

  /** Adds a type with whatever words follow it; returns its id. */
  add(
    kind: number,
    name: string | number,
    vlen: number,
    sizeOrType: number,
    rest: readonly number[] = [],
    flag = 0,
  ): number {
    const nameOffset = typeof name === "number" ? name : this.string(name);
    this.#types.push(nameOffset, ((flag << 31) | (kind << 24) | vlen) >>> 0, sizeOrType, ...rest);
    return this.#nextId++;
  }

  struct(
    name: string,
    size: number,
    members: readonly (readonly [string, number, number])[],
    flag = 0,
  ): number {
    const words = members.flatMap(([member, type, offset]) => [this.string(member), type, offset]);
    return this.add(BtfKind.STRUCT, name, members.length, size, words, flag);
  }

  pointer(to: number): number {
    return this.add(BtfKind.PTR, "", 0, to);
  }

  enum(name: string, values: Readonly<Record<string, number>>, signed = false): number {
    const words = Object.entries(values).flatMap(([key, value]) => [this.string(key), value >>> 0]);
    return this.add(BtfKind.ENUM, name, words.length / 2, 4, words, signed ? 1 : 0);
  }

  function(name: string, parameters: readonly (readonly [string, number])[]): number {
    const words = parameters.flatMap(([parameter, type]) => [this.string(parameter), type]);
    const prototype = this.add(BtfKind.FUNC_PROTO, "", parameters.length, 0, words);
    return this.add(BtfKind.FUNC, name, 1, prototype);
  }

  bytes(): Buffer {
    const types = Buffer.from(Uint32Array.from(this.#types).buffer);
    const strings = Buffer.from(this.#strings, "latin1");
    const header = Buffer.alloc(HEADER_SIZE);
    header.writeUInt16LE(0xeb9f, 0);
    header.writeUInt8(1, 2);
    header.writeUInt32LE(HEADER_SIZE, 4);
    header.writeUInt32LE(types.length, 12);
    header.writeUInt32LE(types.length, 16);
    header.writeUInt32LE(strings.length, 20);
    return Buffer.concat([header, types, strings]);
  }
}

/** A little of everything: each kind once at least. Its skb is type 2, and a pointer to it type 3. */
export function oneOfEachKind(): BtfBytes {
  const btf = new BtfBytes();
  const int = btf.add(BtfKind.INT, "int", 0, 4, [(1 << 24) | 32]);
  const skb = btf.struct("sk_buff", 8, [
    ["len", int, 0],
    ["mark", int, 32],
  ]);
  const pointer = btf.pointer(skb);
  btf.add(BtfKind.ARRAY, "", 0, 0, [int, int, 7]);
  btf.add(BtfKind.UNION, "both", 1, 4, [btf.string("a"), int, 0]);
  btf.enum("sign", { MINUS: -1, PLUS: 1 }, true);
  btf.add(BtfKind.FWD, "later", 0, 0, [], 1);
  const typedef = btf.add(BtfKind.TYPEDEF, "number_t", 0, int);
  const volatile = btf.add(BtfKind.VOLATILE, "", 0, skb);
  const constant = btf.add(BtfKind.CONST, "", 0, volatile);
  btf.add(BtfKind.RESTRICT, "", 0, pointer);
  btf.function("takes_skb", [
    ["n", typedef],
    ["skb", btf.pointer(constant)],
  ]);
  const variable = btf.add(BtfKind.VAR, "counter", 0, int, [1]);
  btf.add(BtfKind.DATASEC, ".data", 1, 4, [variable, 0, 4]);
  btf.add(BtfKind.FLOAT, "double", 0, 8);
  btf.add(BtfKind.DECL_TAG, "tag", 0, skb, [0xffffffff]);
  btf.add(BtfKind.TYPE_TAG, "user", 0, skb);
  btf.add(BtfKind.ENUM64, "wide", 2, 8, [
    btf.string("SMALL"),
    5,
    1,
    btf.string("HUGE"),
    0xffffffff,
    0xffffffff,
  ]);
  btf.struct("flags", 4, [["low", int, (3 << 24) | 5]], 1);
  btf.function("last", [["skb", pointer]]);
  return btf;
}
