// Puts chunks together for writing. It gives byte arrays, and leaves it to its user where they go.
import {
  CHUNK_HEADER_SIZE,
  CHUNK_TRAILER_SIZE,
  ChunkType,
  chunkSalt,
  encodeChunkHeader,
  NO_CPU,
  padding,
} from "./chunk.js";
import { crcOf } from "./crc.js";
import { encodeFileHeader, FILE_HEADER_SIZE } from "./file-header.js";
import { encodeIndex, type IndexEntry } from "./payloads.js";

/** With more chunks than this the INDEX is left out: it is an optimisation, and would take memory while recording. */
const INDEX_ENTRIES_MAX = 262_144;

/** What a chunk header says beyond type, place and size. All are optional. */
export interface ChunkFacts {
  readonly cpu?: number;
  readonly firstNs?: bigint;
  readonly lastNs?: bigint;
  readonly lost?: bigint;
}

/** An encoder of one log. Each call gives the next bytes of the file as spans, to be written in order. */
export class LogEncoder {
  /** Bytes of the file so far. */
  bytes = 0;
  readonly #uuid: Uint8Array;
  readonly #layoutId: number;
  readonly #startNs: bigint;
  readonly #salt: number;
  readonly #index: IndexEntry[] = [];
  #sequence = 0;

  /**
   * @param uuid 16 bytes, new for each file
   * @param layoutId of the events' layout (`layoutId()`)
   * @param startNs CLOCK_MONOTONIC now
   */
  constructor(uuid: Uint8Array, layoutId: number, startNs: bigint) {
    this.#uuid = uuid;
    this.#layoutId = layoutId;
    this.#startNs = startNs;
    this.#salt = chunkSalt(uuid);
  }

  /** The first bytes of the file. */
  fileHeader(): Uint8Array {
    this.bytes += FILE_HEADER_SIZE;
    return encodeFileHeader({ uuid: this.#uuid, layoutId: this.#layoutId, startNs: this.#startNs });
  }

  /** A chunk whose payload is the spans one after another. The spans are not copied. */
  chunk(type: number, spans: readonly Uint8Array[], facts: ChunkFacts = {}): Uint8Array[] {
    const length = spans.reduce((sum, span) => sum + span.length, 0);
    const padded = padding(length);
    const head = new Uint8Array(CHUNK_HEADER_SIZE);
    const tail = new Uint8Array(padded + CHUNK_TRAILER_SIZE);
    const { cpu = NO_CPU, firstNs = 0n, lastNs = 0n, lost = 0n } = facts;
    const payloadCrc = crcOf(...spans);
    encodeChunkHeader(
      head,
      { type, cpu, sequence: this.#sequence++, length, firstNs, lastNs, lost, payloadCrc },
      this.#salt,
    );
    new DataView(tail.buffer).setBigUint64(padded, BigInt(length), true);
    if (type !== ChunkType.ROUND && this.#index.length <= INDEX_ENTRIES_MAX)
      this.#index.push({ offset: this.bytes, type, cpu, firstNs, lastNs });
    this.bytes += head.length + length + tail.length;
    return [head, ...spans, tail];
  }

  /** A chunk of JSON. */
  json(type: number, value: unknown): Uint8Array[] {
    return this.chunk(type, [Buffer.from(JSON.stringify(value))]);
  }

  /** The INDEX of the chunks so far; nothing if there are too many. */
  index(): Uint8Array[] {
    if (this.#index.length > INDEX_ENTRIES_MAX) return [];
    return this.chunk(ChunkType.INDEX, [encodeIndex(this.#index)]);
  }
}
