// DELTA_BINARY_PACKED for 64-bit integers, for columns that count up: times, numbers of events.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#DELTAENC
const BLOCK = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK / MINIBLOCKS;

const LOW_32 = 0x1_0000_0000;

/**
 * Encodes integers.
 * @returns undefined if two neighbours are so far apart that a JavaScript number cannot hold their difference
 */
export function deltaPacked(values: BigInt64Array): Uint8Array<ArrayBuffer> | undefined {
  const deltas = deltasOf(values);
  if (!deltas) return undefined;
  // A difference takes 54 bits at most.
  const bytes = new Uint8Array(64 + Math.ceil(values.length / BLOCK) * (16 + (BLOCK * 54) / 8));
  let at = 0;
  const varint = (value: bigint): void => {
    for (; value > 0x7fn; value >>= 7n) bytes[at++] = Number(value & 0x7fn) | 0x80;
    bytes[at++] = Number(value);
  };
  const zigzag = (value: bigint): void => varint(value < 0n ? -2n * value - 1n : 2n * value);
  varint(BigInt(BLOCK));
  varint(BigInt(MINIBLOCKS));
  varint(BigInt(values.length));
  zigzag(values[0] ?? 0n);
  for (let block = 0; block < deltas.length; block += BLOCK) {
    const end = Math.min(deltas.length, block + BLOCK);
    let least = Infinity;
    for (let i = block; i < end; i++) least = Math.min(least, deltas[i] ?? 0);
    zigzag(BigInt(least));
    const widths = at;
    at += MINIBLOCKS;
    for (let mini = 0; mini < MINIBLOCKS; mini++) {
      const from = block + mini * MINIBLOCK;
      const to = Math.min(end, from + MINIBLOCK);
      if (from >= to) break;
      let most = 0;
      for (let i = from; i < to; i++) most = Math.max(most, (deltas[i] ?? 0) - least);
      const width = widthOf(most);
      bytes[widths + mini] = width;
      pack(bytes, at, deltas, least, from, to, width);
      at += (MINIBLOCK * width) / 8;
    }
  }
  return bytes.subarray(0, at);
}

function deltasOf(values: BigInt64Array): Float64Array | undefined {
  const low = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const high = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const deltas = new Float64Array(Math.max(0, values.length - 1));
  for (let i = 0; i < deltas.length; i++) {
    const halves = 2 * i;
    const delta =
      ((high[halves + 3] ?? 0) - (high[halves + 1] ?? 0)) * LOW_32 +
      ((low[halves + 2] ?? 0) - (low[halves] ?? 0));
    if (Math.abs(delta) >= 2 ** 52) return undefined;
    deltas[i] = delta;
  }
  return deltas;
}

function widthOf(value: number): number {
  const high = Math.floor(value / LOW_32);
  return high ? 64 - Math.clz32(high) : 32 - Math.clz32(value);
}

/** Puts `width` bits of each difference behind one another, lowest bits first. The bytes are zero before. */
function pack(
  bytes: Uint8Array,
  at: number,
  deltas: Float64Array,
  least: number,
  from: number,
  to: number,
  width: number,
): void {
  let bits = 0;
  let held = 0;
  for (let i = from; i < to; i++) {
    let value = (deltas[i] ?? 0) - least;
    for (let left = width; left > 0; left -= 24) {
      const part = value % 0x100_0000;
      value = (value - part) / 0x100_0000;
      bits |= part << held;
      held += Math.min(24, left);
      for (; held >= 8; held -= 8) {
        bytes[at++] = bits & 0xff;
        bits >>>= 8;
      }
    }
  }
  if (held > 0) bytes[at] = bits & 0xff;
}
