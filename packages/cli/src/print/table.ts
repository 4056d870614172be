// The original's table, a line an event.
import { flowText, packetInfo, type TraceEvent } from "@skbtracer/analyzer";
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
  const { traversal, drop, rule, connection } = event;
  if (traversal) {
    const { pf, table, chain, hook, verdict, durationNs } = traversal;
    const place = chain === undefined ? table : `${table}/${chain}`;
    return `${start}${pf}.${place}.${hook}.${verdict} ${microseconds(durationNs)}`;
  }
  if (rule) {
    const { table, baseChain, hook, verdict, handle, text } = rule;
    const what = rule.isReturn ? "return" : handle === undefined ? "policy" : `rule ${handle}`;
    return `${start}${what} of ${table}/${baseChain}.${hook}.${verdict}${text === undefined ? "" : `: ${text}`}`;
  }
  if (connection)
    return `${start}conntrack ${flowText(connection.original)}, reply ${flowText(connection.reply)}`;
  if (drop) return `${start}DROP ${drop.reason === undefined ? "" : `${drop.reason} `}at ${drop.location}`;
  if (event.kind === "clone") return `${start}${event.function} of ${(event.parent ?? 0n).toString(16)}`;
  if (event.kind === "head") return `${start}${event.function} (new head)`;
  if (event.kind === "merge") return `${start}${event.function} into ${(event.into ?? 0n).toString(16)}`;
  if (event.returned) return `${start}${returnText(event.function, event.returned.value)}`;
  if (event.kind === "free")
    return `${start}${event.function} (end${event.headStolen ? ", head stolen" : ""})`;
  return `${start}${event.function}`;
}

/** `ip_rcv%return = 0`; of a function without a value its return alone. */
export function returnText(name: string, value: string): string {
  return value === "" ? name : `${name} = ${value}`;
}

function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(3)}us`;
}
