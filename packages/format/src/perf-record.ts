// Walks the records of a perf ring as the kernel wrote them: struct perf_event_header and what follows it,
// include/uapi/linux/perf_event.h.

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const HEADER_SIZE = 8;

/** No sample is shorter: its header, the size of its data, and something. */
const SAMPLE_SIZE_MIN = 16;

/** What a payload holds. */
export interface PerfRecords {
  /** Number of samples. */
  readonly count: number;
  /** Where each begins, in the payload, and how long it is (with the ring's padding at its end); `count` are used. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** The ring had refused `count` events before the sample of this number. */
  readonly lost: readonly { readonly before: number; readonly count: number }[];
  /** Where the walk ended: the payload's length, or where a record is malformed. */
  readonly end: number;
}

/** Finds the records of a RAW payload. */
export function findPerfRecords(payload: Uint8Array, view: DataView): PerfRecords {
  const offsets = new Uint32Array(Math.floor(payload.length / SAMPLE_SIZE_MIN) + 1);
  const lengths = new Uint32Array(offsets.length);
  const lost: { before: number; count: number }[] = [];
  const { length } = payload;
  let count = 0;
  let at = 0;
  while (at + HEADER_SIZE <= length) {
    const type = view.getUint32(at, true);
    const size = view.getUint16(at + 6, true);
    if (size < HEADER_SIZE || at + size > length) break;
    if (type === PERF_RECORD_SAMPLE) {
      // PERF_SAMPLE_RAW: u32 size, then the bytes.
      if (size < HEADER_SIZE + 4) break;
      const data = view.getUint32(at + HEADER_SIZE, true);
      if (data > size - HEADER_SIZE - 4) break;
      offsets[count] = at + HEADER_SIZE + 4;
      lengths[count++] = data;
    } else if (type === PERF_RECORD_LOST) {
      // u64 id, u64 lost.
      if (size < HEADER_SIZE + 16) break;
      const high = view.getUint32(at + HEADER_SIZE + 12, true);
      const low = view.getUint32(at + HEADER_SIZE + 8, true);
      lost.push({ before: count, count: low + high * 0x1_0000_0000 });
    }
    at += size;
  }
  return { count, offsets, lengths, lost, end: at };
}
