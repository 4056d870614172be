// The key of redact: from a file, from the environment, or a new one that nobody keeps.
import { randomFillSync } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { RedactionKey, SECRET_BYTES_MIN } from "@skbtracer/analyzer";
import { UsageError } from "./usage-error.js";

/** Where `--key env` looks. */
const VARIABLE = "SKBTRACER_REDACT_KEY";
const SECRET_BYTES_MAX = 1024 * 1024;
const RANDOM_BYTES = 32;

/**
 * The key that `--key` means.
 * @param from a file, or `env`; undefined: a random one
 * @throws UsageError if there is none, or if it can be guessed
 */
export function redactionKey(from: string | undefined): RedactionKey {
  if (from === undefined) return new RedactionKey(randomFillSync(new Uint8Array(RANDOM_BYTES)));
  const secret = from === "env" ? Buffer.from(process.env[VARIABLE] ?? "") : readKey(from);
  const where = from === "env" ? VARIABLE : from;
  if (secret.length === 0) throw new UsageError(`--key: ${where} is empty`);
  if (secret.length < SECRET_BYTES_MIN)
    throw new UsageError(
      `--key: ${where} has ${secret.length} bytes, which can be guessed; at least ${SECRET_BYTES_MIN} are needed: openssl rand -hex 32`,
    );
  return new RedactionKey(secret);
}

/** A text file's last line end is not part of the key, so that `echo` makes the same one as an editor. */
function readKey(path: string): Buffer {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new UsageError(`--key: cannot open ${path}: no such file`);
  if (found.isDirectory()) throw new UsageError(`--key: ${path} is a folder`);
  if (found.size > SECRET_BYTES_MAX)
    throw new UsageError(`--key: ${path} has ${found.size} bytes; a key has at most ${SECRET_BYTES_MAX}`);
  const bytes = readFileSync(path);
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? 2 : 1) : 0;
  return bytes.subarray(0, bytes.length - end);
}
