// Finds the types in the bytes of BTF, in one pass and without decoding them: vmlinux has some 130,000.
// https://docs.kernel.org/bpf/btf.html, "BTF Type and String Encoding".

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

/** Bytes that begin every type: name, info, size or type. */
export const TYPE_SIZE = 12;

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
const HEADER_SIZE = 24;

/** Where the types are; the arrays have one item a type, in the order of their ids. */
export interface TypeTable {
  /** Offset of the type in the bytes. */
  readonly places: Uint32Array;
  readonly kinds: Uint8Array;
  /** Offset of the name, counted on from the base's strings. */
  readonly names: Uint32Array;
  /** The section of NUL-terminated strings. */
  readonly strings: Buffer;
  /** Where that section begins in the bytes. */
  readonly stringsAt: number;
}

/**
 * Locates all types; each is checked to lie within the section of types.
 * @throws BtfError
 */
export function readTypeTable(bytes: Uint8Array): TypeTable {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_SIZE) throw new BtfError("too short for a header", bytes.length);
  if (view.getUint16(0, true) !== MAGIC) throw new BtfError("no little-endian magic", 0);
  const headerLength = view.getUint32(4, true);
  if (headerLength < HEADER_SIZE) throw new BtfError(`a header of ${headerLength} bytes`, 4);
  const typesAt = headerLength + view.getUint32(8, true);
  const typesEnd = typesAt + view.getUint32(12, true);
  const stringsAt = headerLength + view.getUint32(16, true);
  const stringsEnd = stringsAt + view.getUint32(20, true);
  if (typesEnd > bytes.length) throw new BtfError(`types to ${typesEnd}, beyond the end`, 8);
  if (stringsEnd > bytes.length) throw new BtfError(`strings to ${stringsEnd}, beyond the end`, 16);
  const strings = Buffer.from(bytes.buffer, bytes.byteOffset + stringsAt, stringsEnd - stringsAt);
  if (strings.length > 0 && strings.at(-1) !== 0)
    throw new BtfError("the last string has no end", stringsEnd - 1);
  return { ...locateTypes(view, typesAt, typesEnd), strings, stringsAt };
}

function locateTypes(
  view: DataView,
  start: number,
  end: number,
): Pick<TypeTable, "places" | "kinds" | "names"> {
  const most = Math.floor((end - start) / TYPE_SIZE);
  const places = new Uint32Array(most);
  const kinds = new Uint8Array(most);
  const names = new Uint32Array(most);
  let count = 0;
  let at = start;
  while (at < end) {
    if (at + TYPE_SIZE > end) throw new BtfError("a type beyond the end", at);
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    const extra = EXTRA[kind];
    if (!extra) throw new BtfError(`unknown kind ${kind}`, at);
    const next = at + TYPE_SIZE + extra[0] + extra[1] * (info & 0xffff);
    if (next > end) throw new BtfError("members beyond the end", at);
    places[count] = at;
    kinds[count] = kind;
    names[count++] = view.getUint32(at, true);
    at = next;
  }
  return { places: places.slice(0, count), kinds: kinds.slice(0, count), names: names.slice(0, count) };
}
