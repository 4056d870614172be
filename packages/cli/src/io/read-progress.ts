// One updating line on a terminal while a long file is read: how much, how fast, how long still.
import { statSync } from "node:fs";
import { bytesText, countText } from "../print/quantities.js";

const EVERY_MS = 200;

let isAnswerShown = false;

/** The answer itself is shown on the terminal: nothing else is shown there while files are read. */
export function leaveTerminalToAnswer(): void {
  isAnswerShown = true;
}

/** Progress through one file; silent where standard error is no terminal, or the answer's. */
export class ReadProgress {
  readonly #what: string;
  readonly #total: number | undefined;
  readonly #started = performance.now();
  readonly #enabled: boolean = process.stderr.isTTY && !isAnswerShown;
  #shown = 0;

  /** @param file "-" for standard input, of which the size is not known @param doing such as "importing" */
  constructor(file: string, doing: string) {
    this.#what = doing;
    const size = file === "-" ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    this.#total = size > 0 ? size : undefined;
  }

  show(bytes: number, events: number): void {
    const now = performance.now();
    if (!this.#enabled || now - this.#shown < EVERY_MS) return;
    this.#shown = now;
    const seconds = (now - this.#started) / 1000;
    const rate = `${countText(events)} events  ${countText(Math.round(events / seconds))}/s`;
    process.stderr.write(`\r\u001B[K${this.#what} ${this.#share(bytes, seconds)}  ${rate}`);
  }

  end(): void {
    if (this.#shown > 0) process.stderr.write("\r\u001B[K");
  }

  #share(bytes: number, seconds: number): string {
    if (this.#total === undefined) return bytesText(bytes);
    const share = Math.min(1, bytes / this.#total);
    const width = 20;
    const bar = "#".repeat(Math.round(share * width)).padEnd(width, ".");
    const left = share > 0 ? Math.ceil((seconds / share) * (1 - share)) : 0;
    return `[${bar}] ${Math.floor(share * 100)} %  ${left} s left`;
  }
}
