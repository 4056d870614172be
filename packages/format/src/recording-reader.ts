// Reads a log as it arrives: events in time order across CPUs, and beside them what the file says of itself.
import { type Chunk, ChunkScanner, type Damage, type ReadMode } from "./chunk-scanner.js";
import { ChunkType, chunkTypeName, OPTIONAL_TYPE } from "./chunk.js";
import { Dictionary } from "./dictionary.js";
import { type End, readEnd } from "./end.js";
import { type Environment, readEnvironment } from "./environment.js";
import { DamagedError, FormatError, NewerFormatError } from "./errors.js";
import type { EventBatch } from "./event-batch.js";
import { type EventLayout, layoutId } from "./event-layout.js";
import { EVENT_LAYOUT } from "./event-layout.generated.js";
import { EventMerger } from "./event-merger.js";
import type { FileHeader } from "./file-header.js";
import { readGap } from "./gap.js";
import { parseJson } from "./json.js";
import { type Loss, LossLedger } from "./loss-ledger.js";
import { type ClockSample, decodeClock, decodeLost, decodeRound } from "./payloads.js";
import { HeadReader, openSegment } from "./raw-segment.js";
import { RepeatedBytes } from "./repeated-bytes.js";

/** How to read. */
export interface ReaderOptions {
  readonly mode?: ReadMode;
  /**
   * Bytes of events held for ordering before they are released without waiting for the recorder's word that no
   * earlier ones will come. Only a file without rounds gets there.
   */
  readonly windowBytes?: number;
  /** Whether events have the bytes of earlier ones that they refer to. Costs a tenth of reading; without, they have none. */
  readonly repeatBytes?: boolean;
  /** Is given each chunk before it is taken in: for who copies a recording. */
  readonly onChunk?: (chunk: Chunk) => void;
}

const WINDOW_BYTES = 256 * 1024 * 1024;

/** Layouts by number, for files whose ENVIRONMENT was lost. */
const KNOWN_LAYOUTS: ReadonlyMap<number, EventLayout> = new Map([[layoutId(EVENT_LAYOUT), EVENT_LAYOUT]]);

/**
 * A reader that is fed by `push` and ends with `end`; both give the events that are ready. Its other members say what
 * is known of the recording so far.
 */
export class RecordingReader {
  readonly dictionary: Dictionary = new Dictionary();
  /** Undefined until it has arrived, and for good if it was damaged. */
  environment: Environment | undefined;
  readonly clocks: ClockSample[] = [];
  /** The JSON of the RULES chunks. */
  readonly rules: unknown[] = [];
  /** The JSON of the last STATS chunk. */
  stats: unknown;
  /** Undefined if the recording was not closed. */
  ended: End | undefined;
  /** The JSON of the REPAIR chunk, if the file was mended. */
  repair: unknown;
  /** Rounds of the recorder so far: ROUND chunks. */
  rounds = 0;
  /** Events released so far. */
  events = 0;
  /** Bytes that the rings had of them: payloads of RAW chunks. */
  eventBytes = 0;
  /** ns since the recording's start of the first and last event released; undefined without events. */
  firstNs: number | undefined;
  lastNs: number | undefined;
  /** Events released although the order had gone past them. */
  get late(): number {
    return this.#merger?.late ?? 0;
  }

  readonly #scanner: ChunkScanner;
  readonly #ledger = new LossLedger();
  readonly #damage: Damage[] = [];
  readonly #windowBytes: number;
  /** See `ReaderOptions`; who finds that no bytes are needed may clear it. */
  repeatBytes: boolean;
  readonly #repeated = new RepeatedBytes();
  readonly #onChunk: ((chunk: Chunk) => void) | undefined;
  readonly #gaps: Damage[] = [];
  #head: HeadReader | undefined;
  #merger: EventMerger | undefined;

  constructor(options: ReaderOptions = {}) {
    this.#scanner = new ChunkScanner(options.mode);
    this.#windowBytes = options.windowBytes ?? WINDOW_BYTES;
    this.repeatBytes = options.repeatBytes ?? true;
    this.#onChunk = options.onChunk;
  }

  /** Undefined until it has arrived, and for good if it was damaged. */
  get fileHeader(): FileHeader | undefined {
    return this.#scanner.fileHeader;
  }

  /** CLOCK_MONOTONIC at the zero of relative times, in ns. */
  get startNs(): bigint {
    return this.#scanner.fileHeader?.startNs ?? 0n;
  }

  /** Bytes pushed so far. */
  get bytes(): number {
    return this.#scanner.bytes;
  }

  /** What could not be used of the file, in file order. */
  get damage(): readonly Damage[] {
    return [...this.#scanner.damage, ...this.#damage].toSorted((a, b) => a.offset - b.offset);
  }

  /**
   * What could not be read of the recordings that this one was made from: GAP chunks. Offsets and lengths are of theirs.
   */
  get gaps(): readonly Damage[] {
    return this.#gaps;
  }

  /** How many places so far could not be used, of this file or of those that it was made from. */
  get damagedPlaces(): number {
    return this.#scanner.damage.length + this.#damage.length + this.#gaps.length;
  }

  /** The layout by which events are read; undefined before the first. */
  get layout(): EventLayout | undefined {
    return this.#head?.layout;
  }

  /** Events that the rings refused while recording. */
  get lost(): number {
    return this.#ledger.total;
  }

  /** When and on which CPUs events were lost. */
  losses(): Loss[] {
    return this.#ledger.losses(this.ended?.atNs ?? this.lastNs ?? 0);
  }

  /** Whether events were lost on a CPU at some time from `fromNs` to `toNs`, as far as has been read. */
  lostBetween(cpu: number, fromNs: number, toNs: number): boolean {
    return this.#ledger.lostBetween(cpu, fromNs, toNs);
  }

  /** The same of any CPU. */
  lostAnywhere(fromNs: number, toNs: number): boolean {
    return this.#ledger.lostAnywhere(fromNs, toNs);
  }

  /**
   * Whether events that are still to come stand in this memory. Where not, and the batches given so far are done with,
   * it can be written again: reading into the same memory saves the kernel from finding and clearing new pages.
   */
  holds(memory: ArrayBufferLike): boolean {
    // Who is given chunks may keep them.
    return this.#onChunk !== undefined || this.#scanner.holds(memory) || this.#merger?.holds(memory) === true;
  }

  /**
   * Takes the next bytes, which must not be changed while `holds` says so and batches of them are in use.
   * @throws FormatError and its subclasses where the file cannot be read (further)
   */
  *push(bytes: Uint8Array): Generator<EventBatch> {
    for (const chunk of this.#scanner.push(bytes)) yield* this.#take(chunk);
  }

  /** Ends the file and gives the last events. */
  *end(): Generator<EventBatch> {
    for (const chunk of this.#scanner.end()) yield* this.#take(chunk);
    yield* this.#release(Number.POSITIVE_INFINITY);
  }

  *#take(chunk: Chunk): Generator<EventBatch> {
    const { header, payload } = chunk;
    this.#onChunk?.(chunk);
    switch (header.type) {
      case ChunkType.ENVIRONMENT:
        this.#takeEnvironment(chunk);
        break;
      case ChunkType.DICTIONARY:
        this.dictionary.add(this.#json(chunk));
        break;
      case ChunkType.RAW:
        this.#takeRaw(chunk);
        if (this.#merger && this.#merger.heldBytes > this.#windowBytes)
          yield* this.#release(Number.POSITIVE_INFINITY);
        break;
      case ChunkType.ROUND: {
        this.rounds++;
        const round = decodeRound(payload);
        if (round) yield* this.#release(Number(round.safeNs - this.startNs));
        break;
      }
      case ChunkType.LOST: {
        const lost = decodeLost(payload);
        if (lost) this.#ledger.addCounted(header.cpu, Number(lost.total));
        break;
      }
      case ChunkType.END:
        this.ended = readEnd(this.#json(chunk));
        yield* this.#release(Number.POSITIVE_INFINITY);
        break;
      case ChunkType.CLOCK: {
        const clock = decodeClock(payload);
        if (clock) this.clocks.push(clock);
        break;
      }
      case ChunkType.STATS:
        this.stats = this.#json(chunk);
        break;
      case ChunkType.RULES:
        this.rules.push(this.#json(chunk));
        break;
      case ChunkType.GAP:
        this.#gaps.push(readGap(this.#json(chunk)));
        break;
      case ChunkType.REPAIR:
        this.repair = this.#json(chunk);
        break;
      default:
        if (!(header.type & OPTIONAL_TYPE))
          throw new NewerFormatError(
            `chunk type ${chunkTypeName(header.type)} is not known here: use a newer skbtracer`,
            chunk.offset,
          );
    }
  }

  #takeEnvironment(chunk: Chunk): void {
    // It may come again, with a rotated segment or at the end; the first one counts.
    if (this.environment) return;
    this.environment = readEnvironment(this.#json(chunk), chunk.offset);
    if (!this.#head) this.#useLayout(this.environment.layout);
  }

  #takeRaw(chunk: Chunk): void {
    if (!this.#head) {
      const { fileHeader } = this;
      const layout = fileHeader && KNOWN_LAYOUTS.get(fileHeader.layoutId);
      if (!layout)
        throw new FormatError(
          `the chunk that describes the events is damaged, and ${fileHeader ? "their layout is not one that this version knows" : "so is the file's header, which names their layout"}`,
          chunk.offset,
        );
      this.#useLayout(layout);
    }
    const { header, payload } = chunk;
    if (!this.#head || !this.#merger) return;
    this.eventBytes += payload.length;
    const segment = openSegment(payload, header.cpu, header.sequence, this.startNs, this.#head);
    if (segment.usable < payload.length)
      this.#report(chunk, payload.length - segment.usable, "perf records that contradict themselves");
    if (segment.malformed > 0)
      this.#report(chunk, 0, `${segment.malformed} event(s) that contradict the recording's layout`);
    this.#ledger.addSegment(segment);
    this.#ledger.addCounted(header.cpu, Number(header.lost));
    this.#merger.add(segment);
  }

  #useLayout(layout: EventLayout): void {
    this.#head = new HeadReader(layout);
    this.#merger = new EventMerger(layout);
  }

  *#release(time: number): Generator<EventBatch> {
    if (!this.#merger) return;
    for (const batch of this.#merger.release(time)) {
      this.events += batch.length;
      const first = batch.times[0] ?? 0;
      const last = batch.times[batch.length - 1] ?? 0;
      this.firstNs = Math.min(this.firstNs ?? first, first);
      this.lastNs = Math.max(this.lastNs ?? last, last);
      if (this.repeatBytes) this.#repeated.resolve(batch);
      yield batch;
    }
  }

  #json(chunk: Chunk): unknown {
    const value = parseJson(chunk.payload);
    if (value === undefined)
      this.#report(chunk, chunk.payload.length, `${chunkTypeName(chunk.header.type)} is not JSON`);
    return value;
  }

  #report(chunk: Chunk, length: number, reason: string): void {
    if (this.#scanner.mode === "strict")
      throw new DamagedError(`damaged at byte ${chunk.offset}: ${reason}`, chunk.offset);
    this.#damage.push({ offset: chunk.offset + chunk.bytes.length - length, length, reason });
  }
}
