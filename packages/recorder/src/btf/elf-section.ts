// Finds a section in a 64-bit little-endian ELF file: https://refspecs.linuxfoundation.org/elf/elf.pdf.

const ELF_MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;

/**
 * The bytes of a section, a view of the file's; undefined if the file has none of that name, is no such file, or is cut
 * short of what its headers announce.
 */
export function elfSection(elf: Uint8Array, name: string): Uint8Array | undefined {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (elf.length < HEADER_SIZE || view.getUint32(0) !== ELF_MAGIC) return undefined;
  if (view.getUint8(4) !== CLASS_64 || view.getUint8(5) !== LITTLE_ENDIAN) return undefined;
  const headersAt = Number(view.getBigUint64(40, true));
  const headerSize = view.getUint16(58, true);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (headerSize < SECTION_HEADER_SIZE || headersAt + count * headerSize > elf.length || namesIndex >= count)
    return undefined;
  const section = (index: number): { name: number; bytes: Uint8Array | undefined } => {
    const at = headersAt + index * headerSize;
    const start = Number(view.getBigUint64(at + 24, true));
    const end = start + Number(view.getBigUint64(at + 32, true));
    return {
      name: view.getUint32(at, true),
      bytes: end <= elf.length ? elf.subarray(start, end) : undefined,
    };
  };
  const names = section(namesIndex).bytes;
  const wanted = Buffer.from(`${name}\0`, "latin1");
  if (!names) return undefined;
  for (let i = 0; i < count; i++) {
    const candidate = section(i);
    if (wanted.equals(names.subarray(candidate.name, candidate.name + wanted.length))) return candidate.bytes;
  }
  return undefined;
}
