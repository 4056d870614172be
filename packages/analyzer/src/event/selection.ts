// Which events of a recording are wanted: the packet filter, as the kernel would have applied it, and the kinds.
import type { PacketFilter } from "../filter/packet-filter.js";
import { packetMatcher, type PacketMatcher } from "../filter/matches.js";
import type { EventKindName, TraceEvent } from "./trace-event.js";

/**
 * Says of events, given in time order, which pass. As in the kernel, what matched once is followed to its drop and its
 * end even if its headers do not match then, and so are its clones.
 */
export class Selection {
  readonly #matches: PacketMatcher | undefined;
  readonly #kinds: ReadonlySet<EventKindName>;
  readonly #living = new Set<bigint>();

  /** @param filter parts that are not given do not restrict @param kinds those to let pass */
  constructor(filter: PacketFilter, kinds: ReadonlySet<EventKindName>) {
    this.#matches = Object.values(filter).some((part) => part !== undefined && part !== "any")
      ? packetMatcher(filter)
      : undefined;
    this.#kinds = kinds;
  }

  passes(event: TraceEvent): boolean {
    return (
      (this.#matches === undefined || this.#follows(event, this.#matches)) && this.#kinds.has(event.kind)
    );
  }

  #follows(event: TraceEvent, matches: PacketMatcher): boolean {
    const living = this.#living;
    switch (event.kind) {
      case "free":
        return living.delete(event.skb);
      case "clone":
        if (event.parent === undefined || !living.has(event.parent)) return false;
        break;
      case "drop":
        if (!living.has(event.skb) && !matches(event.packet, event)) return false;
        break;
      default:
        if (!matches(event.packet, event)) return false;
    }
    living.add(event.skb);
    return true;
  }
}
