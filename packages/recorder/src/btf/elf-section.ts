// Finds a section in a 64-bit little-endian ELF file: https://refspecs.linuxfoundation.org/elf/elf.pdf.

/** The bytes of a section; undefined if the file has none of that name, or is no such file. */
export function elfSection(elf: Uint8Array, name: string): Uint8Array | undefined {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (elf.length < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint8(4) !== 2) return undefined;
  const headersAt = Number(view.getBigUint64(40, true));
  const headerSize = view.getUint16(58, true);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  const section = (index: number): { name: number; bytes: Uint8Array } => {
    const at = headersAt + index * headerSize;
    const start = Number(view.getBigUint64(at + 24, true));
    const size = Number(view.getBigUint64(at + 32, true));
    return { name: view.getUint32(at, true), bytes: elf.subarray(start, start + size) };
  };
  if (headersAt + count * headerSize > elf.length) return undefined;
  const names = section(namesIndex).bytes;
  for (let i = 0; i < count; i++) {
    const candidate = section(i);
    const end = names.indexOf(0, candidate.name);
    if (Buffer.from(names.subarray(candidate.name, end)).toString("latin1") === name) return candidate.bytes;
  }
  return undefined;
}
