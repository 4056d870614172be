// Network byte order reads. Callers check bounds first; a byte beyond the end reads as 0 and never throws.

/** The byte at `at`. */
export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** The big-endian 16-bit number at `at`. */
export function u16(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

/** The big-endian unsigned 32-bit number at `at`. */
export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
}
