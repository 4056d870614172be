// skbtracer drops --explain: what a reason or place means, without a recording.
import { explainedNames, explainName } from "@skbtracer/analyzer";
import { Page } from "../io/page.js";
import { nearest } from "../options/nearest.js";
import { UsageError } from "../options/usage-error.js";
import { tableLines, terminalWidth } from "../print/columns.js";
import { fullExplanationLines } from "../print/explanation.js";
import { outputStyle } from "../print/style.js";

/** Asks for every name. */
const ALL = "all";

/** Most names that are offered in the place of one that is not known. */
const OFFERS_MAX = 6;

/**
 * Explains a reason or function, or lists all names.
 * @throws UsageError with names like it, if the name is not known
 */
export async function explainDropName(name: string, json: boolean): Promise<number> {
  const page = new Page();
  const style = outputStyle();
  if (name === ALL) {
    const all = explainedNames().flatMap((known) => explainName(known) ?? []);
    if (json) for (const explained of all) await page.line(JSON.stringify(explained));
    else {
      const columns = [{ heading: "REASON OR FUNCTION" }, { heading: "MEANS" }] as const;
      const rows = all.map((explained) => [explained.name, explained.means]);
      const [heading = "", ...lines] = tableLines(columns, rows, terminalWidth());
      await page.line(style.bold(heading));
      for (const line of lines) await page.line(line);
    }
  } else {
    const explained = explainName(name);
    if (!explained) throw new UsageError(unknownName(name));
    if (json) await page.line(JSON.stringify(explained));
    else for (const line of fullExplanationLines(explained, style, terminalWidth())) await page.line(line);
  }
  await page.end();
  return 0;
}

function unknownName(name: string): string {
  const names = explainedNames();
  const text = name.toUpperCase();
  const close = [nearest(text, names), nearest(name, names)].filter((offer) => offer !== undefined);
  const containing = names.filter((known) => text.length > 2 && known.toUpperCase().includes(text));
  const offers = [...new Set([...close, ...containing])].slice(0, OFFERS_MAX);
  const like = offers.length > 0 ? `did you mean ${offers.join(", ")}? ` : "";
  return `--explain: no reason or function ${JSON.stringify(name)} is known: ${like}\`skbtracer drops --explain ${ALL}\` lists them`;
}
