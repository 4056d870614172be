// What events tell, by name.
import { EventKind } from "./event-layout.generated.js";

/** What an event tells. */
export type EventKindName = Lowercase<keyof typeof EventKind>;

const NAMES: Readonly<Record<number, EventKindName>> = Object.fromEntries(
  Object.entries(EventKind).map(([name, kind]) => [kind, name.toLowerCase() as EventKindName]),
);

/** All of them. */
export const EVENT_KIND_NAMES: readonly EventKindName[] = Object.values(NAMES);

/** The name of a kind; undefined for one that only a newer version knows. */
export function kindName(kind: number): EventKindName | undefined {
  return NAMES[kind];
}
