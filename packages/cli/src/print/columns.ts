// Rows in columns that are as wide as their texts, and together no wider than a terminal.

/** How a column stands. */
export interface ColumnStyle {
  readonly heading: string;
  readonly right?: true;
}

const GAP = "  ";
/** To which texts are cut first, and then, if that is not enough, all columns. */
const NARROW = 8;
const NARROWEST = 4;

/**
 * Lines of a table, headings first; texts must have been made safe for a terminal.
 * @param width the most characters of a line: the widest columns are cut; undefined: none is
 */
export function tableLines(
  columns: readonly ColumnStyle[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string[] {
  const widths = columns.map(({ heading }, at) =>
    rows.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), heading.length),
  );
  if (width !== undefined) {
    const room = width - GAP.length * (columns.length - 1);
    const texts = [...columns.keys()].filter((at) => !columns[at]?.right);
    narrow(widths, texts, NARROW, room);
    narrow(widths, texts, NARROWEST, room);
    narrow(widths, [...columns.keys()], NARROWEST, room);
  }
  const line = (texts: readonly string[]): string =>
    columns
      .map(({ right }, at) => {
        const text = cut(texts[at] ?? "", widths[at] ?? 0);
        return right ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ heading }) => heading)), ...rows.map(line)];
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
