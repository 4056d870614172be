// Reader of BTF, the kernel's description of its own types: https://docs.kernel.org/bpf/btf.html.
// Types are located in one pass and decoded when asked for: vmlinux has some 130,000.

/** BTF that contradicts itself; `offset` is in its bytes. */
export class BtfError extends Error {
  override readonly name = "BtfError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`BTF: ${message} at byte ${offset}`);
    this.offset = offset;
  }
}

/** Kinds of types, as numbered in BTF. */
export const BtfKind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;
export type BtfKind = (typeof BtfKind)[keyof typeof BtfKind];

/** Bytes that follow a type's first twelve: fixed, and for each of its `vlen` members. */
const EXTRA: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  [BtfKind.INT]: [4, 0],
  [BtfKind.PTR]: [0, 0],
  [BtfKind.ARRAY]: [12, 0],
  [BtfKind.STRUCT]: [0, 12],
  [BtfKind.UNION]: [0, 12],
  [BtfKind.ENUM]: [0, 8],
  [BtfKind.FWD]: [0, 0],
  [BtfKind.TYPEDEF]: [0, 0],
  [BtfKind.VOLATILE]: [0, 0],
  [BtfKind.CONST]: [0, 0],
  [BtfKind.RESTRICT]: [0, 0],
  [BtfKind.FUNC]: [0, 0],
  [BtfKind.FUNC_PROTO]: [0, 8],
  [BtfKind.VAR]: [4, 0],
  [BtfKind.DATASEC]: [0, 12],
  [BtfKind.FLOAT]: [0, 0],
  [BtfKind.DECL_TAG]: [4, 0],
  [BtfKind.TYPE_TAG]: [0, 0],
  [BtfKind.ENUM64]: [0, 12],
};

const MAGIC = 0xeb9f;
const TYPE_SIZE = 12;
/** Types behind typedefs and qualifiers are looked for no deeper: hostile BTF can go in circles. */
const DEPTH_MAX = 64;

/** A member of a struct or union. */
export interface BtfMember {
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
}

/** A parameter of a function. */
export interface BtfParameter {
  readonly name: string;
  /** Without `const` and `volatile`: `struct sk_buff *`. */
  readonly typeName: string;
}

/** A value of an enum; 64-bit ones are rounded, which the kernel has none of that we read. */
export interface BtfEnumerator {
  readonly name: string;
  readonly value: number;
}

/** The types of a kernel, a module or an object. */
export class Btf {
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  readonly #base: Btf | undefined;
  /** Places of types, from the first that is not the base's. */
  readonly #places: Uint32Array;
  readonly #firstId: number;
  readonly #firstString: number;
  #byName: Map<string, number[]> | undefined;

  /**
   * @param bytes of /sys/kernel/btf/NAME or a `.BTF` section
   * @param base of a module: vmlinux, whose ids and strings the module's go on from
   * @throws BtfError
   */
  constructor(bytes: Uint8Array, base?: Btf) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
    this.#firstId = base ? base.typeCount : 1;
    this.#firstString = base ? base.#firstString + base.#strings.length : 0;
    if (bytes.length < 24) throw new BtfError("too short for a header", bytes.length);
    if (this.#view.getUint16(0, true) !== MAGIC) throw new BtfError("no magic", 0);
    const headerLength = this.#view.getUint32(4, true);
    const typesAt = headerLength + this.#view.getUint32(8, true);
    const typesEnd = typesAt + this.#view.getUint32(12, true);
    const stringsAt = headerLength + this.#view.getUint32(16, true);
    const stringsEnd = stringsAt + this.#view.getUint32(20, true);
    if (typesEnd > bytes.length || stringsEnd > bytes.length) throw new BtfError("sections beyond the end", 8);
    this.#strings = bytes.subarray(stringsAt, stringsEnd);
    this.#places = this.#locate(typesAt, typesEnd);
  }

  /** One more than the largest type id. */
  get typeCount(): number {
    return this.#firstId + this.#places.length;
  }

  /** The id of the type of this kind and name. */
  find(kind: BtfKind, name: string): number | undefined {
    return this.#named(name).find((id) => this.kindOf(id) === kind);
  }

  has(kind: BtfKind, name: string): boolean {
    return this.find(kind, name) !== undefined || (this.#base?.has(kind, name) ?? false);
  }

  /** @throws BtfError if there is no such type */
  kindOf(id: number): number {
    return id === 0 ? 0 : (this.#info(id) >>> 24) & 0x1f;
  }

  nameOf(id: number): string {
    if (id === 0) return "void";
    const { btf, place } = this.#place(id);
    return this.#string(btf.#view.getUint32(place, true));
  }

  /** Size in bytes of an INT, STRUCT, UNION, ENUM; of other kinds the id of the type they are of. */
  sizeOrType(id: number): number {
    const { btf, place } = this.#place(id);
    return btf.#view.getUint32(place + 8, true);
  }

  /** Members of a struct or union. */
  members(id: number): BtfMember[] {
    const { btf, place } = this.#place(id);
    const hasBitfields = this.#info(id) >>> 31 === 1;
    return Array.from({ length: this.#memberCount(id) }, (_, i) => {
      const at = place + TYPE_SIZE + i * 12;
      const offset = btf.#view.getUint32(at + 8, true);
      return {
        name: this.#string(btf.#view.getUint32(at, true)),
        typeId: btf.#view.getUint32(at + 4, true),
        bitOffset: hasBitfields ? offset & 0xffffff : offset,
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
    const wide = this.kindOf(id) === BtfKind.ENUM64;
    return Array.from({ length: this.#memberCount(id) }, (_, i) => {
      const at = place + TYPE_SIZE + i * (wide ? 12 : 8);
      const low = btf.#view.getUint32(at + 4, true);
      const high = wide ? btf.#view.getUint32(at + 8, true) : 0;
      return { name: this.#string(btf.#view.getUint32(at, true)), value: low + high * 0x1_0000_0000 };
    });
  }

  /** All ENUMs and ENUM64s. */
  *enums(): Generator<number> {
    for (let id = this.#firstId; id < this.typeCount; id++) {
      const kind = this.kindOf(id);
      if (kind === BtfKind.ENUM || kind === BtfKind.ENUM64) yield id;
    }
  }

  /** Parameters of the function of this name; undefined if there is none. */
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
  typeName(id: number, depth = 0): string {
    if (depth > DEPTH_MAX) return "?";
    const kind = this.kindOf(id);
    switch (kind) {
      case BtfKind.PTR: {
        const target = this.typeName(this.sizeOrType(id), depth + 1);
        return target.endsWith("*") ? `${target}*` : `${target} *`;
      }
      case BtfKind.CONST:
      case BtfKind.VOLATILE:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        return this.typeName(this.sizeOrType(id), depth + 1);
      case BtfKind.STRUCT:
      case BtfKind.FWD:
        return `struct ${this.nameOf(id)}`;
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
        name: this.#string(btf.#view.getUint32(at, true)),
        typeName: this.typeName(btf.#view.getUint32(at + 4, true)),
      };
    });
  }

  #locate(start: number, end: number): Uint32Array {
    const places = new Uint32Array(Math.floor((end - start) / TYPE_SIZE));
    let count = 0;
    let at = start;
    while (at < end) {
      if (at + TYPE_SIZE > end) throw new BtfError("a type beyond the end", at);
      const info = this.#view.getUint32(at + 4, true);
      const extra = EXTRA[(info >>> 24) & 0x1f];
      if (!extra) throw new BtfError(`unknown kind ${(info >>> 24) & 0x1f}`, at);
      places[count++] = at;
      at += TYPE_SIZE + extra[0] + extra[1] * (info & 0xffff);
    }
    if (at !== end) throw new BtfError("members beyond the end", end);
    return places.subarray(0, count);
  }

  #named(name: string): readonly number[] {
    if (!this.#byName) {
      const byName = new Map<string, number[]>();
      for (let id = this.#firstId; id < this.typeCount; id++) {
        const key = this.nameOf(id);
        if (key === "") continue;
        const ids = byName.get(key);
        if (ids) ids.push(id);
        else byName.set(key, [id]);
      }
      this.#byName = byName;
    }
    return this.#byName.get(name) ?? [];
  }

  #info(id: number): number {
    const { btf, place } = this.#place(id);
    return btf.#view.getUint32(place + 4, true);
  }

  #memberCount(id: number): number {
    return this.#info(id) & 0xffff;
  }

  #place(id: number): { btf: Btf; place: number } {
    if (id < this.#firstId && this.#base) return this.#base.#place(id);
    const place = this.#places[id - this.#firstId];
    if (place === undefined) throw new BtfError(`no type ${id}`, 0);
    return { btf: this, place };
  }

  #string(offset: number): string {
    if (offset < this.#firstString && this.#base) return this.#base.#string(offset);
    const start = offset - this.#firstString;
    if (start >= this.#strings.length) return "";
    const end = this.#strings.indexOf(0, start);
    return Buffer.from(
      this.#strings.buffer,
      this.#strings.byteOffset + start,
      (end < 0 ? this.#strings.length : end) - start,
    ).toString("latin1");
  }
}
