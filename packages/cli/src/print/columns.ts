// Rows in columns that are as wide as their texts, and together no wider than a terminal.
import { wrappedLines } from "./wrap.js";

/** How a column stands. */
export interface ColumnStyle {
  readonly heading: string;
  readonly right?: true;
  /** Of the last one: where it does not fit, its texts stand whole on lines below, and are not cut. */
  readonly below?: true;
}

const GAP = "  ";
/** To which texts are cut first, and then, if that is not enough, all columns. */
const NARROW = 8;
const NARROWEST = 4;
/** Before what stands below a row. */
const INDENT = "       ";

/**
 * A table, headings first, a text for each row, which has more than one line where something stands below; texts must
 * have been made safe for a terminal.
 * @param width the most characters of a line: the widest columns are cut; undefined: none is
 */
export function tableLines(
  columns: readonly ColumnStyle[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string[] {
  const layout = tableLayout(columns, rows, width);
  return [layout.heading, ...rows.map((row) => layout.row(row))];
}

/** How the rows of a table stand. */
export interface TableLayout {
  readonly heading: string;
  /** Whether columns had to be cut until little is left of their texts. */
  readonly isTight: boolean;
  row(texts: readonly string[]): string;
}

/** The same for rows of which only the first are known: those that come later and are wider are cut. */
export function tableLayout(
  columns: readonly ColumnStyle[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): TableLayout {
  const widths = columns.map(({ heading }, at) =>
    rows.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), heading.length),
  );
  const last = columns.at(-1);
  if (width !== undefined && last?.below && total(widths) > width) {
    const beside = tableLayout(
      columns.slice(0, -1),
      rows.map((row) => row.slice(0, -1)),
      width,
    );
    const below = (text: string): string[] =>
      text === "" ? [] : wrappedLines(`${last.heading.toLowerCase()}: ${text}`, INDENT, width);
    return {
      ...beside,
      row: (texts) => [beside.row(texts.slice(0, -1)), ...below(texts.at(-1) ?? "")].join("\n"),
    };
  }
  let isTight = false;
  if (width !== undefined) {
    const room = width - GAP.length * (columns.length - 1);
    const texts = [...columns.keys()].filter((at) => !columns[at]?.right);
    narrow(widths, texts, NARROW, room);
    isTight = total(widths) > width;
    narrow(widths, texts, NARROWEST, room);
    narrow(widths, [...columns.keys()], NARROWEST, room);
  }
  const row = (texts: readonly string[]): string =>
    columns
      .map(({ right }, at) => {
        const text = cut(texts[at] ?? "", widths[at] ?? 0);
        return right ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  return { heading: row(columns.map(({ heading }) => heading)), isTight, row };
}

/** Of a line. */
function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1));
}

/** Of the terminal; undefined where there is none, or it does not say (0). */
export function terminalWidth(): number | undefined {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : undefined;
}

/** Takes from the widest of some columns until all have room, or none of them is wider than `narrowest`. */
function narrow(widths: number[], which: readonly number[], narrowest: number, room: number): void {
  const width = (at: number): number => widths[at] ?? 0;
  for (let excess = widths.reduce((sum, one) => sum + one, 0) - room; excess > 0; excess--) {
    const widest = which.reduce((wide, at) => (width(at) > width(wide) ? at : wide), which[0] ?? 0);
    if (width(widest) <= narrowest) return;
    widths[widest] = width(widest) - 1;
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
