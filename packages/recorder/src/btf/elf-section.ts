// Finds sections in a 64-bit little-endian ELF file: https://refspecs.linuxfoundation.org/elf/elf.pdf.

const ELF_MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;

/** A section, by its header. */
export interface ElfSection {
  readonly name: string;
  /** Of its header in the file. */
  readonly headerAt: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section that it refers to: of a symbol table, its names. */
  readonly link: number;
}

/** All sections; undefined if this is no such file, or is cut short of what its header announces. */
export function elfSections(elf: Uint8Array): ElfSection[] | undefined {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (elf.length < HEADER_SIZE || view.getUint32(0) !== ELF_MAGIC) return undefined;
  if (view.getUint8(4) !== CLASS_64 || view.getUint8(5) !== LITTLE_ENDIAN) return undefined;
  const headersAt = Number(view.getBigUint64(40, true));
  const headerSize = view.getUint16(58, true);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (headerSize < SECTION_HEADER_SIZE || headersAt + count * headerSize > elf.length || namesIndex >= count)
    return undefined;
  const place = (index: number): { headerAt: number; offset: number; size: number } => {
    const headerAt = headersAt + index * headerSize;
    return {
      headerAt,
      offset: Number(view.getBigUint64(headerAt + 24, true)),
      size: Number(view.getBigUint64(headerAt + 32, true)),
    };
  };
  const names = bytesOf(elf, place(namesIndex));
  if (!names) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const { headerAt, offset, size } = place(index);
    const nameAt = view.getUint32(headerAt, true);
    const nameEnd = names.indexOf(0, nameAt);
    const name = Buffer.from(names.subarray(nameAt, Math.max(nameEnd, nameAt))).toString("latin1");
    return { name, headerAt, offset, size, link: view.getUint32(headerAt + 40, true) };
  });
}

/**
 * The bytes of a section, a view of the file's; undefined if the file has none of that name, is no such file, or is cut
 * short of what its headers announce.
 */
export function elfSection(elf: Uint8Array, name: string): Uint8Array | undefined {
  const section = elfSections(elf)?.find((candidate) => candidate.name === name);
  return section && bytesOf(elf, section);
}

function bytesOf(
  elf: Uint8Array,
  { offset, size }: { offset: number; size: number },
): Uint8Array | undefined {
  return offset + size <= elf.length ? elf.subarray(offset, offset + size) : undefined;
}
