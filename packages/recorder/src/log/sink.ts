// Where the log goes: a file, a pipe, or a reader in this process. Bytes are written as they are, and only at the end.
import * as fs from "node:fs";
import { SinkError } from "../errors.js";
import { truncate } from "../ffi/libc.js";

/** Takes the bytes of a log in order. The spans may be memory that changes after the call. */
export interface LogSink {
  /** @throws SinkError */
  write(spans: Uint8Array[]): void;
  close(): void;
}

/** How to open a file for a log. */
export interface FileOptions {
  /** Write over a file that exists. */
  readonly force?: boolean;
}

/**
 * A log in a file, or on standard output for "-".
 * @throws SinkError if the file exists (without `force`) or cannot be created
 */
export function openFileSink(path: string, options: FileOptions = {}): FileSink {
  if (path === "-") return new FileSink(1, "standard output", false);
  try {
    const existing = fs.statSync(path, { throwIfNoEntry: false });
    // A device or a named pipe is written to as it is.
    if (existing && !existing.isFile()) {
      if (existing.isDirectory()) throw new SinkError(`${path} is a folder: give a file name`, "EISDIR");
      return new FileSink(fs.openSync(path, "w"), path, false);
    }
    if (existing && !options.force)
      throw new SinkError(`${path} exists: use another name, or --force to write over it`, "EEXIST");
    if (existing) fs.unlinkSync(path); // its mode and its links are not ours
    return new FileSink(fs.openSync(path, "wx", 0o600), path, true);
  } catch (error) {
    throw asSinkError(error, `cannot create ${path}`);
  }
}

/** A log in a file or pipe. */
export class FileSink implements LogSink {
  readonly #fd: number;
  readonly #name: string;
  readonly #seekable: boolean;
  #bytes = 0;

  constructor(fd: number, name: string, seekable: boolean) {
    this.#fd = fd;
    this.#name = name;
    this.#seekable = seekable;
  }

  write(spans: Uint8Array[]): void {
    const total = spans.reduce((sum, span) => sum + span.length, 0);
    if (total === 0) return;
    try {
      this.#writeAll(spans, total);
      this.#bytes += total;
    } catch (error) {
      // What was written of the chunk helps nobody, and its room may be enough for the end of the log.
      // Positions are given with each write, so there is none to move back.
      if (this.#seekable) truncate(this.#fd, this.#bytes);
      throw asSinkError(error, `cannot write to ${this.#name}`);
    }
  }

  close(): void {
    if (this.#fd <= 2) return;
    fs.closeSync(this.#fd);
    // A recording that never began leaves no empty file behind.
    if (this.#seekable && this.#bytes === 0) fs.rmSync(this.#name, { force: true });
  }

  #writeAll(spans: Uint8Array[], total: number): void {
    let left = total;
    let rest = spans;
    for (;;) {
      let written: number;
      try {
        written = fs.writevSync(this.#fd, rest, ...(this.#seekable ? [this.#bytes + total - left] : []));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        pause(); // a pipe in non-blocking mode whose reader is slower than we are
        continue;
      }
      left -= written;
      if (left === 0) return;
      rest = skip(rest, written);
    }
  }
}

/** A sink that hands copies of the bytes to a function. */
export class FunctionSink implements LogSink {
  readonly #take: (bytes: Uint8Array) => void;

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take;
  }

  write(spans: Uint8Array[]): void {
    this.#take(Buffer.concat(spans));
  }

  close(): void {
    // The function needs no telling: the log says itself where it ends.
  }
}

/** A sink that writes to two. */
export class TeeSink implements LogSink {
  readonly #sinks: readonly LogSink[];

  constructor(...sinks: LogSink[]) {
    this.#sinks = sinks;
  }

  write(spans: Uint8Array[]): void {
    for (const sink of this.#sinks) sink.write(spans);
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
  }
}

/** What remains of the spans after `count` bytes. */
function skip(spans: Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let i = 0;
  for (; i < spans.length; i++) {
    const length = spans[i]?.length ?? 0;
    if (length > left) break;
    left -= length;
  }
  const [first, ...rest] = spans.slice(i);
  return first ? [first.subarray(left), ...rest] : [];
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  Atomics.wait(sleeper, 0, 0, 1);
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would grow beyond the limit of its size",
  EROFS: "the file system is read-only: choose another folder",
  EACCES: "permission denied: choose another folder",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is not a folder",
  ENAMETOOLONG: "the name is too long",
  EPIPE: "its reader went away",
};

function asSinkError(error: unknown, what: string): SinkError {
  if (error instanceof SinkError) return error;
  const { code = "EIO", message } = error as NodeJS.ErrnoException;
  return new SinkError(`${what}: ${REMEDIES[code] ?? message}`, code);
}
