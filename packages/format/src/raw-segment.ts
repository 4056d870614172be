// One RAW chunk, taken apart far enough to be put in order: where its events are and when they happened.
import type { EventLayout, Field } from "./event-layout.js";
import { findPerfRecords } from "./perf-record.js";

/** Where in the head the fields stand that every event is checked by. */
export class HeadReader {
  readonly layout: EventLayout;
  readonly headSize: number;
  readonly timeAt: number;
  readonly kindAt: number;
  readonly captureLengthAt: number;
  /** Tail sizes by kind; undefined for a kind that the layout does not have. */
  readonly tailSizes: readonly (number | undefined)[];

  /** @param layout one that `checkLayout` has accepted */
  constructor(layout: EventLayout) {
    this.layout = layout;
    this.headSize = layout.head.size;
    this.timeAt = this.#field("time_ns").offset;
    this.kindAt = this.#field("kind").offset;
    this.captureLengthAt = this.#field("capture_length").offset;
    const sizes: (number | undefined)[] = Array.from({ length: 256 });
    for (const kind of layout.kinds) sizes[kind.kind] = kind.tail.size;
    this.tailSizes = sizes;
  }

  #field(name: string): Field {
    const field = this.layout.head.fields.find((candidate) => candidate.name === name);
    if (!field) throw new Error(`the layout has no field ${name}`);
    return field;
  }
}

/** Events that the ring refused, between two of its events. */
export interface LostInStream {
  /** ns since the recording's start: of the last event before; -Infinity: none in this segment. */
  readonly after: number;
  /** Of the first event behind; Infinity: none in this segment. */
  readonly before: number;
  readonly count: number;
}

/** The events of one RAW chunk, sorted by time. */
export interface RawSegment {
  readonly cpu: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly view: DataView;
  /** Number of events. */
  readonly length: number;
  /** ns since the recording's start, ascending. */
  readonly times: Float64Array;
  /** Of each event in the payload, in the same order. */
  readonly offsets: Uint32Array;
  readonly lost: readonly LostInStream[];
  /** Offset in the payload from which nothing could be used; the payload's length if all could. */
  readonly usable: number;
  /** Events left out because they contradict the layout. */
  readonly malformed: number;
}

/**
 * Takes a RAW payload apart.
 * @param startNs the zero of relative times, CLOCK_MONOTONIC ns
 */
export function openSegment(
  payload: Uint8Array,
  cpu: number,
  sequence: number,
  startNs: bigint,
  head: HeadReader,
): RawSegment {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const startLow = Number(startNs & 0xffff_ffffn);
  const startHigh = Number(startNs >> 32n);
  const { headSize, tailSizes, kindAt, captureLengthAt, timeAt } = head;
  const found = findPerfRecords(payload, view);
  const times = new Float64Array(found.count);
  const offsets = new Uint32Array(found.count);
  const lost: LostInStream[] = [];
  let nextLost = 0;
  let length = 0;
  let sorted = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let record = 0; record < found.count; record++) {
    const offset = found.offsets[record] ?? 0;
    const size = found.lengths[record] ?? 0;
    const tail = size < headSize ? undefined : tailSizes[view.getUint8(offset + kindAt)];
    const room = tail === undefined ? -1 : size - headSize - tail;
    if (room < 0 || view.getUint16(offset + captureLengthAt, true) > room) continue;
    const at = offset + timeAt;
    // Exact: the difference of two times is below 2^53 ns, 104 days.
    const time =
      (view.getUint32(at + 4, true) - startHigh) * 0x1_0000_0000 + (view.getUint32(at, true) - startLow);
    for (; (found.lost[nextLost]?.before ?? Number.POSITIVE_INFINITY) <= record; nextLost++)
      lost.push({ after: last, before: time, count: found.lost[nextLost]?.count ?? 0 });
    if (time < last) sorted = false;
    last = time;
    times[length] = time;
    offsets[length++] = offset;
  }
  for (; nextLost < found.lost.length; nextLost++)
    lost.push({ after: last, before: Number.POSITIVE_INFINITY, count: found.lost[nextLost]?.count ?? 0 });
  const segment = {
    cpu,
    sequence,
    payload,
    view,
    length,
    lost,
    usable: found.end,
    malformed: found.count - length,
  };
  const used = { times: times.subarray(0, length), offsets: offsets.subarray(0, length) };
  return { ...segment, ...(sorted ? used : sortByTime(used.times, used.offsets)) };
}

/** An interrupt's event can be written before that of what it interrupted, and yet have the later time. */
function sortByTime(
  times: Float64Array,
  offsets: Uint32Array,
): { times: Float64Array; offsets: Uint32Array } {
  const order = Array.from(times.keys()).toSorted((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  return {
    times: Float64Array.from(order, (i) => times[i] ?? 0),
    offsets: Uint32Array.from(order, (i) => offsets[i] ?? 0),
  };
}
