// Names for values: where an expectation uses them, and what a path gives them.
import type { PathRow } from "../tables/rows.js";
import { type AddressWanted, type Expectation, isVariable, type PortWanted } from "./expectation.js";

/** A column of `paths` that a name can stand for. */
export type VariableColumn =
  | "source"
  | "source_port"
  | "destination"
  | "destination_port"
  | "last_source"
  | "last_source_port"
  | "last_destination"
  | "last_destination_port";

/** A use of a name. */
export interface VariableUse {
  readonly variable: string;
  readonly column: VariableColumn;
  /** Where a packet is chosen by it; else it is asserted of packets that were chosen. */
  readonly chooses: boolean;
}

const ENDS = ["source", "source_port", "destination", "destination_port"] as const;

/** All uses, in the order of the language. */
export function variablesOf({ where, nat }: Expectation): VariableUse[] {
  const uses: VariableUse[] = [];
  const add = (
    wanted: AddressWanted | PortWanted | undefined,
    column: VariableColumn,
    chooses: boolean,
  ): void => {
    if (isVariable(wanted)) uses.push({ variable: wanted.variable, column, chooses });
  };
  for (const end of ENDS) add(where?.[end], end, true);
  if (nat === undefined || nat === "none") return uses;
  for (const end of ENDS) add(nat.before?.[end], end, false);
  for (const end of ENDS) add(nat.after?.[end], `last_${end}`, false);
  return uses;
}

/** A path's value for a use; undefined if it has none. */
export function valueOf(path: PathRow, { column }: VariableUse): string | undefined {
  const value = path[column];
  return value === null ? undefined : String(value);
}
