// Rows in columns that are as wide as their texts, and together no wider than a terminal.

/** How a column stands. */
export interface ColumnStyle {
  readonly heading: string;
  readonly right?: true;
}

const GAP = "  ";
const NARROWEST = 8;

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
  if (width !== undefined) narrow(widths, width - GAP.length * (columns.length - 1));
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

/** Of the terminal; undefined where there is none. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

function narrow(widths: number[], room: number): void {
  let excess = widths.reduce((sum, one) => sum + one, 0) - room;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const now = widths[widest] ?? 0;
    if (now <= NARROWEST) return;
    const second = Math.max(NARROWEST, ...widths.filter((_, at) => at !== widest));
    const less = Math.max(1, Math.min(excess, now - Math.min(second, now - 1)));
    widths[widest] = now - less;
    excess -= less;
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
