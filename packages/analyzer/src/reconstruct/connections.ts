// Conntrack's connections by the ids that events bear, and what they say of NAT.
import type { EventBatch } from "@skbtracer/format";
import { type Connection, readConnection } from "../event/connection.js";
import { type Flow, flowText } from "../event/flow-text.js";

/** A packet's ends before and after NAT; the same where there is none. */
export interface Translation {
  readonly before: string;
  readonly after: string;
}

/** The kernel tells again of what it has forgotten; it keeps a fourth of this many (bpf/netfilter.bpf.h). */
const CONNECTIONS_MAX = 131_072;

/** The connections that were told of, those used last. */
export class Connections {
  readonly #all = new Map<bigint, Connection>();

  /** Event `i`, which tells of one. */
  add(batch: EventBatch, i: number): void {
    const id = batch.tailWide(i, "id");
    this.#all.delete(id);
    this.#all.set(id, readConnection(batch, i));
    if (this.#all.size <= CONNECTIONS_MAX) return;
    const [oldest] = this.#all.keys();
    if (oldest !== undefined) this.#all.delete(oldest);
  }

  get(id: bigint): Connection | undefined {
    const found = this.#all.get(id);
    if (found) {
      this.#all.delete(id);
      this.#all.set(id, found);
    }
    return found;
  }
}

/** What NAT makes of packets of a connection: before it they are as one direction has them, after it as the other's mirror. */
export function translationOf({ original, reply }: Connection, isReply: boolean): Translation {
  const [own, other] = isReply ? [reply, original] : [original, reply];
  return { before: flowText(own), after: flowText(mirrored(other)) };
}

function mirrored(flow: Flow): Flow {
  return {
    source: flow.destination,
    source_port: flow.destination_port,
    destination: flow.source,
    destination_port: flow.source_port,
  };
}
