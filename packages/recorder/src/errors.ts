// Errors of recording: one clear line each, with what to do.

/** Recording cannot begin, or cannot go on. The message says why and what would help. */
export class RecorderError extends Error {
  override readonly name: string = "RecorderError";
}

/** The log cannot be written (any further): the disk is full, the folder is read-only, the reader went away. */
export class SinkError extends RecorderError {
  override readonly name = "SinkError";
  /** As in errno.h: ENOSPC, EPIPE... */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
