// Writes a log that is made from another one: its chunks, its gaps, and an end that says what it holds.
import { ChunkType } from "./chunk.js";
import type { Chunk, Damage } from "./chunk-scanner.js";
import { type ChunkFacts, LogEncoder } from "./log-encoder.js";
import type { RecordingReader } from "./recording-reader.js";
import { EVENT_LAYOUT } from "./event-layout.generated.js";
import { layoutId } from "./event-layout.js";

/** A writer of one log. What is called is written at once. */
export class LogWriter {
  /** Events written so far. */
  events = 0;
  readonly #encoder: LogEncoder;
  readonly #write: (spans: Uint8Array[]) => void;

  /**
   * Writes the file header, whose times count from the same zero as the source's.
   * @param source has read its file header, if that is whole
   * @param uuid 16 bytes
   * @param write takes the bytes of the file in order
   */
  constructor(source: RecordingReader, uuid: Uint8Array, write: (spans: Uint8Array[]) => void) {
    const layout = source.fileHeader?.layoutId ?? layoutId(EVENT_LAYOUT);
    this.#encoder = new LogEncoder(uuid, layout, source.startNs);
    this.#write = write;
    write([this.#encoder.fileHeader()]);
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#encoder.bytes;
  }

  /** A chunk of another log, as it is. */
  copy({ header, payload }: Chunk): void {
    this.#write(this.#encoder.chunk(header.type, [payload], header));
  }

  json(type: number, value: unknown): void {
    this.#write(this.#encoder.json(type, value));
  }

  /** Records of one CPU's ring, of which `events` are events. */
  raw(records: readonly Uint8Array[], events: number, facts: ChunkFacts): void {
    this.events += events;
    // As one span: a ring that was full has more records than a call takes arguments.
    this.#write(this.#encoder.chunk(ChunkType.RAW, [Buffer.concat(records)], facts));
  }

  /** Something could not be read of the source, here. */
  gap({ offset, length, reason }: Damage): void {
    this.json(ChunkType.GAP, { offset, length, reason });
  }

  /**
   * Writes INDEX and END. What is missing of the source's events is missing here too; if it was not closed, a gap says so.
   * @param source has been read to its end
   * @param left events of the source that were left out on purpose
   * @param reason why the recording ended; the source's, if it is not given
   */
  end(source: RecordingReader, left: number, reason?: string): void {
    const { ended, lost } = source;
    if (!ended) this.gap({ offset: source.bytes, length: 0, reason: NOT_CLOSED });
    const missing = ended ? Math.max(0, ended.attempts - ended.failed - this.events - left) : 0;
    const failed = ended?.failed ?? lost;
    this.#write(this.#encoder.index());
    this.json(ChunkType.END, {
      reason: reason ?? ended?.reason ?? TORN,
      atNs: ended?.atNs ?? source.lastNs ?? 0,
      attempts: this.events + missing + failed,
      failed,
    });
  }
}

/** Of a recording that was torn off: of the gap at its end, and of the end. */
const NOT_CLOSED = "the recording was not closed";
const TORN = "torn";
