// Reads a recording from a file or from standard input, piece by piece.
import { open, stat } from "node:fs/promises";
import {
  decodeFileHeader,
  type EventBatch,
  FILE_HEADER_SIZE,
  type FileHeader,
  FormatError,
  type ReadMode,
  RecordingReader,
} from "@skbtracer/format";
import { UsageError } from "../options/usage-error.js";

/** As much as a few rings hold, so that reading goes on while a chunk's events are worked on. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** Pieces are read one behind the other into memory that is large enough for most chunks to lie in it whole. */
const MEMORY_BYTES = 2 * PIECE_BYTES;

/** Which reading mode the flags ask for. */
export function readMode(flags: { strict?: true; salvage?: true }): ReadMode {
  if (flags.strict && flags.salvage) throw new UsageError("--strict and --salvage exclude each other");
  if (flags.strict) return "strict";
  return flags.salvage ? "salvage" : "tolerate-tail";
}

/**
 * The bytes of a file, or of standard input for "-".
 * @param isHeld whether the memory of an earlier piece is still in use: where not, it is read into again
 */
export async function* readPieces(
  path: string,
  isHeld: (memory: ArrayBufferLike) => boolean = () => true,
): AsyncGenerator<Uint8Array> {
  if (path === "-") {
    for await (const piece of process.stdin) yield piece as Buffer;
    return;
  }
  if ((await stat(path)).isDirectory()) throw new UsageError(`cannot open ${path}: it is a folder`);
  const file = await open(path);
  const memories: ArrayBuffer[] = [];
  let memory = new ArrayBuffer(MEMORY_BYTES);
  let used = 0;
  const readNext = (): ReturnType<typeof file.read<Uint8Array>> => {
    if (used === MEMORY_BYTES) {
      memories.push(memory);
      const free = memories.findIndex((candidate) => candidate !== memory && !isHeld(candidate));
      memory = memories.splice(free, free < 0 ? 0 : 1)[0] ?? new ArrayBuffer(MEMORY_BYTES);
      used = 0;
    }
    return file.read(new Uint8Array(memory, used, Math.min(PIECE_BYTES, MEMORY_BYTES - used)));
  };
  let next = readNext();
  try {
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      used += bytesRead;
      // Read while this piece is worked on.
      next = readNext();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await next.catch(() => undefined);
    await file.close();
  }
}

/**
 * Reads to the end, giving events in order, each batch until the next one is asked for; `reader` knows the rest.
 * @throws FormatError that names the file
 */
export async function* readRecording(path: string, reader: RecordingReader): AsyncGenerator<EventBatch> {
  try {
    for await (const piece of readPieces(path, (memory) => reader.holds(memory))) yield* reader.push(piece);
    yield* reader.end();
  } catch (error) {
    if (error instanceof FormatError)
      error.message = `${path === "-" ? "standard input" : path}: ${error.message}`;
    throw error;
  }
}

/**
 * Refuses what gives its bytes only once.
 * @param command which reads it twice
 * @throws UsageError
 */
export async function refuseReadOnce(path: string, command: string): Promise<void> {
  const isPipe = path !== "-" && (await stat(path).catch(() => undefined))?.isFIFO();
  if (path !== "-" && !isPipe) return;
  const what = isPipe ? `${path}, which is a pipe` : "standard input";
  throw new UsageError(
    `${command} reads a recording twice, and what is read twice has to be a file, not ${what}`,
  );
}

const DATABASE_MAGIC = "SQLite format 3\0";

/** Whether a path is a SQLite database; "-" and what is no regular file are none. */
export async function isRegularDatabase(path: string): Promise<boolean> {
  const bytes = await firstBytes(path, DATABASE_MAGIC.length);
  return bytes?.toString("latin1") === DATABASE_MAGIC;
}

/**
 * The header of a recording that is a regular file; undefined for others, which give their bytes only once.
 * @throws FormatError if it is no recording, or its header is damaged
 */
export async function headerOf(path: string): Promise<FileHeader | undefined> {
  const bytes = await firstBytes(path, FILE_HEADER_SIZE);
  return bytes && decodeFileHeader(bytes);
}

/** Of a regular file, as far as it has them; undefined for others. */
async function firstBytes(path: string, count: number): Promise<Buffer | undefined> {
  if (path === "-") return undefined;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Refuses a database where only a recording will do.
 * @param verb what is asked for: "redact"
 * @throws UsageError
 */
export async function refuseDatabase(path: string, verb: string): Promise<void> {
  if (await isRegularDatabase(path))
    throw new UsageError(`${path} is a database: ${verb} the recording that it was made from`);
}
