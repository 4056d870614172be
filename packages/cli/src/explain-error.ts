// One line for each error that a user can meet; a stack trace only for mistakes of ours, and only when asked for.
import { FilterError } from "@skbtracer/analyzer";
import { FormatError } from "@skbtracer/format";
import { RecorderError } from "@skbtracer/recorder";
import { OutputError } from "./io/output.js";
import { UsageError } from "./options/usage-error.js";

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EEXIST: "it exists",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "it is a link that leads to itself",
};

/** What to tell the user. */
export function explainError(error: unknown): string {
  if (error instanceof RecorderError || error instanceof FormatError) return error.message;
  if (error instanceof FilterError || error instanceof UsageError) return error.message;
  if (error instanceof OutputError) return error.message;
  if (error instanceof Error && "code" in error && "path" in error) {
    const problem = FILE_PROBLEMS[String(error.code)] ?? error.message;
    return `cannot open ${String(error.path)}: ${problem}`;
  }
  // Of another module instance, loaded only where it is needed.
  if (error instanceof Error && error.name === "DatabaseError") return error.message;
  // SQLite's own: a full disk, a file that is damaged or locked.
  if (error instanceof Error && error.name === "SqliteError") return `the database: ${error.message}`;
  const text = error instanceof Error ? error.message : String(error);
  if (process.env["SKBTRACER_DEBUG"] && error instanceof Error) return `${text}\n${error.stack ?? ""}`;
  return `a mistake of skbtracer's own: ${text} (SKBTRACER_DEBUG=1 shows where; please report it)`;
}
