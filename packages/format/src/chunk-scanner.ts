// Finds the chunks in a log that arrives piece by piece, and says which bytes it could not use.
import { ByteQueue } from "./byte-queue.js";
import {
  CHUNK_HEADER_SIZE,
  CHUNK_SYNC,
  CHUNK_TRAILER_SIZE,
  type ChunkHeader,
  chunkSalt,
  chunkSize,
  decodeChunkHeader,
  padding,
  saltOf,
} from "./chunk.js";
import { crcOf } from "./crc.js";
import { DamagedError, FormatError, NewerFormatError, NotARecordingError } from "./errors.js";
import { decodeFileHeader, FILE_HEADER_SIZE, type FileHeader } from "./file-header.js";

/**
 * How to read a file in which something is wrong:
 * - `strict`: throw DamagedError.
 * - `tolerate-tail`: a chunk whose payload is damaged is left out and reading goes on behind it; where even its header
 *   is, reading ends, and the rest of the file is reported as damage.
 * - `salvage`: then, too, look for the next chunk.
 */
export type ReadMode = "strict" | "tolerate-tail" | "salvage";

/** A range of bytes of the file that was not used, or (of length 0) a place where chunks are missing. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
  readonly reason: string;
}

/** A chunk as found in the file. */
export interface Chunk {
  readonly header: ChunkHeader;
  /** Of the chunk's header in the file. */
  readonly offset: number;
  readonly payload: Uint8Array;
  /** All of the chunk's bytes: header, payload, padding, trailer. */
  readonly bytes: Uint8Array;
}

/** A parser of logs that is fed by `push` and ends with `end`. */
export class ChunkScanner {
  readonly mode: ReadMode;
  /** Filled as found, in file order; adjacent ranges are joined. */
  readonly damage: Damage[] = [];
  /** The file header; undefined before it has arrived, or if it is damaged. */
  fileHeader: FileHeader | undefined;

  #queue = new ByteQueue();
  #offset = 0;
  #state: "header" | "chunk" | "seek" | "stopped" = "header";
  #salt: number | undefined;
  #sequence = 0;
  #stopReason = "";

  constructor(mode: ReadMode = "tolerate-tail") {
    this.mode = mode;
  }

  /** Bytes that were pushed so far. */
  get bytes(): number {
    return this.#offset + this.#queue.length;
  }

  /** Whether bytes of this memory were pushed and not given yet. */
  holds(memory: ArrayBufferLike): boolean {
    return this.#queue.holds(memory);
  }

  /**
   * Takes the next bytes of the file, which must not be changed afterwards, and gives the chunks that are whole now.
   * @throws NotARecordingError, NewerFormatError; DamagedError if strict
   */
  *push(bytes: Uint8Array): Generator<Chunk> {
    this.#queue.push(bytes);
    yield* this.#scan(false);
  }

  /** No more bytes will come: gives the last chunks and reports a torn tail. */
  *end(): Generator<Chunk> {
    yield* this.#scan(true);
    if (this.#queue.length > 0) {
      const reason = this.#state === "chunk" ? "the file ends inside a chunk" : this.#stopReason;
      this.#discard(this.#queue.length, reason);
    }
  }

  *#scan(atEnd: boolean): Generator<Chunk> {
    for (;;) {
      switch (this.#state) {
        case "header":
          if (!this.#readFileHeader(atEnd)) return;
          break;
        case "chunk": {
          const chunk = this.#readChunk(atEnd);
          if (chunk === "wait") return;
          if (chunk) yield chunk;
          break;
        }
        case "seek":
          if (!this.#seek(atEnd)) return;
          break;
        case "stopped":
          this.#discard(this.#queue.length, this.#stopReason);
          return;
      }
    }
  }

  #readFileHeader(atEnd: boolean): boolean {
    const bytes =
      this.#queue.peek(FILE_HEADER_SIZE) ?? (atEnd ? this.#queue.peek(this.#queue.length) : undefined);
    if (!bytes) return false;
    try {
      this.fileHeader = decodeFileHeader(bytes);
      this.#salt = chunkSalt(this.fileHeader.uuid);
      this.#take(FILE_HEADER_SIZE);
    } catch (error) {
      if (error instanceof NotARecordingError || error instanceof NewerFormatError) throw error;
      if (!(error instanceof FormatError)) throw error;
      this.#discard(FILE_HEADER_SIZE, error.message);
    }
    this.#state = "chunk";
    return true;
  }

  /** A chunk; "wait" if it is not all here yet; undefined if something stood in its place, which is dealt with. */
  #readChunk(atEnd: boolean): Chunk | "wait" | undefined {
    const head = this.#queue.peek(CHUNK_HEADER_SIZE);
    if (!head) return "wait";
    const header = decodeChunkHeader(head, this.#salt);
    if (typeof header === "string") {
      this.#lose(`not a chunk: ${header}`);
      return undefined;
    }
    const size = chunkSize(header.length);
    const bytes = this.#queue.peek(size);
    if (!bytes) {
      // In salvage, the header of a torn chunk may be followed by whole ones, if a middle part is missing.
      if (atEnd && this.mode === "salvage" && this.#queue.length > CHUNK_HEADER_SIZE) {
        this.#lose("the file ends inside a chunk");
        return undefined;
      }
      return "wait";
    }
    const payload = bytes.subarray(CHUNK_HEADER_SIZE, CHUNK_HEADER_SIZE + header.length);
    const wrong = wrongWith(header, bytes, payload);
    const at = this.#offset;
    if (wrong) {
      // The header's checksum holds, so its length does; unless the payload was cut and other chunks follow early.
      if (this.mode === "salvage") this.#lose(wrong);
      else this.#discard(size, wrong);
      return undefined;
    }
    if (header.sequence < this.#sequence) {
      this.#discard(size, `chunk ${header.sequence} stands after chunk ${this.#sequence - 1}`);
      return undefined;
    }
    if (header.sequence > this.#sequence) this.#noteGap(header.sequence - this.#sequence);
    this.#salt ??= saltOf(head);
    this.#sequence = header.sequence + 1;
    this.#take(size);
    return { header, offset: at, payload, bytes };
  }

  /** Leaves the damaged place as the mode wants it. */
  #lose(reason: string): void {
    if (this.mode === "salvage") {
      this.#discard(1, reason);
      this.#stopReason = reason;
      this.#state = "seek";
    } else {
      this.#stopReason = `${reason}; the rest was not read`;
      this.#state = "stopped";
    }
  }

  /** Goes to the next sync word. Returns whether there is one. */
  #seek(atEnd: boolean): boolean {
    const found = this.#queue.indexOf(CHUNK_SYNC, this.#salt);
    if (found >= 0) {
      this.#discard(found, this.#stopReason);
      this.#state = "chunk";
      return true;
    }
    // The pattern may have begun in the last bytes.
    const keep = atEnd ? 0 : 7;
    if (this.#queue.length > keep) this.#discard(this.#queue.length - keep, this.#stopReason);
    return false;
  }

  #noteGap(missing: number): void {
    const last = this.damage.at(-1);
    if (last && last.offset + last.length === this.#offset) return; // the damage before this explains it
    this.#report({ offset: this.#offset, length: 0, reason: `${missing} chunk(s) missing here` });
  }

  #take(size: number): void {
    this.#queue.skip(size);
    this.#offset += size;
  }

  #discard(size: number, reason: string): void {
    if (size === 0) return;
    this.#report({ offset: this.#offset, length: size, reason });
    this.#take(size);
  }

  #report(damage: Damage): void {
    if (this.mode === "strict")
      throw new DamagedError(`damaged at byte ${damage.offset}: ${damage.reason}`, damage.offset);
    const last = this.damage.at(-1);
    if (last && last.length > 0 && damage.length > 0 && last.offset + last.length === damage.offset)
      this.damage[this.damage.length - 1] = { ...last, length: last.length + damage.length };
    else this.damage.push(damage);
  }
}

function wrongWith(header: ChunkHeader, bytes: Uint8Array, payload: Uint8Array): string | undefined {
  const trailerAt = CHUNK_HEADER_SIZE + header.length + padding(header.length);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + trailerAt, CHUNK_TRAILER_SIZE);
  if (crcOf(payload) !== header.payloadCrc) return "payload checksum";
  if (bytes.subarray(CHUNK_HEADER_SIZE + header.length, trailerAt).some((byte) => byte !== 0))
    return "padding that is not zero";
  if (trailer.getBigUint64(0, true) !== BigInt(header.length)) return "the length at the chunk's end differs";
  return undefined;
}
