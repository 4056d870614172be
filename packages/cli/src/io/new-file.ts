// A file that has its name only when it is whole.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileProblem } from "@skbtracer/format";
import { UsageError } from "../options/usage-error.js";
import { removeOnSignal } from "./leftovers.js";
import { escapeText } from "../print/escape.js";
import { OutputError, writeBytes, writeOut } from "./output.js";

/**
 * Refuses what cannot be a new file, before any work is done for it.
 * @param force replace a file that exists
 * @throws UsageError
 */
export function checkNewFile(path: string, force: boolean): void {
  if (path === "-" || !existsSync(path)) return;
  const found = statSync(path);
  if (found.isDirectory()) throw new UsageError(`${path} is a folder: give a file name`);
  // A device or pipe is there to be written to.
  if (found.isFile() && !force)
    throw new UsageError(`${path} exists: use another name, or --force to write over it`);
}

/** Bytes go in; `commit` gives it its name, `abort` leaves nothing. "-" is standard output. */
export class NewFile {
  readonly #path: string;
  readonly #temporary: string | undefined;
  readonly #fd: number;
  readonly #finished: () => void = () => undefined;

  /**
   * @param force replace a file that exists
   * @throws UsageError if it exists; OutputError if it cannot be made
   */
  constructor(path: string, force: boolean) {
    this.#path = path;
    if (path === "-") {
      this.#fd = 1;
      return;
    }
    checkNewFile(path, force);
    const exists = existsSync(path);
    // A device or pipe is written to as it is.
    this.#temporary = exists && !statSync(path).isFile() ? undefined : `${path}.writing-${process.pid}`;
    this.#fd = this.#try(() => openSync(this.#temporary ?? path, "w", 0o600));
    if (this.#temporary !== undefined) this.#finished = removeOnSignal(this.#temporary);
  }

  /** @throws OutputError, ReaderGone */
  write(bytes: Uint8Array): void {
    if (this.#fd === 1) {
      if (process.stdout.isTTY) writeOut(safeLines(bytes));
      else writeBytes(bytes);
      return;
    }
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(this.#try(() => writeSync(this.#fd, rest)));
  }

  commit(): void {
    if (this.#fd === 1) return;
    this.#try(() => closeSync(this.#fd));
    const temporary = this.#temporary;
    if (temporary !== undefined) this.#try(() => renameSync(temporary, this.#path));
    this.#finished();
  }

  abort(): void {
    if (this.#fd === 1) return;
    closeSync(this.#fd);
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
    this.#finished();
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new OutputError(`cannot write ${this.#path}: ${fileProblem(error)}`);
    }
  }
}

/** Of a terminal, which is only ever given text: names in it that others have chosen cannot command it. */
function safeLines(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString().split("\n").map(escapeText).join("\n");
}

/** Makes the folders that a file is in, and gives those that there were not, the innermost first. */
export function makeFoldersFor(path: string): string[] {
  const first = mkdirSync(dirname(path), { recursive: true });
  if (first === undefined) return [];
  const made: string[] = [];
  for (let folder = resolve(dirname(path)); folder.length >= resolve(first).length; folder = dirname(folder))
    made.push(folder);
  return made;
}
