// Says whose rows follow, where they are of several recordings: numbers of paths are those of one recording.
import type { HostFacts } from "../answers/sources.js";
import { escapeText } from "./escape.js";
import type { Style } from "./style.js";

/** Gives a heading before the rows of each recording; none if there is only one. */
export class RecordingHeadings {
  readonly #files: number;
  readonly #style: Style;
  #last: string | undefined;

  /** @param files how many files are read */
  constructor(files: number, style: Style) {
    this.#files = files;
    this.#style = style;
  }

  /** The lines before a row of a recording. */
  before(recording: string, hosts: ReadonlyMap<string, HostFacts>): string[] {
    if (recording === this.#last || (this.#files < 2 && hosts.size < 2)) return [];
    const isFirst = this.#last === undefined;
    this.#last = recording;
    const host = escapeText(hosts.get(recording)?.host ?? "an unknown host");
    return [...(isFirst ? [] : [""]), this.#style.bold(`recording ${recording} of ${host}`)];
  }
}
