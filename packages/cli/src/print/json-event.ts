// An event as an object of a line of NDJSON. Names are those of the `events` table; 64-bit addresses are text.
import {
  type EventKindName,
  flowText,
  packetInfo,
  type Packet,
  type TraceEvent,
  type WallClock,
} from "@skbtracer/analyzer";
import { isoTime } from "./event-time.js";

const SHOWS_PACKET: ReadonlySet<EventKindName> = new Set(["sight", "drop", "traversal"]);

/** The line, without its end. Members that do not apply are left out. */
export function jsonLine(event: TraceEvent, clock: WallClock): string {
  const realtime = clock.realtimeNs(event.timeNs);
  return JSON.stringify({
    time: realtime === undefined ? undefined : isoTime(realtime),
    since_start_ns: event.timeNs,
    cpu: event.cpu,
    kind: event.kind,
    function: event.function,
    skb: hex(event.skb),
    skb_head: hex(event.head),
    pid: event.pid,
    netns: event.netns,
    ifindex: event.ifindex,
    interface: event.interface,
    len: event.length,
    mark: event.mark,
    pkt_type: event.pktType,
    vlan_tci: event.vlanTci,
    first: event.first || undefined,
    parent: event.parent === undefined ? undefined : hex(event.parent),
    how: event.how,
    old_head: event.oldHead === undefined ? undefined : hex(event.oldHead),
    into: event.into === undefined ? undefined : hex(event.into),
    head_stolen: event.headStolen || undefined,
    ...(SHOWS_PACKET.has(event.kind) ? packetMembers(event.packet) : {}),
    ...traversalMembers(event),
    ...ruleMembers(event),
    original: event.connection && flowText(event.connection.original),
    reply: event.connection && flowText(event.connection.reply),
    return_value: event.returned?.value,
    drop_reason: event.drop?.reason,
    drop_location: event.drop?.location,
    stack: event.stack,
  });
}

function packetMembers(packet: Packet): Record<string, unknown> {
  return {
    packet: packetInfo(packet),
    destination_mac: packet.destMac,
    source_mac: packet.srcMac,
    ether_type: packet.etherType,
    ip_version: packet.ipVersion,
    source: packet.source,
    destination: packet.destination,
    protocol: packet.protocol,
    ip_len: packet.ipLength,
    ttl: packet.ttl,
    source_port: packet.sourcePort,
    destination_port: packet.destinationPort,
    tcp_flags: packet.tcpFlags,
    icmp_type: packet.icmpType,
    icmp_code: packet.icmpCode,
    icmp_id: packet.icmpId,
    icmp_seq: packet.icmpSeq,
  };
}

function traversalMembers({ traversal }: TraceEvent): Record<string, unknown> {
  if (!traversal) return {};
  return {
    engine: traversal.engine,
    family: traversal.family,
    table_family: traversal.tableFamily,
    table: traversal.table,
    chain: traversal.chain,
    hook: traversal.hook,
    verdict: traversal.verdict,
    conntrack: traversal.conntrack,
    duration_ns: traversal.durationNs,
    in_interface: traversal.inInterface,
    out_interface: traversal.outInterface,
  };
}

function ruleMembers({ rule }: TraceEvent): Record<string, unknown> {
  if (!rule) return {};
  return {
    table_family: rule.tableFamily,
    table: rule.table,
    chain: rule.baseChain,
    hook: rule.hook,
    verdict: rule.verdict,
    rule_handle: rule.handle,
    rule: rule.text,
  };
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}
