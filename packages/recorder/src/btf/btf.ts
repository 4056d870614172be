// Reader of BTF, the kernel's description of its own types: https://docs.kernel.org/bpf/btf.html.
// Types are located in one pass and decoded when asked for; a name is looked for among the strings, not in an index.
import { BtfError, BtfKind, readTypeTable, TYPE_SIZE, type TypeTable } from "./type-table.js";

export { BtfError, BtfKind } from "./type-table.js";

/** Types behind typedefs and qualifiers are looked for no deeper: hostile BTF can go in circles. */
const DEPTH_MAX = 64;

/** A member of a struct or union. */
export interface BtfMember {
  readonly name: string;
  readonly typeId: number;
  /** From the start of the struct. */
  readonly bitOffset: number;
  /** Width of a bit-field in bits; 0 for any other member, whose type has its size. */
  readonly bitSize: number;
}

/** A struct. */
export interface BtfStruct {
  readonly id: number;
  /** In bytes. */
  readonly size: number;
  readonly members: readonly BtfMember[];
}

/** A parameter of a function. */
export interface BtfParameter {
  readonly name: string;
  /** Without `const` and `volatile`: `struct sk_buff *`. */
  readonly typeName: string;
}

/** A function. */
export interface BtfFunction {
  readonly name: string;
  readonly parameters: readonly BtfParameter[];
  /** What is behind its typedefs: `int`, `void`, `struct sk_buff *`. */
  readonly returnType: string;
}

/** A value of an enum: a bigint only where a number would not be exact. */
export interface BtfEnumerator {
  readonly name: string;
  readonly value: number | bigint;
}

/** The types of a kernel, a module or an object. Each method throws BtfError where it comes upon damage. */
export class Btf {
  readonly #view: DataView;
  readonly #table: TypeTable;
  readonly #base: Btf | undefined;
  readonly #firstId: number;
  readonly #firstString: number;
  readonly #stringOffsets = new Map<string, readonly number[]>();
  readonly #typeNames = new Map<number, string>();

  /**
   * @param bytes of /sys/kernel/btf/NAME or a `.BTF` section
   * @param base of a module: vmlinux, whose ids and strings the module's go on from
   * @throws BtfError
   */
  constructor(bytes: Uint8Array, base?: Btf) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#table = readTypeTable(bytes);
    this.#base = base;
    this.#firstId = base ? base.typeCount : 1;
    this.#firstString = base ? base.#firstString + base.#table.strings.length : 0;
  }

  /** One more than the largest type id. */
  get typeCount(): number {
    return this.#firstId + this.#table.places.length;
  }

  /** The id of the first type of this kind and name; the base's types are not looked at. */
  find(kind: BtfKind, name: string): number | undefined {
    const { kinds, names } = this.#table;
    let first: number | undefined;
    for (const offset of this.#offsetsOf(name))
      for (let i = names.indexOf(offset); i >= 0; i = names.indexOf(offset, i + 1))
        if (kinds[i] === kind) {
          first = first === undefined ? i : Math.min(first, i);
          break;
        }
    return first === undefined ? undefined : this.#firstId + first;
  }

  /** Whether there is such a type, here or in the base. */
  has(kind: BtfKind, name: string): boolean {
    return this.find(kind, name) !== undefined || (this.#base?.has(kind, name) ?? false);
  }

  /** @throws BtfError if there is no such type */
  kindOf(id: number): number {
    if (id === 0) return 0;
    if (id < this.#firstId && this.#base) return this.#base.kindOf(id);
    const kind = this.#table.kinds[id - this.#firstId];
    if (kind === undefined) throw this.#noType(id);
    return kind;
  }

  nameOf(id: number): string {
    if (id === 0) return "void";
    const { btf, place } = this.#place(id);
    return this.#string(btf.#view.getUint32(place, true), place);
  }

  /** Size in bytes of an INT, STRUCT, UNION, ENUM; of other kinds the id of the type they are of. */
  sizeOrType(id: number): number {
    const { btf, place } = this.#place(id);
    return btf.#view.getUint32(place + 8, true);
  }

  /** The struct of this name, of this BTF or else of the base. */
  struct(name: string): BtfStruct | undefined {
    const id = this.find(BtfKind.STRUCT, name);
    if (id === undefined) return this.#base?.struct(name);
    return { id, size: this.sizeOrType(id), members: this.members(id) };
  }

  /** The values of the enum of this name, of this BTF or else of the base. */
  enum(name: string): BtfEnumerator[] | undefined {
    const id = this.find(BtfKind.ENUM, name) ?? this.find(BtfKind.ENUM64, name);
    return id === undefined ? this.#base?.enum(name) : this.enumerators(id);
  }

  /** Members of a struct or union. */
  members(id: number): BtfMember[] {
    const { btf, place } = this.#place(id);
    // With kind_flag, the upper 8 bits of an offset are the width of a bit-field.
    const hasBitfields = this.#flagOf(id);
    return Array.from({ length: this.#memberCount(id) }, (_, i) => {
      const at = place + TYPE_SIZE + i * 12;
      const offset = btf.#view.getUint32(at + 8, true);
      return {
        name: this.#string(btf.#view.getUint32(at, true), at),
        typeId: btf.#view.getUint32(at + 4, true),
        bitOffset: hasBitfields ? offset & 0xffffff : offset,
        bitSize: hasBitfields ? offset >>> 24 : 0,
      };
    });
  }

  /** Element type and count of an ARRAY. */
  array(id: number): { typeId: number; count: number } {
    const { btf, place } = this.#place(id);
    return {
      typeId: btf.#view.getUint32(place + TYPE_SIZE, true),
      count: btf.#view.getUint32(place + TYPE_SIZE + 8, true),
    };
  }

  /** Whether an INT is signed. */
  isSigned(id: number): boolean {
    const { btf, place } = this.#place(id);
    return ((btf.#view.getUint32(place + TYPE_SIZE, true) >>> 24) & 1) === 1;
  }

  /** Values of an ENUM or ENUM64. */
  enumerators(id: number): BtfEnumerator[] {
    const { btf, place } = this.#place(id);
    const signed = this.#flagOf(id);
    const wide = this.kindOf(id) === BtfKind.ENUM64;
    return Array.from({ length: this.#memberCount(id) }, (_, i) => {
      const at = place + TYPE_SIZE + i * (wide ? 12 : 8);
      const name = this.#string(btf.#view.getUint32(at, true), at);
      if (!wide)
        return { name, value: signed ? btf.#view.getInt32(at + 4, true) : btf.#view.getUint32(at + 4, true) };
      // The lower half comes first: together a little-endian number of 64 bits.
      const exact = signed ? btf.#view.getBigInt64(at + 4, true) : btf.#view.getBigUint64(at + 4, true);
      const rounded = Number(exact);
      return { name, value: Number.isSafeInteger(rounded) ? rounded : exact };
    });
  }

  /** All ENUMs and ENUM64s, without the base's. */
  *enums(): Generator<number> {
    const { kinds } = this.#table;
    for (let i = 0; i < kinds.length; i++)
      if (kinds[i] === BtfKind.ENUM || kinds[i] === BtfKind.ENUM64) yield this.#firstId + i;
  }

  /** All functions, without the base's. Static ones of the same name come once each. */
  *functions(): Generator<BtfFunction> {
    const { kinds } = this.#table;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== BtfKind.FUNC) continue;
      const id = this.#firstId + i;
      const prototype = this.sizeOrType(id);
      const parameters = this.#parameters(prototype);
      if (!parameters) continue;
      const returnType = this.typeName(this.strip(this.sizeOrType(prototype)));
      yield { name: this.nameOf(id), parameters, returnType };
    }
  }

  /** Parameters of the function of this name, which is not looked for in the base; undefined if there is none. */
  functionParameters(name: string): BtfParameter[] | undefined {
    const id = this.find(BtfKind.FUNC, name);
    return id === undefined ? undefined : this.#parameters(this.sizeOrType(id));
  }

  /** Parameters of the function that a typedef points to, as `btf_trace_NAME` does for a tracepoint. */
  typedefParameters(name: string): BtfParameter[] | undefined {
    const id = this.find(BtfKind.TYPEDEF, name);
    if (id === undefined) return undefined;
    const pointer = this.sizeOrType(id);
    return this.kindOf(pointer) === BtfKind.PTR ? this.#parameters(this.sizeOrType(pointer)) : undefined;
  }

  /** The type behind typedefs and qualifiers. */
  strip(id: number): number {
    let stripped = id;
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      const kind = this.kindOf(stripped);
      const through =
        kind === BtfKind.TYPEDEF ||
        kind === BtfKind.CONST ||
        kind === BtfKind.VOLATILE ||
        kind === BtfKind.RESTRICT ||
        kind === BtfKind.TYPE_TAG;
      if (!through) return stripped;
      stripped = this.sizeOrType(stripped);
    }
    return 0;
  }

  /** A type as C writes it, without qualifiers. */
  typeName(id: number): string {
    let name = this.#typeNames.get(id);
    if (name === undefined) {
      name = this.#describe(id, 0);
      this.#typeNames.set(id, name);
    }
    return name;
  }

  #describe(id: number, depth: number): string {
    if (depth > DEPTH_MAX) return "?";
    const kind = this.kindOf(id);
    switch (kind) {
      case BtfKind.PTR: {
        const target = this.#describe(this.sizeOrType(id), depth + 1);
        return target.endsWith("*") ? `${target}*` : `${target} *`;
      }
      case BtfKind.CONST:
      case BtfKind.VOLATILE:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        return this.#describe(this.sizeOrType(id), depth + 1);
      case BtfKind.STRUCT:
        return `struct ${this.nameOf(id)}`;
      case BtfKind.FWD:
        return `${this.#flagOf(id) ? "union" : "struct"} ${this.nameOf(id)}`;
      case BtfKind.UNION:
        return `union ${this.nameOf(id)}`;
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        return `enum ${this.nameOf(id)}`;
      case BtfKind.FUNC_PROTO:
        return "function";
      default:
        return this.nameOf(id);
    }
  }

  #parameters(prototype: number): BtfParameter[] | undefined {
    if (this.kindOf(prototype) !== BtfKind.FUNC_PROTO) return undefined;
    const { btf, place } = this.#place(prototype);
    return Array.from({ length: this.#memberCount(prototype) }, (_, i) => {
      const at = place + TYPE_SIZE + i * 8;
      return {
        name: this.#string(btf.#view.getUint32(at, true), at),
        typeName: this.typeName(btf.#view.getUint32(at + 4, true)),
      };
    });
  }

  #info(id: number): number {
    const { btf, place } = this.#place(id);
    return btf.#view.getUint32(place + 4, true);
  }

  #memberCount(id: number): number {
    return this.#info(id) & 0xffff;
  }

  /** kind_flag: an enum is signed, a forward declaration is of a union, a struct has bit-fields. */
  #flagOf(id: number): boolean {
    return this.#info(id) >>> 31 === 1;
  }

  #place(id: number): { btf: Btf; place: number } {
    if (id < this.#firstId && this.#base) return this.#base.#place(id);
    const place = this.#table.places[id - this.#firstId];
    if (place === undefined) throw this.#noType(id);
    return { btf: this, place };
  }

  #noType(id: number): BtfError {
    return new BtfError(`reference to type ${id}, of only ${this.typeCount - 1}`, this.#view.byteLength);
  }

  /** @param at where the string is referred to */
  #string(offset: number, at: number): string {
    if (offset < this.#firstString && this.#base) return this.#base.#string(offset, at);
    const { strings } = this.#table;
    const start = offset - this.#firstString;
    if (start === 0 && strings.length === 0) return "";
    if (start >= strings.length) throw new BtfError(`string ${offset} is beyond the strings`, at);
    return strings.toString("latin1", start, strings.indexOf(0, start));
  }

  /** Where a name stands among the strings, the base's included: BTF has each string once, so in one place mostly. */
  #offsetsOf(name: string): readonly number[] {
    const known = this.#stringOffsets.get(name);
    if (known) return known;
    const offsets = this.#base ? [...this.#base.#offsetsOf(name)] : [];
    const { strings } = this.#table;
    if (name !== "") {
      const wanted = Buffer.from(`${name}\0`, "latin1");
      // The strings of a module do not begin with the empty one.
      if (strings.subarray(0, wanted.length).equals(wanted)) offsets.push(this.#firstString);
      const whole = Buffer.from(`\0${name}\0`, "latin1");
      for (let at = strings.indexOf(whole); at >= 0; at = strings.indexOf(whole, at + 1))
        offsets.push(this.#firstString + at + 1);
    }
    this.#stringOffsets.set(name, offsets);
    return offsets;
  }
}
