// Walks the records of a perf ring as the kernel wrote them: struct perf_event_header and what follows it,
// include/uapi/linux/perf_event.h.

const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const HEADER_SIZE = 8;

/** What is told of each record. */
export interface PerfRecordVisitor {
  /** An event: `length` bytes at `offset` of the payload (with the ring's padding at their end). */
  sample(offset: number, length: number): void;
  /** The ring had refused `count` events before this place. */
  lost(count: number): void;
}

/**
 * Visits the records of a RAW payload in their order.
 * @returns the offset where the walk ended: the payload's length, or where a record is malformed
 */
export function walkPerfRecords(payload: Uint8Array, visitor: PerfRecordVisitor): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 0;
  while (at + HEADER_SIZE <= payload.length) {
    const type = view.getUint32(at, true);
    const size = view.getUint16(at + 6, true);
    if (size < HEADER_SIZE || at + size > payload.length) return at;
    if (type === PERF_RECORD_SAMPLE) {
      // PERF_SAMPLE_RAW: u32 size, then the bytes.
      if (size < HEADER_SIZE + 4) return at;
      const length = view.getUint32(at + HEADER_SIZE, true);
      if (length > size - HEADER_SIZE - 4) return at;
      visitor.sample(at + HEADER_SIZE + 4, length);
    } else if (type === PERF_RECORD_LOST) {
      // u64 id, u64 lost.
      if (size < HEADER_SIZE + 16) return at;
      const high = view.getUint32(at + HEADER_SIZE + 12, true);
      visitor.lost(view.getUint32(at + HEADER_SIZE + 8, true) + high * 0x1_0000_0000);
    }
    at += size;
  }
  return at;
}
