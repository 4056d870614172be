// A file of expectations that a recording satisfies, to be edited: surveyed, written, and held against the recording.
import { evaluate, type EvaluateOptions } from "../evaluate.js";
import type { Knowledge } from "../knowledge.js";
import { readExpectations } from "../read-expectations.js";
import { Tally } from "../tally.js";
import { DROPPABLE, type Droppable, proposalLines } from "./proposal.js";
import type { Survey, SurveyedFlow } from "./survey.js";

/** Flows that are written down: beyond, nobody edits. */
const FLOWS_MAX = 200;

/** What a flow's expectation may be: with all assertions, without one, without two... */
interface Version {
  readonly flow: SurveyedFlow;
  readonly without: ReadonlySet<Droppable>;
}

/** Writes expectations of a recording that has been surveyed, and is read once more for `tally`. */
export class Proposals {
  readonly #versions: readonly Version[];
  readonly #more: number;
  readonly #expectations: ReturnType<typeof readExpectations>;
  /** Has to be given all paths of the recording. */
  readonly tally: Tally;

  constructor(survey: Survey) {
    const flows = survey.flows();
    this.#more = Math.max(0, flows.length - FLOWS_MAX);
    this.#versions = flows.slice(0, FLOWS_MAX).flatMap((flow) =>
      Array.from({ length: DROPPABLE.length + 1 }, (_, i) => ({
        flow,
        without: new Set(DROPPABLE.slice(0, i)),
      })),
    );
    const lines = this.#versions.flatMap(({ flow, without }, i) => proposalLines(flow, without, ` ${i}`));
    this.#expectations =
      lines.length === 0 ? [] : readExpectations(["expectations:", ...lines].join("\n"), "expectations");
    this.tally = new Tally(this.#expectations.map(({ expectation }) => expectation));
  }

  /**
   * The YAML; "" if the recording has no packets to expect. What the recording itself does not satisfy is left out: where
   * packets of another flow fit `where` as well, say.
   * @param title lines of a comment that it begins with
   */
  yaml(title: readonly string[], knowledge: Knowledge, options: EvaluateOptions): string {
    const expectations = this.#expectations.map(({ expectation }) => expectation);
    const results = evaluate(expectations, this.tally, knowledge, options);
    const held = new Map<SurveyedFlow, ReadonlySet<Droppable>>();
    for (const [i, { flow, without }] of this.#versions.entries())
      if (results[i]?.verdict === "pass" && !held.has(flow)) held.set(flow, without);
    if (held.size === 0) return "";
    const lines = [...title.map((line) => `# ${line}`), "", "expectations:"];
    for (const [flow, without] of held) lines.push(...proposalLines(flow, without), "");
    if (this.#more > 0)
      lines.push(`# ${this.#more} more flows, with fewer packets, are not written down.`, "");
    return lines.join("\n");
  }
}
