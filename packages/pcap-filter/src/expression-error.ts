// The error for an expression that cannot be compiled.

/** An expression is wrong, or libpcap is missing. The message is libpcap's, with the position; or says what to install. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Of the word that is wrong in the expression, from 0, in UTF-16 units; its length if something is missing at the end. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(message);
    this.position = position;
  }
}
