// Passes through tables of rules, as a path tells of them.
import type { PathRow } from "../tables/rows.js";
import type { PassPattern } from "./expectation.js";

/** A pass. */
export interface Pass {
  readonly table: string;
  /** The base chain; undefined for iptables, whose chains are called like their hooks. */
  readonly chain?: string;
  readonly hook: string;
  readonly verdict: string;
}

/**
 * The passes of a path in their order: `nat.PREROUTING.ACCEPT`, of nftables `filter/input.INPUT.DROP`. A table's name may
 * have dots too, and is taken to have no slash.
 */
export function passesOf({ verdicts }: PathRow): Pass[] {
  if (verdicts === null) return [];
  return verdicts.split(" ").map((text) => {
    const parts = text.split(".");
    const verdict = parts.pop() ?? "";
    const hook = parts.pop() ?? "";
    const [table = "", ...chain] = parts.join(".").split("/");
    return { table, ...(chain.length > 0 && { chain: chain.join("/") }), hook, verdict };
  });
}

/** Whether a pass is as wanted. */
export function passHolds(pattern: PassPattern, pass: Pass): boolean {
  const { table = pass.table, hook = pass.hook, verdict = pass.verdict } = pattern;
  const chain = pass.chain ?? pass.hook;
  return (
    table === pass.table &&
    hook === pass.hook &&
    verdict === pass.verdict &&
    (pattern.chain === undefined || pattern.chain === chain)
  );
}

/** `nat PREROUTING ACCEPT`. */
export function passText({ table, chain, hook, verdict }: PassPattern): string {
  return [table, chain, hook, verdict].filter((part) => part !== undefined).join(" ");
}
