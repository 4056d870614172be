// Which passes through tables both of two recordings would have: of the others, that one has none says nothing.
import type { Knowledge } from "../expect/knowledge.js";
import { type Pass, passesOf } from "../expect/passes.js";
import type { PathRow } from "../tables/rows.js";

/** What decides about packets, each by tables of its own. */
type Engine = "iptables" | "ip6tables" | "nftables" | "hooks";

/** The functions that go through tables, and the family they are for, if it is one. */
const TABLES = [
  { engine: "iptables", probe: "ipt_do_table", ofIpv6: false },
  { engine: "ip6tables", probe: "ip6t_do_table", ofIpv6: true },
  { engine: "nftables", probe: "nft_do_chain", ofIpv6: undefined },
] as const;

/** Engines whose passes a recording has, if there were any: also those that its kernel did not have beside others. */
function recordedEngines(knowledge: Knowledge): Set<Engine> {
  const found = new Set<Engine>();
  for (const { engine, probe, ofIpv6 } of TABLES)
    if (knowledge.isAttached(probe) || knowledge.whyTablesUnseen(ofIpv6) === undefined) found.add(engine);
  // A hook has a pass where none of its tables has one: without all of them, it has those of the others too.
  if (found.size === TABLES.length && knowledge.isAttached("nf_hook_slow")) found.add("hooks");
  return found;
}

/** Engines whose passes both recordings have. @param notes takes what is not compared */
export function commonEngines(a: Knowledge, b: Knowledge, notes: string[]): ReadonlySet<Engine> {
  const [inA, inB] = [recordedEngines(a), recordedEngines(b)];
  const all: readonly Engine[] = [...TABLES.map(({ engine }) => engine), "hooks"];
  for (const [where, left] of [
    ["only in A", all.filter((engine) => inA.has(engine) && !inB.has(engine))],
    ["only in B", all.filter((engine) => inB.has(engine) && !inA.has(engine))],
    ["in neither", all.filter((engine) => !inA.has(engine) && !inB.has(engine))],
  ] as const)
    if (left.length > 0)
      notes.push(`tables (${left.join(", ")}) were recorded ${where}, and are not compared`);
  return new Set(all.filter((engine) => inA.has(engine) && inB.has(engine)));
}

/** Whether it is a packet of IPv6; undefined if that is not known. */
export function isIpv6({ source }: PathRow): boolean | undefined {
  return source?.includes(":");
}

/** Those that a pass may be of. */
function enginesOf({ table, chain }: Pass, path: PathRow): readonly Engine[] {
  if (chain !== undefined) return ["nftables"];
  if (table === "hooks") return ["hooks"];
  const is6 = isIpv6(path);
  if (is6 === undefined) return ["iptables", "ip6tables"];
  return is6 ? ["ip6tables"] : ["iptables"];
}

/** The verdicts of a path's passes that are compared. */
export function comparedVerdicts(path: PathRow, engines: ReadonlySet<Engine>): string | null {
  const texts = path.verdicts?.split(" ") ?? [];
  const passes = passesOf(path);
  const kept = texts.filter((_, i) => {
    const pass = passes[i];
    return pass !== undefined && enginesOf(pass, path).every((engine) => engines.has(engine));
  });
  return kept.length > 0 ? kept.join(" ") : null;
}
