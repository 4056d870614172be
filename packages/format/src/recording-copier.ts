// Copies a recording chunk by chunk, with what its user makes of each, and with a gap wherever the source is damaged.
import type { Chunk, Damage, ReadMode } from "./chunk-scanner.js";
import { ChunkType } from "./chunk.js";
import { parseJson } from "./json.js";
import { LogWriter } from "./log-writer.js";
import { PERF_RECORD_SAMPLE, type PerfRecord, perfRecords } from "./perf-record.js";
import { type HeadReader, openSegment } from "./raw-segment.js";
import { RecordingReader } from "./recording-reader.js";

/** Chunks of JSON. */
const JSON_TYPES: ReadonlySet<number> = new Set([
  ChunkType.ENVIRONMENT,
  ChunkType.DICTIONARY,
  ChunkType.STATS,
  ChunkType.RULES,
  ChunkType.GAP,
  ChunkType.REPAIR,
]);

/** Whether a chunk that should be JSON is not: readers report it as damage, and a copy leaves it out. */
export function isBrokenJson({ header, payload }: Chunk): boolean {
  return JSON_TYPES.has(header.type) && parseJson(payload) === undefined;
}

/** Tells of damage as a reader finds it. */
export class DamageWatch {
  readonly #reader: RecordingReader;
  #seen = 0;

  constructor(reader: RecordingReader) {
    this.#reader = reader;
  }

  /** What was found since the last call. */
  next(): readonly Damage[] {
    const { damagedPlaces, gaps } = this.#reader;
    if (damagedPlaces - gaps.length === this.#seen) return [];
    const { damage } = this.#reader;
    const found = damage.slice(this.#seen);
    this.#seen = damage.length;
    return found;
  }
}

/** The records of a RAW payload that a reader uses, in order: events that do not contradict the layout, and all others. */
export function* soundRecords(payload: Uint8Array, head: HeadReader): Generator<PerfRecord> {
  const { offsets } = openSegment(payload, 0, 0, 0n, head);
  const sound = new Set(offsets);
  for (const record of perfRecords(payload))
    if (record.type !== PERF_RECORD_SAMPLE || sound.has(record.dataAt)) yield record;
}

/** How to copy. */
export interface CopyOptions {
  readonly mode: ReadMode;
  /** The 16 bytes of the copy's; the source has read its file header, if that is whole. */
  readonly uuid: (source: RecordingReader) => Uint8Array;
  /** Takes the bytes of the copy in order. */
  readonly write: (spans: Uint8Array[]) => void;
  /**
   * Writes what is made of a chunk, which the source has taken in. INDEX and END are written anew at the end, and what
   * should be JSON and is not has become a gap: these do not come.
   */
  readonly copy: (chunk: Chunk, log: LogWriter, source: RecordingReader) => void;
}

/** A copy: push the source's bytes into its `source`, which gives batches that may be ignored; then `end`. */
export class RecordingCopier {
  readonly source: RecordingReader;
  /** Chunks that were found whole. */
  chunks = 0;
  readonly #options: CopyOptions;
  readonly #damage: DamageWatch;
  /** The last chunk, which the source takes in before it is copied, and the damage before it. */
  #last: Chunk | undefined;
  #log: LogWriter | undefined;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.source = new RecordingReader({ mode: options.mode, onChunk: (chunk) => this.#take(chunk) });
    this.#damage = new DamageWatch(this.source);
  }

  /**
   * The source has been read to its end: writes the end.
   * @param last writes what stands before the INDEX
   * @param reason why the recording ended; the source's, if it is not given
   */
  end(last?: (log: LogWriter) => void, reason?: string): void {
    const log = this.#copyLast();
    for (const damage of this.#damage.next()) log.gap(damage);
    last?.(log);
    log.end(this.source, 0, reason);
  }

  #take(chunk: Chunk): void {
    this.chunks++;
    const log = this.#copyLast();
    for (const damage of this.#damage.next()) log.gap(damage);
    this.#last = chunk;
  }

  #copyLast(): LogWriter {
    const { uuid, write, copy } = this.#options;
    this.#log ??= new LogWriter(this.source, uuid(this.source), write);
    const last = this.#last;
    this.#last = undefined;
    const type = last?.header.type;
    if (last && type !== ChunkType.END && type !== ChunkType.INDEX && !isBrokenJson(last))
      copy(last, this.#log, this.source);
    return this.#log;
  }
}
