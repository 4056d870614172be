// Which events of a recording are wanted: the packet filter, as the kernel would have applied it, and the kinds.
import type { EventKindName } from "@skbtracer/format";
import type { ExpressionFilter } from "../expression/expression-filter.js";
import type { PacketFilter } from "../filter/packet-filter.js";
import { packetMatcher, type PacketMatcher } from "../filter/matches.js";
import type { TraceEvent } from "./trace-event.js";

/** How many ended skbs are remembered for the returns of functions that they ended in. */
const ENDED_MAX = 4096;

/**
 * Says of events, given in time order, which pass. As in the kernel, what matched once is followed to its drop and its
 * end even if its headers do not match then, and so is what is made from it; with `keep`, at every function on the way.
 */
export class Selection {
  readonly #matches: PacketMatcher | undefined;
  readonly #expression: ExpressionFilter | undefined;
  readonly #kinds: ReadonlySet<EventKindName>;
  readonly #keep: boolean;
  /** Time of the first event of each. */
  readonly #living = new Map<bigint, number>();
  /** The last ones that ended: functions return after the end of their skb. */
  readonly #ended = new Map<bigint, number>();

  /**
   * @param filter parts that are not given do not restrict
   * @param kinds those to let pass
   * @param keep whether what matched once passes everywhere, until its end
   */
  constructor(filter: PacketFilter, kinds: ReadonlySet<EventKindName>, keep = false) {
    this.#keep = keep;
    this.#matches = Object.values(filter).some((part) => part !== undefined && part !== "any")
      ? packetMatcher(filter)
      : undefined;
    this.#expression = filter.expression;
    this.#kinds = kinds;
  }

  passes(event: TraceEvent): boolean {
    return (
      (this.#matches === undefined || this.#follows(event, this.#matches)) && this.#kinds.has(event.kind)
    );
  }

  #follows(event: TraceEvent, matches: PacketMatcher): boolean {
    const living = this.#living;
    // Another packet is at this address now. That of a segment that a clone made first has been seen before.
    if (event.first) living.delete(event.skb);
    switch (event.kind) {
      case "free":
        return this.#end(event.skb);
      case "return":
        return this.#passesReturn(event);
      // These show nothing of the packet.
      case "hook":
      case "rule":
      case "conntrack":
        return living.has(event.skb);
      case "clone":
        if (event.parent === undefined || !living.has(event.parent)) return false;
        break;
      case "head":
      case "merge":
        return living.has(event.skb);
      case "drop":
        if (!living.has(event.skb) && !this.#isWanted(event, matches)) return false;
        break;
      default:
        // A pass that its packet did not outlive shows nothing of it.
        if (event.kind === "traversal" && event.capture.bytes.length === 0) return living.has(event.skb);
        if (!(this.#keep && living.has(event.skb)) && !this.#isWanted(event, matches)) return false;
    }
    if (event.first || !living.has(event.skb)) living.set(event.skb, event.timeNs);
    return true;
  }

  #isWanted(event: TraceEvent, matches: PacketMatcher): boolean {
    return matches(event.packet, event) && (this.#expression?.matches(event.capture, event.length) ?? true);
  }

  #end(skb: bigint): boolean {
    const firstNs = this.#living.get(skb);
    if (firstNs === undefined) return false;
    this.#living.delete(skb);
    this.#ended.delete(skb);
    this.#ended.set(skb, firstNs);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > ENDED_MAX && oldest !== undefined) this.#ended.delete(oldest);
    return true;
  }

  /** Of the skb that the function was entered with, not of one that has its address by now. */
  #passesReturn({ skb, returned }: TraceEvent): boolean {
    const firstNs = this.#living.get(skb) ?? Number.POSITIVE_INFINITY;
    const endedNs = this.#ended.get(skb) ?? Number.POSITIVE_INFINITY;
    return Math.min(firstNs, endedNs) <= (returned?.entryNs ?? 0);
  }
}
