// Long texts in lines that fit a terminal.

/**
 * A text in lines, none wider than the terminal, broken at spaces, and where a word alone is too wide.
 * @param indent before each line
 * @param width the most characters of a line; undefined: the text is one line
 */
export function wrappedLines(text: string, indent: string, width: number | undefined): string[] {
  if (width === undefined) return [indent + text];
  const lines: string[] = [];
  let line = indent;
  const room = Math.max(width - indent.length, 1);
  for (const word of text.split(" ").flatMap((one) => pieces(one, room))) {
    if (line !== indent && line.length + word.length > width) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

function pieces(word: string, most: number): string[] {
  if (word.length <= most) return [word];
  return Array.from({ length: Math.ceil(word.length / most) }, (_, i) =>
    word.slice(i * most, (i + 1) * most),
  );
}
