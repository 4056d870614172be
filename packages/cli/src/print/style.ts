// Colours, for terminals that want them.

/** Marks text. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const marked =
  (code: number, off: number) =>
  (text: string): string =>
    `\u001B[${code}m${text}\u001B[${off}m`;
const plain = (text: string): string => text;

const COLOURED: Style = {
  bold: marked(1, 22),
  dim: marked(2, 22),
  red: marked(31, 39),
  green: marked(32, 39),
  yellow: marked(33, 39),
  cyan: marked(36, 39),
};
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

/** Colours if standard output is a terminal and nobody objects: https://no-color.org */
export function outputStyle(): Style {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY && !NO_COLOR && TERM !== "dumb" ? COLOURED : PLAIN;
}
