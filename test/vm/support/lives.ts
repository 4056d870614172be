// Follows skbs through a recording's events by their begins and ends alone, and says what cannot be.

/** The members of an event of `replay --json` that this needs. */
export interface LifeEvent {
  readonly kind: string;
  readonly skb: string;
  readonly first?: boolean;
  readonly icmp_type?: number;
  readonly icmp_id?: number;
  readonly icmp_seq?: number;
}

/** What was found. */
export interface Lives {
  readonly count: number;
  /** Lives in which two different echo packets appear: two packets were taken for one. */
  readonly mixed: number;
  /** Events marked as an skb's first although its last life had not ended, or not marked although it had. */
  readonly contradictions: number;
  /** Lives that had not ended when the recording did. */
  readonly open: number;
}

const ECHO = new Set([0, 8]);

/** Splits events, in time order, into lives of skbs. */
export function followLives(events: readonly LifeEvent[]): Lives {
  const living = new Map<string, Set<string>>();
  let count = 0;
  let mixed = 0;
  let contradictions = 0;
  for (const event of events) {
    if (event.kind === "free") {
      if (!living.delete(event.skb)) contradictions++;
      continue;
    }
    let packets = living.get(event.skb);
    if ((packets === undefined) !== (event.first ?? false)) contradictions++;
    if (!packets) {
      packets = new Set();
      living.set(event.skb, packets);
      count++;
    }
    if (event.icmp_type !== undefined && ECHO.has(event.icmp_type)) {
      packets.add(`${event.icmp_type} ${event.icmp_id} ${event.icmp_seq}`);
      if (packets.size === 2) mixed++;
    }
  }
  return { count, mixed, contradictions, open: living.size };
}
