// Single events as rows: of `events`, and with what their kind adds of `drops` and `traversals`.
import type { EventBatch } from "@skbtracer/format";
import { kindName } from "../event/trace-event.js";
import type { Names } from "../event/names.js";
import { familyName, hookName, verdictName } from "../event/netfilter-names.js";
import type { DropRow, EventRow, PacketColumns, TraversalRow } from "../tables/rows.js";
import { benignRule } from "./benign.js";
import type { Life } from "./life.js";
import { type FollowedBatch, functionOf, type Lives } from "./lives.js";
import type { PacketFacts } from "./packet-facts.js";
import type { PathContext } from "./path-rows.js";

function packetColumns(facts: PacketFacts | undefined): PacketColumns {
  return {
    protocol: facts?.protocol ?? null,
    info: facts?.info ?? null,
    source: facts?.source ?? null,
    source_port: facts?.source_port ?? null,
    destination: facts?.destination ?? null,
    destination_port: facts?.destination_port ?? null,
    icmp_id: facts?.icmp_id ?? null,
    icmp_seq: facts?.icmp_seq ?? null,
  };
}

/** Event `i` of a batch as a row of `events`. */
export function eventRow(
  { batch, packets, devices, functions }: FollowedBatch,
  i: number,
  event: number,
  life: Life,
  lives: Lives,
  context: PathContext,
): EventRow {
  const device = lives.devices.all[devices[i] ?? -1];
  const timeNs = batch.times[i] ?? 0;
  const kind = batch.narrow("kind")[i] ?? 0;
  return {
    recording: context.recording,
    event,
    path: life.id,
    time_ns: timeNs,
    unix_ns: context.unixNs(timeNs),
    cpu: batch.cpu(i),
    kind: kindName(kind) ?? `kind ${kind}`,
    function: lives.functions.names[functions[i] ?? -1] ?? "?",
    netns: device?.netns ?? 0,
    ifindex: device?.ifindex ?? 0,
    interface: device?.name ?? null,
    pid: batch.narrow("pid")[i] ?? 0,
    len: batch.narrow("len")[i] ?? 0,
    mark: batch.narrow("mark")[i] ?? 0,
    ...packetColumns(packets[i]),
    ip_len: packets[i]?.ip_len ?? null,
  };
}

/** A drop's row, from its event's. */
export function dropRow(
  row: EventRow & { drop: number },
  batch: EventBatch,
  i: number,
  names: Names,
): DropRow {
  const location = names.code(batch.tailWide(i, "location"));
  const reason = batch.tailNumber(i, "has_reason") ? names.dropReason(batch.tailNumber(i, "reason")) : null;
  const where = functionOf(location);
  const rule = benignRule(where, reason);
  const { recording, drop, event, path, time_ns, unix_ns, cpu, netns, pid, len } = row;
  const place = { recording, drop, event, path: path ?? 0, time_ns, unix_ns, cpu, netns, pid, len };
  return {
    ...place,
    interface: row.interface,
    reason,
    location,
    function: where,
    benign: rule ? 1 : 0,
    benign_rule: rule?.name ?? null,
    ...packetOf(row),
    stack: names.stack(batch.narrow("stack_id")[i] ?? -1)?.join("; ") ?? null,
  };
}

/** A traversal's row, from its event's. */
export function traversalRow(
  row: EventRow & { traversal: number },
  batch: EventBatch,
  i: number,
  names: Names,
): TraversalRow {
  const { recording, traversal, event, path, time_ns, unix_ns, cpu, netns, pid, len } = row;
  const place = { recording, traversal, event, path: path ?? 0, time_ns, unix_ns, cpu, netns, pid, len };
  const device = (field: string): string | null => {
    const ifindex = batch.tailNumber(i, field);
    return names.device(netns, ifindex) ?? (ifindex ? `ifindex${ifindex}` : null);
  };
  return {
    ...place,
    family: familyName(batch.tailNumber(i, "pf")),
    table_name: batch.tailText(i, "table"),
    hook: hookName(batch.tailNumber(i, "hook")),
    verdict: verdictName(batch.tailNumber(i, "verdict")),
    duration_ns: batch.tailNumber(i, "duration_ns"),
    in_interface: device("in_ifindex"),
    out_interface: device("out_ifindex"),
    ...packetOf(row),
  };
}

function packetOf(row: PacketColumns): PacketColumns {
  const { protocol, info, source, source_port, destination, destination_port, icmp_id, icmp_seq } = row;
  return { protocol, info, source, source_port, destination, destination_port, icmp_id, icmp_seq };
}
