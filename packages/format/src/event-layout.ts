// The layout of events as data: what the compiler made of bpf/event.h, and what each recording carries of it.
import { crcOf } from "./crc.js";
import { FormatError } from "./errors.js";

/** How a field is stored, little-endian. `text` is padded with zeros. */
export type FieldType = "u8" | "u16" | "u32" | "s32" | "u64" | "text";

/** A field of the head or of a tail. */
export interface Field {
  readonly name: string;
  /** From the start of its struct, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  readonly type: FieldType;
}

/** A struct: its size and fields. */
export interface Struct {
  readonly size: number;
  readonly fields: readonly Field[];
}

/** A kind of event, and what stands between its head and the packet's bytes. */
export interface Kind {
  readonly kind: number;
  readonly name: string;
  readonly tail: Struct;
}

/** All that is needed to decode events. */
export interface EventLayout {
  readonly head: Struct;
  readonly kinds: readonly Kind[];
}

const FIELD_SIZES: Readonly<Record<Exclude<FieldType, "text">, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  s32: 4,
  u64: 8,
};

/** Fields without which no event can be told from another. */
const NEEDED = ["time_ns", "skb", "kind", "capture_length"];

/** The number by which a file header refers to a layout. */
export function layoutId(layout: EventLayout): number {
  return crcOf(Buffer.from(JSON.stringify(layout)));
}

/**
 * Checks a layout that came with a file, so that reading by it can go nowhere it should not.
 * @throws FormatError that names the field
 */
export function checkLayout(value: unknown, offset: number): EventLayout {
  const fail = (what: string): never => {
    throw new FormatError(`the event layout of the recording is wrong: ${what}`, offset);
  };
  const checkStruct = (struct: unknown, where: string): Struct => {
    if (!isObject(struct) || !isSize(struct["size"]) || !Array.isArray(struct["fields"]))
      return fail(`${where} is not a struct`);
    const size = struct["size"];
    const fields = struct["fields"].map((field: unknown): Field => {
      if (
        !isObject(field) ||
        typeof field["name"] !== "string" ||
        !isSize(field["offset"]) ||
        !isSize(field["size"])
      )
        return fail(`a field of ${where}`);
      const { name, offset: at, size: bytes, type } = field as unknown as Field;
      const right = type === "text" || (Object.hasOwn(FIELD_SIZES, type) && FIELD_SIZES[type] === bytes);
      if (!right || at + bytes > size) return fail(`field ${JSON.stringify(name)} of ${where}`);
      return { name, offset: at, size: bytes, type };
    });
    return { size, fields };
  };
  if (!isObject(value) || !Array.isArray(value["kinds"]))
    return fail("it is not an object with head and kinds");
  const head = checkStruct(value["head"], "the head");
  for (const name of NEEDED)
    if (!head.fields.some((field) => field.name === name)) fail(`field ${name} is missing`);
  const kinds = value["kinds"].map((kind: unknown): Kind => {
    if (!isObject(kind) || typeof kind["name"] !== "string" || !isSize(kind["kind"])) return fail("a kind");
    return {
      kind: kind["kind"],
      name: kind["name"],
      tail: checkStruct(kind["tail"], `kind ${kind["name"]}`),
    };
  });
  return { head, kinds };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}
