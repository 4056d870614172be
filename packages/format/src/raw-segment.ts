// One RAW chunk, taken apart far enough to be put in order: where its events are and when they happened.
import type { EventLayout, Field } from "./event-layout.js";
import { PerfRecordWalk, samplesMax } from "./perf-record.js";

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
  /** Of its first and last event, with those that a slice left out and marked; infinite without any. */
  readonly firstNs: number;
  readonly lastNs: number;
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
  const walk = new PerfRecordWalk(view);
  const leftOut = { firstNs: Number.POSITIVE_INFINITY, lastNs: Number.NEGATIVE_INFINITY };
  // Exact: the difference of two times is below 2^53 ns, 104 days.
  const relativeTime = (at: number): number =>
    (view.getUint32(at + 4, true) - startHigh) * 0x1_0000_0000 + (view.getUint32(at, true) - startLow);
  const room = samplesMax(payload.length, headSize);
  const times = new Float64Array(room);
  const offsets = new Uint32Array(room);
  const lost: LostInStream[] = [];
  let losing = 0;
  let length = 0;
  let malformed = 0;
  let sorted = true;
  let last = Number.NEGATIVE_INFINITY;
  while (walk.next()) {
    losing += walk.lost;
    if (walk.isLeftOut) {
      const time = relativeTime(walk.start);
      if (losing > 0) lost.push({ after: last, before: time, count: losing });
      losing = 0;
      last = time;
      leftOut.firstNs = Math.min(leftOut.firstNs, time);
      leftOut.lastNs = Math.max(leftOut.lastNs, time);
      continue;
    }
    const offset = walk.start;
    const tail = walk.length < headSize ? undefined : tailSizes[view.getUint8(offset + kindAt)];
    const captured = tail === undefined ? -1 : walk.length - headSize - tail;
    if (captured < 0 || view.getUint16(offset + captureLengthAt, true) > captured) {
      malformed++;
      continue;
    }
    const time = relativeTime(offset + timeAt);
    if (losing > 0) {
      lost.push({ after: last, before: time, count: losing });
      losing = 0;
    }
    if (time < last) sorted = false;
    last = time;
    times[length] = time;
    offsets[length++] = offset;
  }
  losing += walk.lost;
  if (losing > 0) lost.push({ after: last, before: Number.POSITIVE_INFINITY, count: losing });
  const usedTimes = times.subarray(0, length);
  const usedOffsets = offsets.subarray(0, length);
  if (!sorted) sortByTime(usedTimes, usedOffsets);
  return {
    cpu,
    sequence,
    payload,
    view,
    length,
    times: usedTimes,
    offsets: usedOffsets,
    lost,
    firstNs: Math.min(leftOut.firstNs, usedTimes[0] ?? Number.POSITIVE_INFINITY),
    lastNs: Math.max(leftOut.lastNs, usedTimes[length - 1] ?? Number.NEGATIVE_INFINITY),
    usable: walk.end,
    malformed,
  };
}

/** So many places an event is moved by on average before sorting it in is given up. */
const MOVES_PER_EVENT = 16;

/**
 * Sorts both arrays by time; what is at the same time stays in its order. An interrupt's event can be written before
 * that of what it interrupted, and yet have the later time: few are out of place, and by little.
 */
function sortByTime(times: Float64Array, offsets: Uint32Array): void {
  let movesLeft = times.length * MOVES_PER_EVENT;
  for (let i = 1; i < times.length; i++) {
    const time = times[i] ?? 0;
    const offset = offsets[i] ?? 0;
    let at = i;
    for (; at > 0 && (times[at - 1] ?? 0) > time; at--) {
      times[at] = times[at - 1] ?? 0;
      offsets[at] = offsets[at - 1] ?? 0;
    }
    times[at] = time;
    offsets[at] = offset;
    movesLeft -= i - at;
    if (movesLeft < 0) return sortAnyByTime(times, offsets);
  }
}

/** The same for a file of any order, which could be one that means to take time. */
function sortAnyByTime(times: Float64Array, offsets: Uint32Array): void {
  const order = Array.from(times.keys()).toSorted((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  const [fromTimes, fromOffsets] = [times.slice(), offsets.slice()];
  for (const [i, from] of order.entries()) {
    times[i] = fromTimes[from] ?? 0;
    offsets[i] = fromOffsets[from] ?? 0;
  }
}
