// What is wrong with a file of expectations, and where.

/** A place in the file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong. */
export interface Problem extends Position {
  readonly message: string;
}

/** Problems that are shown; more would follow from the same mistake. */
const SHOWN_MAX = 20;

/** A file of expectations cannot be used. Its message has a line for each problem: `FILE:LINE:COLUMN: what`. */
export class ExpectationsError extends Error {
  override readonly name = "ExpectationsError";
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const lines = sorted
      .slice(0, SHOWN_MAX)
      .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
    if (sorted.length > SHOWN_MAX) lines.push(`${file}: and ${sorted.length - SHOWN_MAX} more`);
    super(lines.join("\n"));
    this.problems = sorted;
  }
}
