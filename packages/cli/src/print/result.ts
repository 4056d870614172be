// What SQL answers, on a terminal: a table; where that would leave little of each text, a line for each column of a row.
import { tableLayout, terminalWidth } from "./columns.js";
import { escapeText } from "./escape.js";
import { outputStyle } from "./style.js";
import { wrappedLines } from "./wrap.js";

/** Rows by which the widths of columns are chosen: there can be more rows than memory holds. */
const FIRST_ROWS = 1000;

/**
 * The lines of an answer.
 * @param names of its columns
 * @param rows texts that have been made safe for a terminal
 */
export function* resultLines(names: readonly string[], rows: Iterator<string[]>): Generator<string> {
  const first: string[][] = [];
  for (let next = rows.next(); !next.done; next = rows.next()) {
    first.push(next.value);
    if (first.length === FIRST_ROWS) break;
  }
  const style = outputStyle();
  const headings = names.map(escapeText);
  const columns = headings.map((heading, at) => ({
    heading,
    ...(first.every((row) => /^-?[\d.]*$/.test(row[at] ?? "")) && { right: true as const }),
  }));
  const table = tableLayout(columns, first, terminalWidth());
  if (!table.isTight) yield style.bold(table.heading);
  let number = 0;
  for (const row of chained(first, rows)) {
    if (!table.isTight) yield table.row(row);
    else {
      yield style.bold(`row ${++number}`);
      yield* recordLines(headings, row);
    }
  }
}

function* recordLines(headings: readonly string[], row: readonly string[]): Generator<string> {
  const style = outputStyle();
  const widest = Math.max(...headings.map(({ length }) => length));
  const indent = " ".repeat(widest + 3);
  for (const [at, heading] of headings.entries()) {
    const [text = "", ...more] = wrappedLines(row[at] ?? "", indent, terminalWidth());
    yield ` ${style.dim(heading.padEnd(widest))}  ${text.slice(indent.length)}`;
    yield* more;
  }
}

function* chained<T>(first: Iterable<T>, rest: Iterator<T>): Generator<T> {
  yield* first;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}
