// A layout made ready for reading: fields by name and kind, so that no event has to look for them.
import type { EventLayout, Field } from "./event-layout.js";

/** Fields of a layout. Offsets count from the event's begin, those of tails too. */
export interface LayoutIndex {
  readonly head: ReadonlyMap<string, Field>;
  /** By the number of the kind; undefined for one that the layout does not have. */
  readonly tails: readonly (ReadonlyMap<string, Field> | undefined)[];
  /** Where the captured bytes begin, by the number of the kind. */
  readonly captures: readonly (number | undefined)[];
}

const indexes = new WeakMap<EventLayout, LayoutIndex>();

/** The index of a layout, made once. */
export function indexOf(layout: EventLayout): LayoutIndex {
  let index = indexes.get(layout);
  if (!index) {
    const { head } = layout;
    const tails: (ReadonlyMap<string, Field> | undefined)[] = Array.from({ length: 256 });
    const captures: (number | undefined)[] = Array.from({ length: 256 });
    for (const { kind, tail } of layout.kinds) {
      tails[kind] = byName(tail.fields.map((field) => ({ ...field, offset: head.size + field.offset })));
      captures[kind] = head.size + tail.size;
    }
    index = { head: byName(head.fields), tails, captures };
    indexes.set(layout, index);
  }
  return index;
}

function byName(fields: readonly Field[]): ReadonlyMap<string, Field> {
  return new Map(fields.map((field) => [field.name, field]));
}

/** The number in a field; beyond 2^53 it is not exact. */
export function readNumber(view: DataView, at: number, field: Field): number {
  switch (field.type) {
    case "u8":
      return view.getUint8(at);
    case "u16":
      return view.getUint16(at, true);
    case "u32":
      return view.getUint32(at, true);
    case "s32":
      return view.getInt32(at, true);
    case "u64":
      return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
    default:
      return 0; // a text is not a number
  }
}
