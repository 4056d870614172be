// The original's table, a line an event.
import { packetInfo, type TraceEvent } from "@skbtracer/analyzer";
import { escapeText } from "./escape.js";

const NO_MAC = "00:00:00:00:00:00";

/** The heading. */
export const TABLE_HEADING: string = [
  "TIME".padEnd(10),
  "NETWORK_NS".padEnd(12),
  "CPU".padEnd(6),
  "INTERFACE".padEnd(18),
  "DEST_MAC".padEnd(18),
  "IP_LEN".padEnd(6),
  "PKT_INFO".padEnd(54),
  "TRACE_INFO",
].join(" ");

/** An event's line, and a line for each frame of its stack if it has one. */
export function tableLines(event: TraceEvent, time: string): string {
  const { packet } = event;
  const columns = [
    `[${time.padEnd(8)}]`,
    `[${String(event.netns).padEnd(10)}]`,
    String(event.cpu).padEnd(6),
    interfaceText(event).padEnd(18),
    (packet.destMac ?? NO_MAC).padEnd(18),
    String(packet.ipLength ?? event.length).padEnd(6),
    packetInfo(packet).padEnd(54),
    escapeText(traceInfo(event)),
  ];
  const frames = (event.stack ?? []).map((frame) => `    ${escapeText(frame)}`);
  return [columns.join(" "), ...frames].join("\n");
}

function interfaceText(event: TraceEvent): string {
  if (event.ifindex === 0) return "nil";
  return event.interface === undefined ? `ifindex ${event.ifindex}` : escapeText(event.interface);
}

function traceInfo(event: TraceEvent): string {
  const start = `${event.skb.toString(16)}.${event.pktType}:`;
  const { traversal, drop } = event;
  if (traversal) {
    const { pf, table, hook, verdict, durationNs } = traversal;
    return `${start}${pf}.${table}.${hook}.${verdict} ${microseconds(durationNs)}`;
  }
  if (drop) return `${start}DROP ${drop.reason === undefined ? "" : `${drop.reason} `}at ${drop.location}`;
  if (event.kind === "clone") return `${start}${event.function} of ${(event.parent ?? 0n).toString(16)}`;
  if (event.kind === "free") return `${start}${event.function} (end)`;
  return `${start}${event.function}`;
}

function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(3)}us`;
}
