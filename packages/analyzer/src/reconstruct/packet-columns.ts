// The columns of what rows tell of their packets: many rows are of the same.
import { type Column, numbersOf } from "../tables/block.js";
import type { PacketColumns } from "../tables/rows.js";
import type { PacketFacts } from "./packet-facts.js";

const TEXTS = ["protocol", "info", "source", "destination"] as const;
const RECENT = 256;
const NUMBERS = ["source_port", "destination_port", "icmp_id", "icmp_seq", "ip_len"] as const;

/** A column for each of the facts, all with the same codes; undefined: nothing is known of a row's packet. */
export function packetColumns(facts: readonly (PacketFacts | undefined)[]): {
  columns: Readonly<Record<keyof PacketColumns | "ip_len", Column>>;
  /** The numbers of the packets that the codes stand for. */
  ids: readonly number[];
} {
  const { length } = facts;
  const distinct: PacketFacts[] = [];
  const codeOf = new Map<PacketFacts, number>();
  const codes = new Int32Array(length);
  // The codes of the last ones, by their numbers' lowest bits: quicker than asking the map.
  const recent: (PacketFacts | undefined)[] = Array.from({ length: RECENT });
  const recentCodes = new Int32Array(RECENT);
  for (let i = 0; i < length; i++) {
    const now = facts[i];
    if (now === undefined) {
      codes[i] = -1;
      continue;
    }
    const slot = now.id % RECENT;
    if (recent[slot] !== now) {
      let code = codeOf.get(now);
      if (code === undefined) {
        code = distinct.push(now) - 1;
        codeOf.set(now, code);
      }
      recent[slot] = now;
      recentCodes[slot] = code;
    }
    codes[i] = recentCodes[slot] ?? -1;
  }
  const columns = Object.fromEntries([
    ...TEXTS.map((name): [string, Column] => [
      name,
      { kind: "text", codes, values: distinct.map((fact) => fact[name]) },
    ]),
    ...NUMBERS.map((name): [string, Column] => [
      name,
      { kind: "number", codes, values: numbersOf(distinct, (fact) => fact[name]) },
    ]),
  ]) as Record<keyof PacketColumns | "ip_len", Column>;
  return { columns, ids: distinct.map(({ id }) => id) };
}
