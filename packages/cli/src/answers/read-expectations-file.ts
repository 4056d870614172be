// A file of expectations, from disk.
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { type PlacedExpectation, readExpectations } from "@skbtracer/analyzer/expectations";
import { UsageError } from "../options/usage-error.js";

/** More than anyone writes: 10,000 expectations take 2 MB. */
const BYTES_MAX = 64 * 1024 * 1024;

/** @throws ExpectationsError, UsageError, or a file's error */
export function readExpectationsFile(path: string): PlacedExpectation[] {
  return readExpectations(readText(path), path);
}

function readText(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (fstatSync(file).isDirectory()) throw new UsageError(`cannot open ${path}: it is a folder`);
    if (size > BYTES_MAX) throw new UsageError(`${path}: ${size} bytes are too many for expectations`);
    const text = new TextDecoder("utf-8", { fatal: true });
    return text.decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${path}: this is not text in UTF-8`);
    throw error;
  } finally {
    closeSync(file);
  }
}
