// Errors of reading a log. Each says where (a byte offset), what was found and what was expected.

/** A recording cannot be read (any further). `offset` is the byte of the file where that was found. */
export class FormatError extends Error {
  override readonly name: string = "FormatError";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The file is something else, or was mangled before anything that can be recognised. */
export class NotARecordingError extends FormatError {
  override readonly name = "NotARecordingError";
}

/** The file was written by a newer version, in a way that this one cannot read. */
export class NewerFormatError extends FormatError {
  override readonly name = "NewerFormatError";
}

/** Something is wrong in the file, and reading is strict. */
export class DamagedError extends FormatError {
  override readonly name = "DamagedError";
}
