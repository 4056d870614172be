// Gives a function of a compiled BPF object another body: https://refspecs.linuxfoundation.org/elf/elf.pdf.
import { elfSections, type ElfSection } from "../btf/elf-section.js";

const TEXT = ".text";
const SYMBOL_SIZE = 24;

/**
 * A copy of an object in which a function of the section .text has other instructions, as many as there are. It has to
 * be the last one there, and to refer to nothing: then nothing else has to change.
 * @throws Error if it is not so: the object is not ours
 */
export function replaceLastFunction(elf: Uint8Array, name: string, instructions: Uint8Array): Uint8Array {
  const sections = elfSections(elf);
  const index = sections?.findIndex((section) => section.name === TEXT) ?? -1;
  const text = sections?.[index];
  const symbol = sections && findSymbol(elf, sections, name, index);
  if (!text || !symbol) throw new Error(`the BPF object has no function ${name}`);
  if (symbol.value + symbol.size !== text.size)
    throw new Error(`in the BPF object the function ${name} is not the last one`);

  const at = Math.ceil(elf.length / 8) * 8;
  const size = symbol.value + instructions.length;
  const changed = new Uint8Array(at + size);
  changed.set(elf);
  changed.set(elf.subarray(text.offset, text.offset + symbol.value), at);
  changed.set(instructions, at + symbol.value);
  const view = new DataView(changed.buffer);
  view.setBigUint64(text.headerAt + 24, BigInt(at), true);
  view.setBigUint64(text.headerAt + 32, BigInt(size), true);
  view.setBigUint64(symbol.at + 16, BigInt(instructions.length), true);
  return changed;
}

function findSymbol(
  elf: Uint8Array,
  sections: readonly ElfSection[],
  name: string,
  section: number,
): { at: number; value: number; size: number } | undefined {
  const table = sections.find((candidate) => candidate.name === ".symtab");
  const names = table && sections[table.link];
  if (!names) return undefined;
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const wanted = Buffer.from(`${name}\0`, "latin1");
  for (let at = table.offset; at + SYMBOL_SIZE <= table.offset + table.size; at += SYMBOL_SIZE) {
    if (view.getUint16(at + 6, true) !== section) continue;
    const nameAt = names.offset + view.getUint32(at, true);
    if (!wanted.equals(elf.subarray(nameAt, nameAt + wanted.length))) continue;
    return {
      at,
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    };
  }
  return undefined;
}
