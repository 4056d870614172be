// Reasons of modules with enums of their own: Open vSwitch (net/openvswitch/drop.h). mac80211's (net/mac80211/drop.h) are
// many, change much, and are told of together.
import type { Explanation, Reasons } from "./explanation.js";

const FLOW_CHECK = "ovs-appctl dpctl/dump-flows -m; ovs-appctl ofproto/trace BRIDGE FLOW";

/** By name. */
export const MODULE_REASONS: Reasons = {
  OVS_DROP_LAST_ACTION: {
    means: "The packet came to the end of its flow's actions, and none put it out.",
    causes: "A flow without actions: the usual way for Open vSwitch to drop.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_ACTION_ERROR: {
    means: "An action of its flow failed.",
    causes: "No memory, a packet that does not fit the action, or a recursion that is too deep.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_EXPLICIT: {
    means: "Its flow has the action drop.",
    causes: "A rule of the OpenFlow controller, or of the network policy.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_EXPLICIT_WITH_ERROR: {
    means: "Its flow has the action drop, with an error code.",
    causes: "The switch could not translate the rules: too deep a recursion, or a loop.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_METER: {
    means: "A meter of Open vSwitch was exceeded.",
    causes: "A rate limit.",
    check: "ovs-ofctl -O OpenFlow13 meter-stats BRIDGE",
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_RECURSION_LIMIT: {
    means: "The flow's actions led to others too many times.",
    causes: "A loop of recirculations.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_DEFERRED_LIMIT: {
    means: "Too many actions were put off.",
    causes: "A flow that samples or recirculates very often.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_FRAG_L2_TOO_LONG: {
    means: "The link layer's header is too long for the packet to be fragmented.",
    causes: "Many VLAN or MPLS tags before a port with a smaller MTU.",
    check: "ovs-vsctl list interface (mtu)",
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_FRAG_INVALID_PROTO: {
    means: "A packet that is not IP would have to be fragmented.",
    causes: "A port with a smaller MTU.",
    check: "ovs-vsctl list interface (mtu)",
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_CONNTRACK: {
    means: "Connection tracking did not take it.",
    causes: "A full table, a zone's limit, or a packet that fits no connection.",
    check: "ovs-appctl dpctl/ct-stats-show; ovs-appctl dpctl/ct-get-limits; conntrack -S",
    source: "net/openvswitch/drop.h",
  },
  OVS_DROP_IP_TTL: {
    means: "Its TTL or hop limit was used up.",
    causes: "A routing loop, or traceroute.",
    check: FLOW_CHECK,
    source: "net/openvswitch/drop.h",
  },
};

/** What whole families of reasons have in common, for names that have no row of their own. */
export const REASON_FAMILIES: readonly { readonly names: RegExp; readonly explanation: Explanation }[] = [
  {
    // Recordings of earlier versions have the underscores.
    names: /^_*RX_/,
    explanation: {
      means: "The Wi-Fi stack (mac80211) did not take a received frame: the name says which check failed.",
      causes:
        "Replayed or damaged frames, keys that differ, frames of other networks, or management frames without protection.",
      check: "iw dev DEVICE station dump; dmesg; the kernel's net/mac80211/drop.h and rx.c for the name",
      source: "net/mac80211/drop.h",
    },
  },
];
