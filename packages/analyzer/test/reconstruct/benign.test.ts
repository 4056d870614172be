// Which drops are harmless: an example for each rule, and what is beside it.
import { BENIGN_RULES, benignRule } from "@skbtracer/analyzer";
import { describe, expect, test } from "vitest";

import { functionOf } from "../../src/reconstruct/drop-places.js";

/** By the rule's name: a place and a reason. Those without reasons are of kernel 5.10. */
const EXAMPLES: Readonly<Record<string, readonly (readonly [place: string, reason: string | null])[]>> = {
  "not-a-packet": [
    ["unix_stream_connect", null],
    ["netlink_unicast", "NOT_SPECIFIED"],
  ],
  "icmp-handled": [
    ["icmp_rcv", null],
    ["icmp_rcv", "NO_SOCKET"],
    ["icmpv6_rcv", "NOT_SPECIFIED"],
  ],
  "ping-not-for-a-ping-socket": [["ping_rcv", "NO_SOCKET"]],
  "raw-copy": [
    ["raw_rcv", null],
    ["raw_rcv", "SOCKET_FILTER"],
  ],
  "tcp-handled": [["tcp_rcv_state_process", "NOT_SPECIFIED"]],
  "socket-closed": [["sk_stream_kill_queues", null]],
  "part-of-a-whole": [["skb_release_data", "NOT_SPECIFIED"]],
  "not-a-drop": [
    ["anything_at_all", "SKB_CONSUMED"],
    ["anything_at_all", "SKB_NOT_DROPPED_YET"],
  ],
};

test("every rule has an example, and says why", () => {
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(BENIGN_RULES.map(({ name }) => name).toSorted());
  for (const { because } of BENIGN_RULES) expect(because.length).toBeGreaterThan(20);
});

describe.each(Object.entries(EXAMPLES))("%s", (rule, examples) => {
  test.each(examples)("%s with reason %s", (place, reason) => {
    expect(benignRule(place, reason)?.name).toBe(rule);
  });
});

test.each([
  ["nf_hook_slow", "NETFILTER_DROP"],
  ["nf_hook_slow", null],
  ["__udp4_lib_rcv", "NO_SOCKET"],
  ["icmp_rcv", "ICMP_CSUM"],
  ["tcp_rcv_established", "TCP_CSUM"],
  // A capture whose buffer is full: the filter's no is not freed as a drop (net/packet/af_packet.c).
  ["packet_rcv", null],
  ["kfree_skb_list", null],
  ["tpacket_rcv", "NOT_SPECIFIED"],
  ["packet_rcv", "PACKET_SOCK_ERROR"],
  ["raw_rcv", "SOCKET_RCVBUFF"],
  ["my_unix_stream_connect", null],
] as const)("%s with reason %s is a loss", (place, reason) => {
  expect(benignRule(place, reason)).toBeUndefined();
});

test.each([
  ["nf_hook_slow+0x9f", "nf_hook_slow"],
  ["icmp_rcv.part.0+0x1b1", "icmp_rcv"],
  ["unix_dgram_sendmsg.isra.0.cold+0x12 [unix]", "unix_dgram_sendmsg"],
  ["br_flood.constprop.0+0x1 [bridge]", "br_flood"],
  ["0xffffffff81000000", "0xffffffff81000000"],
])("the function of %s is %s", (location, name) => {
  expect(functionOf(location)).toBe(name);
});
