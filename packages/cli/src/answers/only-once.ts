// The same recording given twice would be counted twice.
import { type RecordingReader, uuidText } from "@skbtracer/format";
import { headerOf, isRegularDatabase } from "../io/recording-file.js";
import { UsageError } from "../options/usage-error.js";

/** Remembers which file each recording is in. */
export class OnlyOnce {
  readonly #names: readonly string[];
  readonly #files = new Map<string, number>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /**
   * Looks into those that can be read again, before anything is answered.
   * @throws UsageError if a recording is in two of them
   */
  async checkAhead(): Promise<void> {
    if (this.#names.length < 2) return;
    for (const [at, name] of this.#names.entries())
      for (const recording of await recordingsIn(name)) this.#check(at, recording);
  }

  /**
   * Of a recording that is being read; one whose header is damaged is not known to be any other.
   * @throws UsageError if it is in another file too
   */
  checkRead(at: number, { fileHeader }: RecordingReader): void {
    if (fileHeader) this.#check(at, uuidText(fileHeader.uuid));
  }

  #check(at: number, recording: string): void {
    const before = this.#files.get(recording);
    if (before === undefined) this.#files.set(recording, at);
    else if (before !== at)
      throw new UsageError(
        `${this.#nameOf(at)}: recording ${recording} is in ${this.#nameOf(before)} already: give it once`,
      );
  }

  #nameOf(at: number): string {
    const name = this.#names[at] ?? "";
    return name === "-" ? "standard input" : name;
  }
}

/** UUIDs, as far as they can be told now; what is wrong with a file is said by who reads it. */
async function recordingsIn(name: string): Promise<string[]> {
  try {
    if (await isRegularDatabase(name)) return await recordingsInDatabase(name);
    const header = await headerOf(name);
    return header ? [uuidText(header.uuid)] : [];
  } catch {
    return [];
  }
}

async function recordingsInDatabase(name: string): Promise<string[]> {
  const { openDatabase } = await import("@skbtracer/analyzer/sqlite");
  const db = openDatabase(name);
  try {
    return db.prepare("SELECT recording FROM meta").pluck().all() as string[];
  } finally {
    db.close();
  }
}
