// An option that cannot be meant so.

/** The message names the option, what was given and what is allowed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
