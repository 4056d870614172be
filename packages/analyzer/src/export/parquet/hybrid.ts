// Parquet's RLE / bit-packing hybrid, for definition levels and numbers of dictionary entries.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
/**
 * Encodes the first `length` values.
 * @param values each less than `2 ** bitWidth`
 * @param bitWidth at most 24
 * @returns runs without a length or width in front
 */
export function hybrid(values: ArrayLike<number>, length: number, bitWidth: number): Uint8Array<ArrayBuffer> {
  // Eight values take their bits if packed, and the longest header and value if they are a run.
  const bytes = new Uint8Array(Math.ceil(length / 8) * (bitWidth + 10) + 16);
  let at = 0;
  const varint = (value: number): void => {
    for (; value > 0x7f; value = Math.floor(value / 128)) bytes[at++] = (value & 0x7f) | 0x80;
    bytes[at++] = value;
  };
  const pack = (from: number, groups: number): void => {
    varint(groups * 2 + 1);
    let bits = 0;
    let held = 0;
    for (let i = from; i < from + groups * 8; i++) {
      bits |= (i < length ? (values[i] ?? 0) : 0) << held;
      held += bitWidth;
      for (; held >= 8; held -= 8) {
        bytes[at++] = bits & 0xff;
        bits >>>= 8;
      }
    }
  };
  let packFrom = 0;
  let groups = 0;
  for (let i = 0; i < length;) {
    const value = values[i] ?? 0;
    let end = i + 1;
    while (end < length && values[end] === value) end++;
    if (end - i < 8) {
      if (groups === 0) packFrom = i;
      groups++;
      i += 8;
      continue;
    }
    if (groups) pack(packFrom, groups);
    groups = 0;
    varint((end - i) * 2);
    for (let bit = 0; bit < bitWidth; bit += 8) bytes[at++] = (value >> bit) & 0xff;
    i = end;
  }
  if (groups) pack(packFrom, groups);
  return bytes.subarray(0, at);
}

/** Bits for numbers below `count`. */
export function bitsFor(count: number): number {
  return count > 1 ? 32 - Math.clz32(count - 1) : 0;
}
