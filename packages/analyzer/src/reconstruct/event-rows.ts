// Single events as rows: of `events`, and with what their kind adds of `drops` and `traversals`.
import { kindName } from "@skbtracer/format";
import type { Names } from "../event/names.js";
import type { DropRow, EventRow, TraversalRow } from "../tables/rows.js";
import type { Life } from "./life.js";
import type { FollowedBatch, Lives } from "./lives.js";
import type { PathContext } from "./path-rows.js";

/** Event `i` of a batch as a row of `events`. */
export function eventRow(
  { batch, packets, devices, functions, returnValues }: FollowedBatch,
  i: number,
  event: number,
  life: Life,
  lives: Lives,
  context: PathContext,
): EventRow {
  const device = lives.devices.all[devices[i] ?? -1];
  const facts = packets[i];
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
    protocol: facts?.protocol ?? null,
    info: facts?.info ?? null,
    source: facts?.source ?? null,
    source_port: facts?.source_port ?? null,
    destination: facts?.destination ?? null,
    destination_port: facts?.destination_port ?? null,
    icmp_id: facts?.icmp_id ?? null,
    icmp_seq: facts?.icmp_seq ?? null,
    ip_len: facts?.ip_len ?? null,
    return_value: returnValues.get(i) ?? null,
  };
}

/** What a row of `drops` or `traversals` is made from. */
export interface RowFacts {
  readonly followed: FollowedBatch;
  readonly i: number;
  /** Of the event, and of the drop or traversal, in the recording. */
  readonly event: number;
  readonly number: number;
  readonly life: Life;
  readonly lives: Lives;
  readonly context: PathContext;
  readonly names: Names;
}

// Written out, as rows put together from parts cost many times as much.

/** A row of `drops`. */
export function dropRow({ followed, i, event, number, life, lives, context, names }: RowFacts): DropRow {
  const { batch } = followed;
  const facts = followed.packets[i];
  const device = lives.devices.all[followed.devices[i] ?? -1];
  const place = lives.dropPlaces.of(batch, i);
  const timeNs = batch.times[i] ?? 0;
  return {
    recording: context.recording,
    drop: number,
    event,
    path: life.id,
    time_ns: timeNs,
    unix_ns: context.unixNs(timeNs),
    cpu: batch.cpu(i),
    reason: place.reason,
    location: place.location,
    function: place.function,
    benign: place.rule ? 1 : 0,
    benign_rule: place.rule?.name ?? null,
    netns: device?.netns ?? 0,
    interface: device?.name ?? null,
    pid: batch.narrow("pid")[i] ?? 0,
    len: batch.narrow("len")[i] ?? 0,
    protocol: facts?.protocol ?? null,
    info: facts?.info ?? null,
    source: facts?.source ?? null,
    source_port: facts?.source_port ?? null,
    destination: facts?.destination ?? null,
    destination_port: facts?.destination_port ?? null,
    icmp_id: facts?.icmp_id ?? null,
    icmp_seq: facts?.icmp_seq ?? null,
    stack: names.stackText(batch.narrow("stack_id")[i] ?? -1) ?? null,
  };
}

/** A row of `traversals`. */
export function traversalRow({
  followed,
  i,
  event,
  number,
  life,
  lives,
  context,
  names,
}: RowFacts): TraversalRow {
  const { batch } = followed;
  const facts = followed.packets[i];
  const netns = lives.devices.all[followed.devices[i] ?? -1]?.netns ?? 0;
  const { pass } = lives.passes.of(batch, i);
  const decision = followed.decisions.get(i);
  const timeNs = batch.times[i] ?? 0;
  return {
    recording: context.recording,
    traversal: number,
    event,
    path: life.id,
    time_ns: timeNs,
    unix_ns: context.unixNs(timeNs),
    cpu: batch.cpu(i),
    engine: pass.engine,
    family: pass.family,
    table_family: pass.tableFamily,
    table_name: pass.table,
    chain: pass.chain ?? null,
    hook: pass.hook,
    verdict: pass.verdict,
    rule_handle: decision?.handle ?? null,
    rule: decision?.text ?? null,
    conntrack: pass.conntrack ?? null,
    duration_ns: batch.tailNumber(i, "duration_ns"),
    netns,
    in_interface: deviceText(names, netns, batch.tailNumber(i, "in_ifindex")),
    out_interface: deviceText(names, netns, batch.tailNumber(i, "out_ifindex")),
    pid: batch.narrow("pid")[i] ?? 0,
    len: batch.narrow("len")[i] ?? 0,
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

function deviceText(names: Names, netns: number, ifindex: number): string | null {
  return names.device(netns, ifindex) ?? (ifindex ? `ifindex${ifindex}` : null);
}
