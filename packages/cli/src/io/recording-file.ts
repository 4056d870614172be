// Reads a recording from a file or from standard input, piece by piece.
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { type EventBatch, type ReadMode, RecordingReader } from "@skbtracer/format";
import { UsageError } from "../options/usage-error.js";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Which reading mode the flags ask for. */
export function readMode(flags: { strict?: true; salvage?: true }): ReadMode {
  if (flags.strict && flags.salvage) throw new UsageError("--strict and --salvage exclude each other");
  if (flags.strict) return "strict";
  return flags.salvage ? "salvage" : "tolerate-tail";
}

/** The bytes of a file, or of standard input for "-". */
export async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  if (path !== "-" && (await stat(path)).isDirectory())
    throw new UsageError(`cannot open ${path}: it is a folder`);
  const stream = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  for await (const piece of stream) yield piece as Buffer;
}

/** Reads to the end, giving events in order; `reader` knows the rest. */
export async function* readRecording(path: string, reader: RecordingReader): AsyncGenerator<EventBatch> {
  for await (const piece of readPieces(path)) yield* reader.push(piece);
  yield* reader.end();
}

const DATABASE_MAGIC = "SQLite format 3\0";

/** Whether a path is a SQLite database; "-" and what cannot be opened are none. */
export async function isRegularDatabase(path: string): Promise<boolean> {
  if (path === "-") return false;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return false;
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(
      Buffer.alloc(DATABASE_MAGIC.length),
      0,
      DATABASE_MAGIC.length,
      0,
    );
    return bytesRead === DATABASE_MAGIC.length && buffer.toString("latin1") === DATABASE_MAGIC;
  } finally {
    await file.close();
  }
}
