// The error for a filter flag that cannot be understood.

/** A filter flag's value is not what it must be. The message names the flag, the value and what is allowed. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  /** The flag as typed: `--port`. */
  readonly flag: string;
  /** The value as typed. */
  readonly value: string;

  constructor(flag: string, value: string, problem: string) {
    super(`${flag}: ${JSON.stringify(value)} ${problem}`);
    this.flag = flag;
    this.value = value;
  }
}
