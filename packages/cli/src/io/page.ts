// Where answers are printed: standard output, through a pager if that is a terminal.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeOut } from "./output.js";

/** Text goes in, in order. */
export class Page {
  readonly #pager: ChildProcess | undefined;
  #text = "";
  #gone = false;

  constructor() {
    this.#pager = process.stdout.isTTY ? startPager() : undefined;
    this.#pager?.stdin?.on("error", () => {
      this.#gone = true;
    });
    this.#pager?.on("error", () => {
      this.#gone = true;
    });
  }

  /** Whether its reader has seen enough. */
  get closed(): boolean {
    return this.#gone;
  }

  /** @throws ReaderGone, OutputError */
  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length > 65_536) await this.flush();
  }

  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text === "" || this.#gone) return;
    const input = this.#pager?.stdin;
    if (!input) writeOut(text);
    else if (!input.write(text))
      await Promise.race([once(input, "drain"), once(input, "close")]).catch(() => undefined);
  }

  /** Writes the rest and waits for the pager to be left. */
  async end(): Promise<void> {
    await this.flush();
    const pager = this.#pager;
    if (!pager || pager.exitCode !== null || pager.pid === undefined) return;
    pager.stdin?.end();
    await once(pager, "exit");
  }
}

/** `PAGER`, or less, which leaves at once what fits the screen. "" or "cat" mean none. */
function startPager(): ChildProcess | undefined {
  const { PAGER = "less", LESS = "FRX", TERM } = process.env;
  if (PAGER === "" || PAGER === "cat" || TERM === "dumb") return undefined;
  // Without the pager's program, the shell shows what it would have shown.
  const command = `if command -v ${PAGER.split(" ")[0]} > /dev/null 2>&1; then exec ${PAGER}; else exec cat; fi`;
  return spawn("sh", ["-c", command], {
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, LESS },
  });
}
