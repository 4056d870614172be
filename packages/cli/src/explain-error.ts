// One line for each error that a user can meet; a stack trace only for mistakes of ours, and only when asked for.
import { escapeText } from "./print/escape.js";
import { OutputError } from "./io/output.js";
import { nearestFew } from "./options/nearest.js";
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

/** How many names are suggested for one that is not known. */
const NEAR_MAX = 3;

/** What to tell the user. The packages that errors are of are loaded only now: there may be none. */
export async function explainError(error: unknown): Promise<string> {
  const [{ ExpectationsError, FilterError }, { FormatError }, { RecorderError, UnknownProbeError }] =
    await Promise.all([
      import("@skbtracer/analyzer"),
      import("@skbtracer/format"),
      import("@skbtracer/recorder"),
    ]);
  if (error instanceof UnknownProbeError) {
    const near = nearestFew(error.unknown, error.known, NEAR_MAX);
    return `${error.message} ${near.length > 0 ? `(did you mean ${near.join(", ")}?)` : "(`skbtracer probes` lists them)"}`;
  }
  if (error instanceof RecorderError || error instanceof FormatError) return error.message;
  if (error instanceof FilterError || error instanceof UsageError) return error.message;
  if (error instanceof ExpectationsError) return error.message.replaceAll("\n", "\nskbtracer: ");
  if (error instanceof OutputError) return error.message;
  if (error instanceof Error && "code" in error && "path" in error) {
    const problem = FILE_PROBLEMS[String(error.code)] ?? error.message;
    return `cannot open ${String(error.path)}: ${problem}`;
  }
  // Of a package that is loaded only where it is needed.
  if (error instanceof Error && error.name === "ExpressionError") return escapeText(error.message);
  // Of another module instance, loaded only where it is needed.
  if (error instanceof Error && error.name === "DatabaseError") return error.message;
  // SQLite's own: a full disk, a file that is damaged or locked.
  if (error instanceof Error && error.name === "SqliteError") return `the database: ${error.message}`;
  const text = error instanceof Error ? error.message : String(error);
  if (process.env["SKBTRACER_DEBUG"] && error instanceof Error) return `${text}\n${error.stack ?? ""}`;
  return `a mistake of skbtracer's own: ${text} (SKBTRACER_DEBUG=1 shows where; please report it)`;
}
