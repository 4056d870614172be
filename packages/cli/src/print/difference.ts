// A difference between two recordings, for people and as JSON.
import type { Difference, TimeCount, Way, WayCount } from "@skbtracer/analyzer";
import { escapeText } from "./escape.js";
import { countText, nsText, shareText } from "./quantities.js";
import type { Style } from "./style.js";

/** Functions that are shown of a way before the place where two part. */
const BEFORE = 3;

/** The lines of a difference. */
export function differenceLines(difference: Difference, style: Style): string[] {
  const { flow, kind, isCertain } = difference;
  const doubt = isCertain ? "" : style.yellow("  (not certain: events were lost or left out)");
  const title = `${style.bold(escapeText(flow))}: ${kind}${doubt}`;
  switch (difference.kind) {
    case "flow vanished":
    case "flow appeared": {
      const sign = difference.kind === "flow vanished" ? "-" : "+";
      return [title, ...difference.ways.flatMap((one) => wayLines(sign, one, 0, style))];
    }
    case "way changed": {
      const { a, b, common } = difference;
      const after = a.way.functions[common - 1];
      const place = after === undefined ? "from the begin" : `after ${escapeText(after)}`;
      return [
        title,
        ...wayLines("-", a, common, style),
        ...wayLines("+", b, common, style),
        `    they part ${place}: ${partText(a.way, b.way, common)}`,
      ];
    }
    case "way vanished":
    case "way appeared":
    case "share changed": {
      const { a, b } = difference;
      const more = a.count / a.of > b.count / b.of;
      return [
        title,
        `    A ${shareOf(a)}, B ${shareOf(b)}`,
        ...wayLines(more ? "-" : "+", more ? a : b, 0, style),
      ];
    }
    case "time changed":
      return [
        title,
        `  A ${timeText(difference.a)}`,
        `  B ${timeText(difference.b)}`,
        `    ${wayText(difference.way, 0)}`,
      ];
    default: {
      const { name, by, count } = difference;
      const [one, other] = by === "a" ? ["A", "B"] : ["B", "A"];
      return [
        `${style.bold(escapeText(name))}: entered by ${countText(count)} packet(s) in ${one}, by none in ${other}, though probed in both${doubt}`,
      ];
    }
  }
}

function shareOf({ count, of }: WayCount): string {
  return `${countText(count)} of ${countText(of)} (${shareText(count, of)})`;
}

function wayLines(sign: "-" | "+", one: WayCount, common: number, style: Style): string[] {
  const text = `  ${sign} ${shareOf(one)}  ${wayText(one.way, common)}`;
  return [sign === "-" ? style.red(text) : style.green(text)];
}

function wayText(way: Way, common: number): string {
  const skipped = Math.max(0, common - BEFORE);
  const functions = way.functions.slice(skipped).join(" ") || "(no function)";
  return escapeText([skipped > 0 ? "..." : "", functions, ...endOf(way)].filter(Boolean).join(" "));
}

function endOf({ verdicts, outcome, dropReason, dropFunction, roles, isTranslated }: Way): string[] {
  const drop = dropFunction === null ? "" : `${dropReason ?? ""} at ${dropFunction}`.trim();
  return [
    verdicts === null ? "" : `[${verdicts}]`,
    roles.length > 0 ? `(${roles.join(", ")})` : "",
    isTranslated ? "translated" : "",
    `=> ${outcome}`,
    drop,
  ];
}

/** What is the first to differ. */
function partText(a: Way, b: Way, common: number): string {
  const [nextA, nextB] = [a.functions[common], b.functions[common]];
  if (nextA !== nextB)
    return escapeText(
      `A ${nextA === undefined ? "ends" : `enters ${nextA}`}, B ${nextB === undefined ? "ends" : `enters ${nextB}`}`,
    );
  const parts = (
    [
      ["passes", a.verdicts ?? "no table", b.verdicts ?? "no table"],
      ["is", a.outcome, b.outcome],
      ["is dropped", dropText(a), dropText(b)],
      ["passes devices", a.roles.join(", "), b.roles.join(", ")],
      [
        "is",
        a.isTranslated ? "translated" : "not translated",
        b.isTranslated ? "translated" : "not translated",
      ],
    ] as const
  ).filter(([, inA, inB]) => inA !== inB);
  return escapeText(parts.map(([verb, inA, inB]) => `A ${verb} ${inA}, B ${inB}`).join("; "));
}

function dropText({ dropReason, dropFunction }: Way): string {
  return dropFunction === null ? "not" : `${dropReason ?? "without a reason"} at ${dropFunction}`;
}

function timeText({ count, p50, p99 }: TimeCount): string {
  return `${countText(count)} packets  p50 ${nsText(p50)}  p99 ${nsText(p99)}`;
}

/** The difference as a line of NDJSON. */
export function differenceJson({ kind, flow, isCertain, ...rest }: Difference): string {
  const members = { difference: kind, flow, certain: isCertain, ...rest };
  return JSON.stringify(members, (_, value: unknown) => (isWay(value) ? wayJson(value) : value));
}

function isWay(value: unknown): value is Way {
  return typeof value === "object" && value !== null && "functions" in value && "isTranslated" in value;
}

function wayJson(way: Way): object {
  return {
    functions: way.functions,
    devices: way.roles,
    verdicts: way.verdicts,
    outcome: way.outcome,
    drop_reason: way.dropReason,
    drop_function: way.dropFunction,
    translated: way.isTranslated,
  };
}
