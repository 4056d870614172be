// What devices are for, as names and numbers differ from host to host.
import type { AnyRow } from "../tables/rows.js";

/** A device that was not there when the recording began. */
export const UNLISTED = "?";

/** Gives devices their roles: `veth`, `bridge`, `veth port of a bridge`, `loopback`, `device`. */
export class Roles {
  readonly #roles = new Map<string, string>();

  /** @param interfaces rows of that table */
  constructor(interfaces: readonly AnyRow[]) {
    const kinds = new Map<string, string>();
    for (const row of interfaces) kinds.set(keyOf(row, row["interface"]), kindOf(row));
    const found = new Map<string, Set<string>>();
    for (const row of interfaces) {
      const kind = kindOf(row);
      const master = row["master"];
      const role = master === null ? kind : `${kind} port of a ${kinds.get(keyOf(row, master)) ?? "device"}`;
      const name = String(row["interface"]);
      found.set(name, (found.get(name) ?? new Set()).add(role));
    }
    // Paths name devices without their namespace.
    for (const [name, roles] of found) this.#roles.set(name, [...roles].toSorted().join(" or "));
  }

  /** Of devices separated by spaces. */
  of(interfaces: string): string[] {
    if (interfaces === "") return [];
    return interfaces.split(" ").map((name) => this.#roles.get(name) ?? UNLISTED);
  }
}

function keyOf(row: AnyRow, name: unknown): string {
  return `${String(row["netns"])} ${String(name)}`;
}

function kindOf(row: AnyRow): string {
  if (row["interface"] === "lo") return "loopback";
  const kind = row["kind"];
  return typeof kind === "string" && kind !== "" ? kind : "device";
}
