// What the tail of an event says of tables, hooks and rules, in words.
import { type EventBatch, EventKind } from "@skbtracer/format";
import type { Names } from "./names.js";
import {
  conntrackState,
  type Engine,
  engineName,
  familyName,
  hookName,
  hookResultName,
  ruleVerdictName,
  verdictName,
} from "./netfilter-names.js";

/** A pass through a table, or through all that is registered at a hook. */
export interface TablePass {
  readonly engine: Engine;
  /** Of the packet. */
  readonly family: string;
  /** Of the table: that of nftables may be of several. */
  readonly tableFamily: string;
  readonly table: string;
  /** The base chain, of nftables. */
  readonly chain: string | undefined;
  readonly hook: string;
  readonly verdict: string;
  /** `NEW`, `ESTABLISHED`...; undefined if conntrack has not seen the packet. */
  readonly conntrack: string | undefined;
}

/** A rule or policy that nftables' tracing told of. */
export interface RuleStep {
  readonly tableFamily: string;
  readonly table: string;
  /** The base chain of the pass, in which or behind which the rule stands. */
  readonly baseChain: string;
  readonly hook: string;
  readonly verdict: string;
  /** Of the rule in its table; undefined for a policy. */
  readonly handle: number | undefined;
  /** Whether it is the end of a chain that was jumped to, and nothing decided. */
  readonly isReturn: boolean;
}

/** enum nft_trace_types */
const TRACE_RETURN = 2;

/** What a table is called in the list of a path's verdicts: `filter`, or `filter/input` with nftables' chain. */
export function placeText({ table, chain }: Pick<TablePass, "table" | "chain">): string {
  // The list is separated by spaces, and nftables allows any character.
  return (chain === undefined ? table : `${table}/${chain}`).replaceAll(/\s/g, "?");
}

/** `filter/input.INPUT.DROP` */
export function passText(pass: TablePass): string {
  return `${placeText(pass)}.${pass.hook}.${pass.verdict}`;
}

/** Event `i`, a traversal or a hook's. */
export function tablePass(batch: EventBatch, i: number, names: Names): TablePass {
  const pf = batch.tailNumber(i, "pf");
  const family = familyName(pf);
  const hook = hookName(batch.tailNumber(i, "hook"), pf);
  if (batch.narrow("kind")[i] === EventKind.HOOK)
    return {
      engine: "hooks",
      family,
      tableFamily: family,
      table: "hooks",
      chain: undefined,
      hook,
      verdict: hookResultName(batch.tailNumber(i, "result")),
      conntrack: undefined,
    };
  const id = batch.tailWide(i, "chain");
  // Recordings of earlier versions have the table's name in the event, and know no other engine.
  const known = id === 0n ? undefined : names.chain(id);
  return {
    engine: engineName(batch.tailNumber(i, "engine")),
    family,
    tableFamily: known ? familyName(known.family) : family,
    table: known?.table ?? (id === 0n ? batch.tailText(i, "table") : `table 0x${id.toString(16)}`),
    chain: known?.chain || undefined,
    hook,
    verdict: verdictName(batch.tailNumber(i, "verdict")),
    conntrack: conntrackState(batch.tailNumber(i, "ct_state"))?.name,
  };
}

/** Event `i`, a rule's. */
export function ruleStep(batch: EventBatch, i: number, names: Names): RuleStep {
  const id = batch.tailWide(i, "chain");
  const known = names.chain(id);
  const handle = batch.tailNumber(i, "handle");
  return {
    tableFamily: familyName(known?.family ?? 0),
    table: known?.table ?? `table 0x${id.toString(16)}`,
    baseChain: known?.chain ?? "",
    hook: hookName(batch.tailNumber(i, "hook"), batch.tailNumber(i, "pf")),
    verdict: ruleVerdictName(batch.tailNumber(i, "verdict")),
    handle: handle === 0 ? undefined : handle,
    isReturn: batch.tailNumber(i, "type") === TRACE_RETURN,
  };
}
