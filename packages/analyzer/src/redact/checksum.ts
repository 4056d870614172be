// The Internet checksum: https://www.rfc-editor.org/rfc/rfc1071, and its update: https://www.rfc-editor.org/rfc/rfc1624

/** The ones' complement sum of the bytes' 16-bit words, an odd last byte as if a zero followed. Not complemented. */
export function onesSum(bytes: Uint8Array, start: number = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return fold(sum);
}

/** Adds the carries. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** A checksum after what had the sum `before` has become what has the sum `after` (RFC 1624, equation 3). */
export function updated(checksum: number, before: number, after: number): number {
  return ~fold((~checksum & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}

/** Whether sums are equal: 0 and 0xffff are one number. */
export function isSameSum(a: number, b: number): boolean {
  return a % 0xffff === b % 0xffff;
}
