// Colours for people at a terminal, and for nobody else: https://no-color.org
import process from "node:process";

const CODES = Object.freeze({
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
});

/** Whether standard output takes colours. */
export const COLOURED = process.stdout.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

/**
 * @param {keyof typeof CODES} style
 * @param {string} text
 * @returns {string} the text, styled where standard output takes colours
 */
export function styled(style, text) {
  const [on, off] = CODES[style];
  return COLOURED ? `\u001B[${on}m${text}\u001B[${off}m` : text;
}

/**
 * @param {number} milliseconds
 * @returns {string} seconds to a tenth: 12.3 s
 */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
