// Puts the events of all CPUs into one order, holding no more of them than are between two rounds.
import { EventBatch } from "./event-batch.js";
import type { EventLayout } from "./event-layout.js";
import type { RawSegment } from "./raw-segment.js";

interface Run {
  readonly segment: RawSegment;
  position: number;
}

/** The most events of a batch: so many that they stay in a CPU's cache while their columns are read. */
const BATCH_EVENTS = 4096;

/** Merges segments, each sorted, by time; equal times by CPU, then by place in the file. */
export class EventMerger {
  /** Events that came after later ones had been released: they are given all the same, out of order. */
  late = 0;

  readonly #layout: EventLayout;
  #runs: Run[] = [];
  #heldBytes = 0;
  #released = Number.NEGATIVE_INFINITY;

  constructor(layout: EventLayout) {
    this.#layout = layout;
  }

  /** Bytes of the segments that are held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether segments in this memory are held. */
  holds(memory: ArrayBufferLike): boolean {
    return this.#runs.some(({ segment }) => segment.payload.buffer === memory);
  }

  add(segment: RawSegment): void {
    if (segment.length === 0) return;
    this.#runs.push({ segment, position: 0 });
    this.#heldBytes += segment.payload.length;
    for (let i = 0; i < segment.length && (segment.times[i] ?? 0) < this.#released; i++) this.late++;
  }

  /** Gives the events before `time` (ns since the recording's start) in batches; Infinity: all. */
  *release(time: number): Generator<EventBatch> {
    const heap = new RunHeap(this.#runs.filter((run) => timeOf(run) < time));
    while (heap.first) yield this.#batch(heap, time);
    if (time > this.#released) this.#released = time;
    const left = this.#runs.filter((run) => run.position < run.segment.length);
    if (left.length !== this.#runs.length) {
      this.#runs = left;
      this.#heldBytes = left.reduce((sum, run) => sum + run.segment.payload.length, 0);
    }
  }

  #batch(heap: RunHeap, limit: number): EventBatch {
    const segments: RawSegment[] = [];
    const indexes = new Map<RawSegment, number>();
    const room = Math.min(BATCH_EVENTS, heap.events);
    const times = new Float64Array(room);
    const segmentOf = new Uint32Array(room);
    const offsets = new Uint32Array(room);
    let length = 0;
    let run = heap.first;
    while (run && length < room) {
      const { segment } = run;
      let index = indexes.get(segment);
      if (index === undefined) {
        index = segments.push(segment) - 1;
        indexes.set(segment, index);
      }
      const end = endOfTurn(run, heap.second, limit, room - length);
      const { times: from, offsets: at } = segment;
      for (let i = run.position; i < end; i++, length++) {
        times[length] = from[i] ?? 0;
        offsets[length] = at[i] ?? 0;
        segmentOf[length] = index;
      }
      run.position = end;
      if (timeOf(run) < limit) heap.sinkFirst();
      else heap.removeFirst();
      run = heap.first;
    }
    return new EventBatch(
      this.#layout,
      segments,
      times.subarray(0, length),
      segmentOf.subarray(0, length),
      offsets.subarray(0, length),
    );
  }
}

/** Of the run's next event; Infinity at its end. */
function timeOf(run: Run): number {
  return run.segment.times[run.position] ?? Number.POSITIVE_INFINITY;
}

function comesBefore(a: Run, b: Run): boolean {
  const byTime = timeOf(a) - timeOf(b);
  return byTime === 0 ? precedes(a, b) : byTime < 0;
}

/** Whether a run's events stand before those of another at the same time. */
function precedes(a: Run, b: Run): boolean {
  const byCpu = a.segment.cpu - b.segment.cpu;
  return byCpu === 0 ? a.segment.sequence < b.segment.sequence : byCpu < 0;
}

/**
 * Up to where events can be taken from the earliest run before those of another have their turn: one at least.
 * @param next the second run, if there is one
 * @param room for so many events, at most
 */
function endOfTurn(run: Run, next: Run | undefined, limit: number, room: number): number {
  const { times, length } = run.segment;
  const end = Math.min(run.position + room, length);
  let bound = limit;
  if (next) {
    // Times are whole numbers: those at the same time as the next run's are before it by 1.
    const nextTime = timeOf(next) + (precedes(run, next) ? 1 : 0);
    if (nextTime < limit) bound = nextTime;
  }
  let at = run.position + 1;
  // In steps that grow: turns are of one event where CPUs alternate, and of a whole batch where only one is busy.
  let step = 1;
  while (at + step <= end && (times[at + step - 1] ?? 0) < bound) {
    at += step;
    step *= 2;
  }
  for (; step >= 1; step /= 2) while (at + step <= end && (times[at + step - 1] ?? 0) < bound) at += step;
  return at;
}

/** A binary heap of runs, the earliest first. */
class RunHeap {
  readonly #runs: Run[];

  constructor(runs: Run[]) {
    this.#runs = runs;
    for (let i = (runs.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  get first(): Run | undefined {
    return this.#runs[0];
  }

  /** Events that the runs have left, at most. */
  get events(): number {
    return this.#runs.reduce((sum, { segment, position }) => sum + segment.length - position, 0);
  }

  get second(): Run | undefined {
    const left = this.#runs[1];
    const right = this.#runs[2];
    return left && right && comesBefore(right, left) ? right : left;
  }

  sinkFirst(): void {
    this.#sink(0);
  }

  removeFirst(): void {
    const last = this.#runs.pop();
    if (last && this.#runs.length > 0) {
      this.#runs[0] = last;
      this.#sink(0);
    }
  }

  #sink(start: number): void {
    const runs = this.#runs;
    const run = runs[start];
    if (!run) return;
    let i = start;
    for (;;) {
      const left = runs[2 * i + 1];
      const right = runs[2 * i + 2];
      const child = left && right && comesBefore(right, left) ? 2 * i + 2 : 2 * i + 1;
      const candidate = runs[child];
      if (!candidate || !comesBefore(candidate, run)) break;
      runs[i] = candidate;
      i = child;
    }
    runs[i] = run;
  }
}
