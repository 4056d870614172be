// Walks the records of a perf ring as the kernel wrote them: struct perf_event_header and what follows it,
// include/uapi/linux/perf_event.h.

export const PERF_RECORD_LOST = 2;
export const PERF_RECORD_SAMPLE = 9;
const HEADER_SIZE = 8;

/**
 * Not the kernel's: it stands in a slice for an event that was left out, where that says when others were lost. u64
 * time_ns. Who does not know it takes a loss to have lasted longer. "SKLO" in file order.
 */
export const RECORD_LEFT_OUT = 0x4f4c_4b53;
const LEFT_OUT_SIZE = 16;

/** A walk over the records of a RAW payload, from sample to sample, and to the marks of events that were left out. */
export class PerfRecordWalk {
  /** Of the sample's data in the payload, and its length with the ring's padding at its end. */
  start = 0;
  length = 0;
  /** It is no sample, but the mark of an event that was left out: its data are the event's time_ns. */
  isLeftOut = false;
  /** Events that the ring had refused since the sample before. */
  lost = 0;
  /** Where the walk has got to: at its end the payload's length, or where a record is malformed. */
  end = 0;
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  /** Goes to the next sample or mark; false if there is none, and then `lost` tells of those after the last one. */
  next(): boolean {
    const view = this.#view;
    const size = view.byteLength;
    this.lost = 0;
    while (this.end + HEADER_SIZE <= size) {
      const at = this.end;
      const type = view.getUint32(at, true);
      const length = view.getUint16(at + 6, true);
      if (length < HEADER_SIZE || at + length > size) return false;
      if (type === PERF_RECORD_SAMPLE) {
        // PERF_SAMPLE_RAW: u32 size, then the bytes.
        if (length < HEADER_SIZE + 4) return false;
        const data = view.getUint32(at + HEADER_SIZE, true);
        if (data > length - HEADER_SIZE - 4) return false;
        this.start = at + HEADER_SIZE + 4;
        this.length = data;
        this.isLeftOut = false;
        this.end = at + length;
        return true;
      }
      if (type === RECORD_LEFT_OUT) {
        if (length < LEFT_OUT_SIZE) return false;
        this.start = at + HEADER_SIZE;
        this.length = LEFT_OUT_SIZE - HEADER_SIZE;
        this.isLeftOut = true;
        this.end = at + length;
        return true;
      }
      if (type === PERF_RECORD_LOST) {
        // u64 id, u64 lost.
        if (length < HEADER_SIZE + 16) return false;
        const low = view.getUint32(at + HEADER_SIZE + 8, true);
        this.lost += low + view.getUint32(at + HEADER_SIZE + 12, true) * 0x1_0000_0000;
      }
      this.end = at + length;
    }
    return false;
  }
}

/** The most samples that a payload of so many bytes can have whose data are of `sizeMin` bytes or more. */
export function samplesMax(bytes: number, sizeMin: number): number {
  return Math.floor(bytes / (HEADER_SIZE + 4 + sizeMin));
}

/** A record of a RAW payload. */
export interface PerfRecord {
  readonly type: number;
  /** All of its bytes, a view into the payload. */
  readonly bytes: Uint8Array;
  /** Of a sample: where its data begins in the payload. */
  readonly dataAt: number;
}

/** The records of a RAW payload in their order, up to the first that is malformed. */
export function* perfRecords(payload: Uint8Array): Generator<PerfRecord> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let at = 0;
  while (at + HEADER_SIZE <= payload.length) {
    const size = view.getUint16(at + 6, true);
    if (size < HEADER_SIZE || at + size > payload.length) return;
    yield {
      type: view.getUint32(at, true),
      bytes: payload.subarray(at, at + size),
      dataAt: at + HEADER_SIZE + 4,
    };
    at += size;
  }
}

/** The record of an event that was left out. @param timeNs CLOCK_MONOTONIC */
export function encodeLeftOut(timeNs: bigint): Uint8Array {
  const bytes = new Uint8Array(LEFT_OUT_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, RECORD_LEFT_OUT, true);
  view.setUint16(6, LEFT_OUT_SIZE, true);
  view.setBigUint64(HEADER_SIZE, timeNs, true);
  return bytes;
}

/** A PERF_RECORD_SAMPLE with `data`, padded as the ring does it: the record to a multiple of 8. */
export function encodeSample(data: Uint8Array): Uint8Array {
  const size = (HEADER_SIZE + 4 + data.length + 7) & ~7;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PERF_RECORD_SAMPLE, true);
  view.setUint16(6, size, true);
  view.setUint32(HEADER_SIZE, size - HEADER_SIZE - 4, true);
  bytes.set(data, HEADER_SIZE + 4);
  return bytes;
}

/** A PERF_RECORD_LOST: `count` events that the ring refused. */
export function encodeLostRecord(count: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PERF_RECORD_LOST, true);
  view.setUint16(6, bytes.length, true);
  view.setBigUint64(HEADER_SIZE + 8, BigInt(count), true);
  return bytes;
}
