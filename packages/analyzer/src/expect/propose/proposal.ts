// Expectations as YAML, out of what was surveyed.
import { infoKind, directionOf } from "../where.js";
import { fewValues, type End, type SurveyedFlow } from "./survey.js";

/** An assertion that a proposal may have to do without. Those that are the first to go come first. */
export const DROPPABLE = ["nat", "traversals", "through", "drops", "outcome"] as const;

/** Its key. */
export type Droppable = (typeof DROPPABLE)[number];

const MS = 1e6;

/** A list in YAML, on one line; one value alone. */
function inline(values: readonly string[]): string {
  const texts = values.map(scalar);
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}

/** A value in YAML: in quotes unless it is a plain word or address. */
function scalar(text: string): string {
  return /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(text) && !/^(true|false|null|yes|no)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** Messages of ICMP and its like, and of TCP what opens and refuses connections: other flags are by timing. */
function infoOf({ example, name }: SurveyedFlow): string {
  const kind = infoKind(example.info);
  if (kind.startsWith("fragment")) return "";
  return example.protocol !== "TCP" || /^TCP (SYN|RST)\b/.test(name) ? kind : "";
}

/** Which packets. */
function whereOf(flow: SurveyedFlow): string[] {
  const { example, name } = flow;
  const members = [`protocol: ${scalar(example.protocol?.toLowerCase() ?? "")}`];
  const info = infoOf(flow);
  if (info !== "") members.push(`info: ${scalar(info)}`);
  for (const end of ["source", "destination"] as const) {
    const values = fewValues(flow.values.get(end));
    if (values) members.push(`${end}: ${inline(values)}`);
  }
  const service = / (to|from) port (\d+)/.exec(name);
  if (service) members.push(`${service[1] === "to" ? "destination_port" : "source_port"}: ${service[2]}`);
  const direction = directionOf(example);
  if (direction === "sent" || direction === "received") members.push(`direction: ${direction}`);
  return members;
}

/** What NAT makes of all of them. */
function natOf(flow: SurveyedFlow): string | undefined {
  const changes = [...flow.changed].filter(([, values]) => values.size > 0);
  if (changes.length === 0) return "none";
  if (flow.isEverUnchanged) return undefined;
  const after = changes.flatMap(([end, values]: readonly [End, Set<string>]) => {
    const few = fewValues(values);
    return few ? [`${end}: ${inline(few)}`] : [];
  });
  return after.length > 0 ? `{after: {${after.join(", ")}}}` : undefined;
}

/** 2.5ms, rounded up to two digits. */
function timeText(ns: number): string {
  const [size, unit] = ns >= MS ? ([MS, "ms"] as const) : ([1e3, "us"] as const);
  const value = ns / size;
  const digits = 10 ** Math.max(0, 1 - Math.floor(Math.log10(Math.max(value, 1))));
  return `${Math.ceil(value * digits) / digits}${unit}`;
}

/**
 * The lines of an expectation.
 * @param without assertions that are left out
 * @param suffix of the name
 */
export function proposalLines(
  flow: SurveyedFlow,
  without: ReadonlySet<Droppable>,
  suffix: string = "",
): string[] {
  const { name, count, outcomes, drops, functions, passes, times } = flow;
  const isDropped = outcomes.size === 1 && outcomes.has("dropped");
  const end = [...outcomes].filter((one) => one !== "open").join(" or ") || "under way";
  const lines = [
    `  - name: ${JSON.stringify(`${name}: ${end}${suffix}`)}`,
    `    where: {${whereOf(flow).join(", ")}}`,
    `    paths: exist # ${count} when this was written`,
  ];
  const add = (key: Droppable, text: string | undefined): void => {
    if (text !== undefined && !without.has(key)) lines.push(`    ${key}: ${text}`);
  };
  add("outcome", inline([...outcomes]));
  add("drops", drops.size === 0 ? "none" : inline([...drops]));
  add("through", functions.length === 0 ? undefined : `[${functions.map(scalar).join(", ")}]`);
  if (passes.length > 0 && !without.has("traversals")) {
    lines.push("    traversals:");
    for (const { table, chain, hook, verdict } of passes) {
      const members = Object.entries({ table, chain, hook, verdict }).filter(
        ([, value]) => value !== undefined,
      );
      lines.push(`      - {${members.map(([key, value]) => `${key}: ${scalar(String(value))}`).join(", ")}}`);
    }
  }
  add("nat", natOf(flow));
  if (!isDropped)
    lines.push(`    # time: {p99: ${timeText(times.at(0.99))}, margin: 100%} # as measured here`);
  return lines;
}
