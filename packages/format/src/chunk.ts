// The frame of a chunk: 64 bytes before the payload, 8 after it. docs/format.md, "Chunk".
import { crcOf } from "./crc.js";

export const CHUNK_HEADER_SIZE = 64;
export const CHUNK_TRAILER_SIZE = 8;

/** "SKBC" in file order. */
export const CHUNK_SYNC = 0x43424b53;

/** No CPU: the chunk is about the whole host. */
export const NO_CPU = 0xffff;

/** Types with this bit are optional: a reader that does not know one skips it. */
export const OPTIONAL_TYPE = 0x8000;

/** What a chunk holds. Payloads: docs/format.md, "Chunk types". */
export const ChunkType = {
  /** JSON: the host, the probes, the layout of events. */
  ENVIRONMENT: 0x0001,
  /** JSON: names of the code addresses, stacks and devices that events refer to; chunks add up. */
  DICTIONARY: 0x0002,
  /** Bytes of one CPU's perf ring, whole records. */
  RAW: 0x0003,
  /** Up to here all CPUs were drained: the reader may sort and release. */
  ROUND: 0x0004,
  /** Events that one CPU's ring refused since its last chunk. */
  LOST: 0x0005,
  /** Why and when the recording ended, and its totals. */
  END: 0x0006,
  /** JSON: what could not be read, at this place, of the recording that this one was made from. */
  GAP: 0x0007,
  /** Pairs of clocks. */
  CLOCK: 0x8001,
  /** JSON: the program's counters so far. */
  STATS: 0x8002,
  /** JSON: the firewall's rules at one moment. */
  RULES: 0x8003,
  /** Where the chunks are. */
  INDEX: 0x8004,
  /** JSON: what `repair` left out. */
  REPAIR: 0x8005,
} as const;
export type ChunkType = (typeof ChunkType)[keyof typeof ChunkType];

/** The name of a chunk type, for people; unknown ones as a number. */
export function chunkTypeName(type: number): string {
  const entry = Object.entries(ChunkType).find(([, value]) => value === type);
  return entry ? entry[0] : `0x${type.toString(16).padStart(4, "0")}`;
}

/** Byte offsets of the fields of a chunk header. */
export const CHUNK_HEADER = {
  sync: 0,
  salt: 4,
  type: 8,
  cpu: 10,
  reserved: 12,
  sequence: 16,
  length: 24,
  firstNs: 32,
  lastNs: 40,
  lost: 48,
  payloadCrc: 56,
  headerCrc: 60,
} as const;

/** What a chunk header says. */
export interface ChunkHeader {
  readonly type: number;
  /** The CPU that the payload is of, or NO_CPU. */
  readonly cpu: number;
  /** Counts the chunks of the file, from 0. */
  readonly sequence: number;
  /** Of the payload, in bytes, without padding. */
  readonly length: number;
  /** Nothing in the payload is earlier than this... (CLOCK_MONOTONIC, ns; 0: not known) */
  readonly firstNs: bigint;
  /** ...or later than this. */
  readonly lastNs: bigint;
  /** Events that this CPU's ring has refused since the recording began. */
  readonly lost: bigint;
  readonly payloadCrc: number;
}

/** The salt of a file's chunks: packets can contain our sync word, but not know the file's UUID. */
export function chunkSalt(uuid: Uint8Array): number {
  return crcOf(uuid);
}

/** Bytes that a chunk takes in the file: header, payload padded to a multiple of 8, trailer. */
export function chunkSize(payloadLength: number): number {
  return CHUNK_HEADER_SIZE + payloadLength + padding(payloadLength) + CHUNK_TRAILER_SIZE;
}

/** Zero bytes between a payload of this length and its trailer: 0 to 7. */
export function padding(payloadLength: number): number {
  return -payloadLength & 7;
}

/** Writes a chunk header into `bytes` at 0. */
export function encodeChunkHeader(bytes: Uint8Array, header: ChunkHeader, salt: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, CHUNK_HEADER_SIZE);
  view.setUint32(CHUNK_HEADER.sync, CHUNK_SYNC, true);
  view.setUint32(CHUNK_HEADER.salt, salt, true);
  view.setUint16(CHUNK_HEADER.type, header.type, true);
  view.setUint16(CHUNK_HEADER.cpu, header.cpu, true);
  view.setUint32(CHUNK_HEADER.reserved, 0, true);
  view.setBigUint64(CHUNK_HEADER.sequence, BigInt(header.sequence), true);
  view.setBigUint64(CHUNK_HEADER.length, BigInt(header.length), true);
  view.setBigUint64(CHUNK_HEADER.firstNs, header.firstNs, true);
  view.setBigUint64(CHUNK_HEADER.lastNs, header.lastNs, true);
  view.setBigUint64(CHUNK_HEADER.lost, header.lost, true);
  view.setUint32(CHUNK_HEADER.payloadCrc, header.payloadCrc, true);
  view.setUint32(CHUNK_HEADER.headerCrc, crcOf(bytes.subarray(0, CHUNK_HEADER.headerCrc)), true);
}

/** Why bytes are not a chunk header. */
export type ChunkRefusal = "no sync word" | "salt of another file" | "header checksum" | "absurd length";

/**
 * Reads a chunk header from the first 64 of `bytes`.
 * @param salt the file's, or undefined where the file header is damaged: then any is accepted
 */
export function decodeChunkHeader(bytes: Uint8Array, salt: number | undefined): ChunkHeader | ChunkRefusal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, CHUNK_HEADER_SIZE);
  if (view.getUint32(CHUNK_HEADER.sync, true) !== CHUNK_SYNC) return "no sync word";
  if (salt !== undefined && view.getUint32(CHUNK_HEADER.salt, true) !== salt) return "salt of another file";
  if (view.getUint32(CHUNK_HEADER.headerCrc, true) !== crcOf(bytes.subarray(0, CHUNK_HEADER.headerCrc)))
    return "header checksum";
  const length = view.getBigUint64(CHUNK_HEADER.length, true);
  const sequence = view.getBigUint64(CHUNK_HEADER.sequence, true);
  if (length > 0x7fff_ffffn || sequence > 0xffff_ffff_ffffn) return "absurd length";
  return {
    type: view.getUint16(CHUNK_HEADER.type, true),
    cpu: view.getUint16(CHUNK_HEADER.cpu, true),
    sequence: Number(sequence),
    length: Number(length),
    firstNs: view.getBigUint64(CHUNK_HEADER.firstNs, true),
    lastNs: view.getBigUint64(CHUNK_HEADER.lastNs, true),
    lost: view.getBigUint64(CHUNK_HEADER.lost, true),
    payloadCrc: view.getUint32(CHUNK_HEADER.payloadCrc, true),
  };
}

/** The salt that a chunk header bears. */
export function saltOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, CHUNK_HEADER_SIZE).getUint32(CHUNK_HEADER.salt, true);
}
