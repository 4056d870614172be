// Reasons of queueing disciplines. They were the core's (include/net/dropreason-core.h), and have an enum of
// their own on 7.2 (include/net/dropreason-qdisc.h), so that some have two names.
import type { Explanation, Reasons } from "./explanation.js";

const CHECK = "tc -s qdisc show dev DEVICE (dropped, overlimits, backlog)";

const GENERIC: Explanation = {
  means: "The queueing discipline of the device did not take it, or threw it out of its queue.",
  causes:
    "More is sent than the device or a shaper lets out: a full queue, a rate limit, or netem that is to lose.",
  check: CHECK,
  source: "net/core/dev.c: __dev_xmit_skb",
};

const OVERLIMIT: Explanation = {
  means: "The queueing discipline is at its limit of packets or bytes.",
  causes: "More is sent than the device or a shaper lets out.",
  check: CHECK,
  source: "include/net/dropreason-qdisc.h",
};

const CONGESTED: Explanation = {
  means: "The queueing discipline dropped it to tell its sender to slow down.",
  causes: "Packets that wait for long (CoDel, PIE, RED): it does what it is for.",
  check: CHECK,
  source: "net/sched/sch_codel.c, sch_pie.c, sch_red.c",
};

const FLOOD: Explanation = {
  means: "The queueing discipline (CAKE) dropped a packet of a flow that does not slow down.",
  causes: "A flood, or a sender that heeds no congestion.",
  check: CHECK,
  source: "net/sched/sch_cake.c",
};

const BAND_LIMIT: Explanation = {
  means: "The fair queue (fq) holds as many packets of this priority as it may.",
  causes: "More of one priority than the device lets out.",
  check: CHECK,
  source: "net/sched/sch_fq.c: fq_enqueue",
};

const HORIZON_LIMIT: Explanation = {
  means: "The packet's time of departure is too far ahead for the fair queue (fq).",
  causes: "A program that sets SO_TXTIME or a pacing rate wrongly, or by another clock.",
  check: "tc -s qdisc show dev DEVICE (dropped, horizon)",
  source: "net/sched/sch_fq.c: fq_enqueue",
};

const FLOW_LIMIT: Explanation = {
  means: "The fair queue (fq, SFQ) holds as many packets of this flow as it may.",
  causes: "One flow, mostly UDP, that sends more than the device lets out.",
  check: "tc -s qdisc show dev DEVICE (dropped, flow_limit)",
  source: "net/sched/sch_fq.c: fq_enqueue",
};

/** By name. */
export const QUEUE_REASONS: Reasons = {
  QDISC_DROP: GENERIC,
  QDISC_DROP_GENERIC: GENERIC,
  QDISC_OVERLIMIT: OVERLIMIT,
  QDISC_DROP_OVERLIMIT: OVERLIMIT,
  QDISC_CONGESTED: CONGESTED,
  QDISC_DROP_CONGESTED: CONGESTED,
  CAKE_FLOOD: FLOOD,
  QDISC_DROP_FLOOD_PROTECTION: FLOOD,
  FQ_BAND_LIMIT: BAND_LIMIT,
  QDISC_DROP_BAND_LIMIT: BAND_LIMIT,
  FQ_HORIZON_LIMIT: HORIZON_LIMIT,
  QDISC_DROP_HORIZON_LIMIT: HORIZON_LIMIT,
  FQ_FLOW_LIMIT: FLOW_LIMIT,
  QDISC_DROP_FLOW_LIMIT: FLOW_LIMIT,
  QDISC_BURST_DROP: {
    means: "Too many packets waited for the queueing discipline's lock.",
    causes: "Many CPUs that send by one queue at once.",
    check: `sysctl net.core.qdisc_max_burst; ${CHECK}`,
    source: "net/core/dev.c: __dev_xmit_skb",
  },
  QDISC_DROP_MAXFLOWS: {
    means: "The queueing discipline has no room for another flow.",
    causes: "Very many flows at once (SFQ).",
    check: CHECK,
    source: "include/net/dropreason-qdisc.h",
  },
  QDISC_DROP_L4S_STEP_NON_ECN: {
    means: "The low latency queue is too long, and the packet cannot be marked instead (RFC 9332).",
    causes: "Traffic in the L4S queue of dualpi2 that does not take part in ECN.",
    check: CHECK,
    source: "net/sched/sch_dualpi2.c",
  },
};
