// A new recording made from another one: the output of slice, redact and repair, which never is the input.
import { statSync } from "node:fs";
import { UsageError } from "../options/usage-error.js";
import { checkNewFile, NewFile } from "./new-file.js";

/** Where a copy goes to, as the flags say. */
export interface CopyFlags {
  readonly output: string;
  readonly force?: true;
}

/** Takes the bytes of a file in order. */
export type WriteSpans = (spans: Uint8Array[]) => void;

/** Small spans are written together. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Runs `copy`, which writes the new file. That has its name when it is whole; if `copy` fails, nothing is left of it.
 * @throws UsageError if the output is the input, exists, or is a terminal
 */
export async function writeCopy<T>(
  input: string,
  { output, force }: CopyFlags,
  copy: (write: WriteSpans) => Promise<T>,
): Promise<T> {
  if (isSameFile(input, output))
    throw new UsageError(`${output} is the recording itself, which is never changed: use another name`);
  if (output === "-" && process.stdout.isTTY)
    throw new UsageError("a recording is not for a terminal: give a file with -o, or a pipe");
  checkNewFile(output, force ?? false);
  // Made when there is something to write: the input's problems come first.
  let file: NewFile | undefined;
  let spans: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): void => {
    file ??= new NewFile(output, force ?? false);
    if (bytes > 0) file.write(Buffer.concat(spans));
    spans = [];
    bytes = 0;
  };
  try {
    const result = await copy((more) => {
      for (const span of more) {
        spans.push(span);
        bytes += span.length;
      }
      if (bytes >= WRITE_BYTES) flush();
    });
    flush();
    file?.commit();
    return result;
  } catch (error) {
    file?.abort();
    throw error;
  }
}

function isSameFile(input: string, output: string): boolean {
  if (input === "-" || output === "-") return false;
  const [from, to] = [input, output].map((path) => statSync(path, { throwIfNoEntry: false }));
  return from !== undefined && to !== undefined && from.dev === to.dev && from.ino === to.ino;
}
