// The reading thread's end of the writing thread: collects rows, hands them over, and waits if it is too far ahead.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Value } from "../tables/schema.js";
import { DatabaseWriter, insertValues } from "./database-writer.js";
import { canBeCollected } from "./keep-alive.js";
import type { Done, InsertInto, WriterFacts, WriterRequest } from "./writer-messages.js";

/** Messages that may be under way: with those the writer never waits, and memory stays small. */
const UNDER_WAY_MAX = 32;
/** Values that are handed over at a time, roughly: as many as whole statements insert. */
const NUMBERS_TOGETHER = 49_152;
const VALUES_TOGETHER = 16_384;

/** A database that is being written. */
export interface Writer {
  /** What has gone wrong so far. */
  readonly error: string | undefined;
  send(request: WriterRequest): void;
  /** Waits until the writer has caught up, or failed. */
  caughtUp(): Promise<void>;
  /** Ends the writer with a last request; one that fails to commit has yet to be rolled back. */
  end(kind: "commit" | "rollback"): Promise<void>;
}

/** Begins to write. */
export function startWriter(facts: WriterFacts): Writer {
  // A thread's own are collected when it ends. Without one it takes longer.
  return canBeCollected ? new ThreadWriter(facts) : new DirectWriter(facts);
}

/** Writes at once. */
class DirectWriter implements Writer {
  error: string | undefined;
  readonly #writer: DatabaseWriter;
  #isOpen = true;

  constructor(facts: WriterFacts) {
    this.#writer = new DatabaseWriter(facts);
  }

  send(request: WriterRequest): void {
    this.error ??= this.#writer.handle(request);
  }

  async caughtUp(): Promise<void> {
    // It always has.
  }

  async end(kind: "commit" | "rollback"): Promise<void> {
    if (!this.#isOpen) return;
    this.send({ kind });
    this.#isOpen = kind === "commit" && this.error !== undefined;
  }
}

/** Hands over to a thread. */
class ThreadWriter implements Writer {
  readonly #worker: Worker;
  #underWay = 0;
  #error: string | undefined;
  #exited = false;
  readonly #exit: Promise<unknown>;

  constructor(facts: WriterFacts) {
    this.#worker = new Worker(new URL("./writer-thread.js", import.meta.url), { workerData: facts });
    this.#worker.on("message", ({ error }: Done) => {
      this.#underWay--;
      this.#error ??= error;
    });
    // It ends by itself only if it cannot begin.
    this.#worker.on("error", (error: Error) => {
      this.#error ??= error.message;
    });
    this.#exit = new Promise((resolve) => {
      this.#worker.once("exit", resolve);
    }).then(() => (this.#exited = true));
  }

  /** What has gone wrong so far. */
  get error(): string | undefined {
    return this.#error;
  }

  send(request: WriterRequest): void {
    this.#underWay++;
    const moved = request.kind === "numbers" ? [request.values.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(request, moved);
  }

  /** Waits until the writer has caught up, or failed. */
  async caughtUp(most: number = UNDER_WAY_MAX): Promise<void> {
    while (this.#underWay > most && this.#error === undefined && !this.#exited)
      await Promise.race([once(this.#worker, "message"), this.#exit]);
  }

  /** Ends the writer with a last request; one that fails to commit has yet to be rolled back. */
  async end(kind: "commit" | "rollback"): Promise<void> {
    if (this.#exited) return;
    this.send({ kind });
    if (kind === "commit") await this.caughtUp(0);
    if (kind === "rollback" || this.#error === undefined) await this.#exit;
  }
}

/** How rows of one table differ from plain numbers: see `InsertInto`. */
export interface NumberRowsOptions {
  readonly same?: Readonly<Record<string, number>>;
  readonly isNumbered?: boolean;
  /** Columns of texts. */
  readonly texts?: ReadonlySet<string>;
}

/** Rows of numbers, and of texts that repeat, for one table: handed over as numbers, which takes little time. */
export class NumberRows {
  readonly #writer: Writer;
  readonly #into: InsertInto;
  readonly #together: number;
  #values: Float64Array;
  /** Numbers of the texts that are held. */
  readonly #codes = new Map<string, number>();
  #length = 0;

  constructor(
    writer: Writer,
    table: string,
    columns: readonly string[],
    { same = {}, isNumbered = false, texts }: NumberRowsOptions = {},
  ) {
    this.#writer = writer;
    const areTexts = texts && columns.map((name) => texts.has(name));
    this.#into = { table, columns, same, isNumbered, ...(areTexts && { areTexts }) };
    const most = insertValues(columns.length);
    this.#together = Math.floor(NUMBERS_TOGETHER / most) * most;
    this.#values = new Float64Array(this.#together);
  }

  /** The next value of a row; NaN: none. */
  value(value: number): void {
    this.#values[this.#length++] = value;
  }

  /** The next value of a row, where the column is of texts. */
  text(text: string | null): void {
    let code = text === null ? Number.NaN : this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text ?? "", code);
    }
    this.#values[this.#length++] = code;
  }

  /** A row is complete. */
  rowDone(): void {
    if (this.#length === this.#together) this.flush();
  }

  /** Hands over what is held. */
  flush(): void {
    if (this.#length === 0) return;
    const isFull = this.#length === this.#together;
    const values = isFull ? this.#values : this.#values.slice(0, this.#length);
    this.#writer.send({ kind: "numbers", into: this.#into, values, texts: [...this.#codes.keys()] });
    this.#codes.clear();
    // What was handed over is gone.
    if (isFull) this.#values = new Float64Array(this.#together);
    this.#length = 0;
  }
}

/** Rows of any values for one table. */
export class ValueRows {
  readonly #writer: Writer;
  readonly #into: InsertInto;
  readonly #together: number;
  #values: Value[] = [];

  constructor(writer: Writer, table: string, columns: readonly string[]) {
    this.#writer = writer;
    this.#into = { table, columns, same: {}, isNumbered: false };
    const most = insertValues(columns.length);
    this.#together = Math.ceil(VALUES_TOGETHER / most) * most;
  }

  /** A row, or values of one. */
  add(values: readonly Value[]): void {
    for (const value of values) this.#values.push(value);
    if (this.#values.length >= this.#together) this.flush();
  }

  /** Hands over what is held; only between rows. */
  flush(): void {
    if (this.#values.length === 0) return;
    this.#writer.send({ kind: "values", into: this.#into, values: this.#values });
    this.#values = [];
  }
}
