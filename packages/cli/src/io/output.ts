// Standard output, written at once and whole, so that a slow reader is waited for and one that goes away is noticed.
import * as fs from "node:fs";

/** Whoever read the output is gone: there is nobody to write for. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** Standard output cannot take what is printed. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));
const RETRY_MS = 2;

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would grow beyond the limit of its size",
  EBADF: "it is closed",
};

/**
 * Writes text to standard output.
 * @throws ReaderGone if it is a pipe whose other end is closed
 * @throws OutputError if it cannot be written for another reason
 */
export function writeOut(text: string): void {
  writeBytes(Buffer.from(text));
}

/** The same for bytes. */
export function writeBytes(bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(1, rest));
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") throw new ReaderGone();
      if (code !== "EAGAIN")
        throw new OutputError(`cannot write to standard output: ${PROBLEMS[code] ?? message}`);
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
}

/** Collects lines and writes them together. */
export class LineWriter {
  #text = "";

  line(text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length > 65_536) this.flush();
  }

  flush(): void {
    const text = this.#text;
    this.#text = "";
    if (text) writeOut(text);
  }
}
