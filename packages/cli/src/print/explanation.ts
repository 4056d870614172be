// An explanation of drops, for people.
import { type Explained, harmlessRules } from "@skbtracer/analyzer";
import { escapeText } from "./escape.js";
import type { Style } from "./style.js";
import { wrappedLines } from "./wrap.js";

type Part = readonly [label: string, text: string];

const LABEL_WIDTH = 8;
const INDENT = "  ";

/** What stands below a table: the name, and a line (or more, on a narrow terminal) for each part. */
export function explanationLines(explained: Explained, style: Style, width: number | undefined): string[] {
  const { means, causes, check } = explained;
  return linesOf(
    explained,
    [
      ["means", means],
      ["causes", causes],
      ["check", check],
    ],
    style,
    width,
  );
}

/** All that is known. */
export function fullExplanationLines(
  explained: Explained,
  style: Style,
  width: number | undefined,
): string[] {
  const { means, causes, check, source } = explained;
  const harmless = harmlessRules(explained).map((rule): Part => {
    const { functions, reasons = [], name, because } = rule;
    const others = explained.kind === "place" ? reasons.map((reason) => reason ?? "no reason") : functions;
    const where =
      Array.isArray(others) && others.length > 0
        ? `${explained.kind === "place" ? "with" : "at"} ${others.join(", ")}: `
        : "";
    return ["harmless", `${where}${because} (rule ${name})`];
  });
  const parts: Part[] = [["means", means], ["causes", causes], ["check", check], ...harmless];
  return linesOf(explained, [...parts, ["source", `Linux: ${source}`]], style, width);
}

function linesOf(
  { name, kind }: Explained,
  parts: readonly Part[],
  style: Style,
  width: number | undefined,
): string[] {
  const hanging = INDENT + " ".repeat(LABEL_WIDTH + 2);
  const title = style.bold(escapeText(name)) + (kind === "place" ? " (a function)" : "");
  const lines = parts.flatMap(([label, text]) => {
    const [first = "", ...rest] = wrappedLines(text, hanging, width);
    return [`${INDENT}${style.dim(label.padEnd(LABEL_WIDTH))}  ${first.slice(hanging.length)}`, ...rest];
  });
  return [title, ...lines];
}
