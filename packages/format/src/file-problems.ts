// What the system says of files that cannot be written, in words.

/** errno(3) by name. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would grow beyond the limit of its size",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  ENOENT: "no such folder",
  ENOTDIR: "a part of the path is not a folder",
  ENAMETOOLONG: "the name is too long",
};

/** Why a file could not be made or written; the system's own message where there are no better words. */
export function fileProblem(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return PROBLEMS[code] ?? message;
}
