// Writes a slice: some of a recording's events, byte for byte unless they refer to others that are left out, in a recording that stands alone and looks no more
// complete than the one that they are from.
import {
  type Chunk,
  ChunkType,
  type Damage,
  DamageWatch,
  decodeRound,
  dictionaryJson,
  encodeLeftOut,
  type EventBatch,
  HeadReader,
  isBrokenJson,
  LogWriter,
  type Origin,
  openSegment,
  parseJson,
  PERF_RECORD_LOST,
  PERF_RECORD_SAMPLE,
  perfRecords,
  type ReadMode,
  RECORD_LEFT_OUT,
  RecordingReader,
  uuidText,
} from "@skbtracer/format";
import { KeptEvents } from "./kept-events.js";
import { UsedNames } from "./used-names.js";

/** What to write, and where to. */
export interface SliceOptions {
  readonly mode: ReadMode;
  /** 16 bytes, new. */
  readonly uuid: Uint8Array;
  /** What was chosen, for people. */
  readonly facts: readonly string[];
  /** Takes the bytes of the slice in order. */
  write(spans: Uint8Array[]): void;
}

/** A RAW chunk of which some events are not decided. */
interface PendingRaw {
  readonly chunk: Chunk;
  /** Of its events that were decided. */
  decided: number;
  /** Of its events; undefined until the reader has taken it in. */
  events: number | undefined;
  /** Where in the payload the kept ones begin, with the records in their place where they cannot stand as they are. */
  readonly kept: Map<number, readonly Uint8Array[] | undefined>;
}

type Pending = PendingRaw | Chunk | Damage;

/** What a CPU's part of the slice needs to know of the part before. */
interface CpuState {
  /** Of the last event left out since the last record; undefined: none was. */
  leftOutNs: bigint | undefined;
  /** The last record tells of a loss. */
  isAfterLoss: boolean;
  hasLosses: boolean;
  lostWritten: bigint;
}

/** Rounds that stand behind a gap: by them a reader tells how long it may have lasted. */
const ROUNDS_BEHIND_GAP = 5;

/** Not copied: what is written anew. */
const REPLACED: ReadonlySet<number> = new Set([ChunkType.DICTIONARY, ChunkType.END, ChunkType.INDEX]);

/**
 * A writer that reads the source by its own `reader`: push the source's bytes into that, and give each batch to `take`.
 * It holds what lies between two rounds of the source.
 */
export class SliceWriter {
  readonly reader: RecordingReader;
  /** Events kept so far. */
  kept = 0;
  readonly #options: SliceOptions;
  readonly #names: UsedNames;
  readonly #events = new KeptEvents();
  /** Events of connections that stand in the slice beside the kept ones. */
  #added = 0;
  readonly #damage: DamageWatch;
  readonly #pending: Pending[] = [];
  readonly #raws = new Map<number, PendingRaw>();
  readonly #cpus = new Map<number, CpuState>();
  #log: LogWriter | undefined;
  #head: HeadReader | undefined;
  #roundsWanted = 0;
  /** Time of the last kept event that was written, and up to when events have been released; CLOCK_MONOTONIC ns. */
  #lastKeptNs = 0n;
  #safeNs = 0n;
  #clock: Chunk | undefined;
  #stats: Chunk | undefined;
  #hasClock = false;

  constructor(options: SliceOptions) {
    this.#options = options;
    this.reader = new RecordingReader({ mode: options.mode, onChunk: (chunk) => this.#enqueue(chunk) });
    this.#damage = new DamageWatch(this.reader);
    this.#names = new UsedNames(this.reader.dictionary);
  }

  /** Takes the next batch of the reader, and which of its events are kept. */
  take(batch: EventBatch, isKept: (i: number) => boolean): void {
    for (let i = 0; i < batch.length; i++) {
      const raw = this.#raws.get(batch.chunkSequence(i));
      if (!raw) continue;
      raw.decided++;
      this.#events.note(batch, i);
      if (!isKept(i)) continue;
      this.kept++;
      const { layout } = this.reader;
      const records = layout && this.#events.replace(batch, i, layout);
      if (records) this.#added += records.length - 1;
      raw.kept.set(batch.payloadOffset(i), records);
      this.#names.add(batch, i);
    }
    this.#flush();
  }

  /** After the last batch: writes the rest. */
  end(): void {
    this.#enqueueDamage();
    this.#flush();
    const log = this.#begun();
    this.#writeNames(log);
    for (const [cpu, { leftOutNs, hasLosses }] of this.#cpus)
      if (hasLosses && leftOutNs !== undefined)
        log.raw([encodeLeftOut(leftOutNs)], 0, { cpu, lost: this.#cpu(cpu).lostWritten });
    this.#writeClock(log);
    if (this.#stats) log.copy(this.#stats);
    log.end(this.reader, this.reader.events - this.kept - this.#added);
  }

  #begun(): LogWriter {
    this.#log ??= new LogWriter(this.reader, this.#options.uuid, (spans) => this.#options.write(spans));
    return this.#log;
  }

  #enqueue(chunk: Chunk): void {
    this.#enqueueDamage();
    const { type, sequence } = chunk.header;
    if (type === ChunkType.DICTIONARY) this.#names.expire();
    if (REPLACED.has(type)) return;
    if (type === ChunkType.RAW) {
      const raw = {
        chunk,
        decided: 0,
        events: undefined,
        kept: new Map<number, readonly Uint8Array[] | undefined>(),
      };
      this.#raws.set(sequence, raw);
      this.#pending.push(raw);
    } else this.#pending.push(chunk);
  }

  /** What the reader could not use of the source becomes a gap where it was. */
  #enqueueDamage(): void {
    this.#pending.push(...this.#damage.next());
  }

  /** Writes what is decided, up to the first chunk that is not. */
  #flush(): void {
    let written = 0;
    for (const next of this.#pending) {
      if ("kept" in next) {
        if (!this.#isDecided(next)) break;
        this.#writeRaw(next);
        this.#raws.delete(next.chunk.header.sequence);
      } else if ("header" in next) this.#write(next);
      else {
        this.#begun().gap(next);
        this.#roundsWanted = ROUNDS_BEHIND_GAP;
      }
      written++;
    }
    this.#pending.splice(0, written);
  }

  #isDecided(raw: PendingRaw): boolean {
    const { layout } = this.reader;
    if (raw.events === undefined && layout) {
      this.#head ??= new HeadReader(layout);
      const { header, payload } = raw.chunk;
      raw.events = openSegment(payload, header.cpu, 0, 0n, this.#head).length;
    }
    return raw.decided === raw.events;
  }

  #write(chunk: Chunk): void {
    const log = this.#begun();
    const { type } = chunk.header;
    if (isBrokenJson(chunk)) return;
    switch (type) {
      case ChunkType.ENVIRONMENT:
        log.json(type, this.#withOrigin(parseJson(chunk.payload)));
        break;
      case ChunkType.ROUND:
        this.#writeNames(log);
        this.#writeRound(chunk, log);
        break;
      case ChunkType.CLOCK:
        this.#clock = chunk;
        // The first tells when the recording began.
        if (!this.#hasClock) this.#writeClock(log);
        break;
      case ChunkType.STATS:
        this.#stats = chunk; // the last one counts
        break;
      case ChunkType.GAP:
        log.copy(chunk);
        this.#roundsWanted = ROUNDS_BEHIND_GAP;
        break;
      case ChunkType.LOST:
        this.#noteLost(chunk.header);
        log.copy(chunk);
        break;
      default:
        log.copy(chunk);
    }
  }

  /** Only rounds by which a reader releases kept events, or tells how long a gap may have lasted. */
  #writeRound(chunk: Chunk, log: LogWriter): void {
    if (this.#roundsWanted === 0 && this.#lastKeptNs < this.#safeNs) return;
    this.#roundsWanted = Math.max(0, this.#roundsWanted - 1);
    const round = decodeRound(chunk.payload);
    if (round) this.#safeNs = round.safeNs;
    // The events that it releases are told their time of day by the last clocks before it.
    this.#writeClock(log);
    log.copy(chunk);
  }

  #noteLost({ cpu, lost }: { readonly cpu: number; readonly lost: bigint }): void {
    const state = this.#cpu(cpu);
    state.hasLosses = true;
    if (lost > state.lostWritten) state.lostWritten = lost;
  }

  #withOrigin(environment: unknown): unknown {
    const { fileHeader } = this.reader;
    const origin: Origin = {
      command: "slice",
      ...(fileHeader && { parent: uuidText(fileHeader.uuid) }),
      facts: this.#options.facts,
    };
    const before = (environment as { origins?: unknown } | null)?.origins;
    return { ...(environment as object), origins: [...(Array.isArray(before) ? before : []), origin] };
  }

  #writeNames(log: LogWriter): void {
    const entries = this.#names.take();
    if (entries) log.json(ChunkType.DICTIONARY, dictionaryJson(entries));
  }

  #writeClock(log: LogWriter): void {
    if (!this.#clock) return;
    log.copy(this.#clock);
    this.#hasClock = true;
    this.#clock = undefined;
  }

  #writeRaw({ chunk, kept }: PendingRaw): void {
    const { cpu, firstNs, lastNs, lost } = chunk.header;
    const state = this.#cpu(cpu);
    const records = this.#keptRecords(chunk.payload, kept, state);
    if (records.length === 0 && lost <= state.lostWritten) return;
    if (lost > 0n) this.#noteLost(chunk.header);
    const log = this.#begun();
    this.#writeClock(log);
    const events = [...kept.values()].reduce((sum, own) => sum + (own?.length ?? 1), 0);
    log.raw(records, events, { cpu, firstNs, lastNs, lost });
  }

  /** The kept events, and all losses with a mark of the events beside them, so that they last as long as before. */
  #keptRecords(payload: Uint8Array, kept: PendingRaw["kept"], state: CpuState): Uint8Array[] {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const timeAt = this.#head?.timeAt ?? 0;
    const records: Uint8Array[] = [];
    const leaveOut = (timeNs: bigint): void => {
      if (state.isAfterLoss) records.push(encodeLeftOut(timeNs));
      state.leftOutNs = state.isAfterLoss ? undefined : timeNs;
      state.isAfterLoss = false;
    };
    for (const { type, bytes, dataAt } of perfRecords(payload)) {
      if (type === PERF_RECORD_SAMPLE && kept.has(dataAt)) {
        records.push(...(kept.get(dataAt) ?? [bytes]));
        const timeNs = view.getBigUint64(dataAt + timeAt, true);
        if (timeNs > this.#lastKeptNs) this.#lastKeptNs = timeNs;
        state.leftOutNs = undefined;
        state.isAfterLoss = false;
      } else if (type === PERF_RECORD_LOST) {
        if (state.leftOutNs !== undefined) records.push(encodeLeftOut(state.leftOutNs));
        records.push(bytes);
        state.leftOutNs = undefined;
        state.isAfterLoss = true;
        state.hasLosses = true;
      } else if (type === PERF_RECORD_SAMPLE && dataAt + timeAt + 8 <= payload.length)
        leaveOut(view.getBigUint64(dataAt + timeAt, true));
      else if (type === RECORD_LEFT_OUT) leaveOut(view.getBigUint64(dataAt - 4, true));
    }
    return records;
  }

  #cpu(cpu: number): CpuState {
    let state = this.#cpus.get(cpu);
    if (!state) {
      state = { leftOutNs: undefined, isAfterLoss: false, hasLosses: false, lostWritten: 0n };
      this.#cpus.set(cpu, state);
    }
    return state;
  }
}
