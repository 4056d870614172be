// Columns of `events` from a batch: numbers as they were decoded, and for the rest numbers of what they refer to.
import { kindName } from "../event/trace-event.js";
import type { Block, Column } from "../tables/block.js";
import type { FollowedBatch, Lives } from "./lives.js";
import type { PacketFacts } from "./packet-facts.js";

/** Names of kinds by number. */
const KINDS: readonly (string | null)[] = Array.from(
  { length: 256 },
  (_, kind) => kindName(kind) ?? `kind ${kind}`,
);

const number = (values: ArrayLike<number>): Column => ({ kind: "number", values });

/** What the columns of a recording's events share. */
export interface EventContext {
  readonly recording: string;
  readonly lives: Lives;
  readonly startUnixNs: bigint | null;
}

/**
 * The events of a batch as a block.
 * @param firstEvent number of the batch's first event
 * @param wanted which to take; all, if undefined
 */
export function eventBlock(
  followed: FollowedBatch,
  firstEvent: number,
  { recording, lives, startUnixNs }: EventContext,
): Block {
  const { batch } = followed;
  const { length, times } = batch;
  const path = new Float64Array(length);
  const event = new Float64Array(length);
  const cpu = new Float64Array(length);
  const facts: (PacketFacts | undefined)[] = [];
  const factsOf = new Map<PacketFacts, number>();
  const packet = new Int32Array(length);
  let before: PacketFacts | undefined;
  let code = -1;
  for (let i = 0; i < length; i++) {
    event[i] = firstEvent + i;
    path[i] = followed.lives[i]?.id ?? Number.NaN;
    cpu[i] = batch.cpu(i);
    const now = followed.packets[i];
    if (now !== before) {
      before = now;
      code = now === undefined ? -1 : (factsOf.get(now) ?? -1);
      if (now !== undefined && code < 0) {
        code = facts.push(now) - 1;
        factsOf.set(now, code);
      }
    }
    packet[i] = code;
  }
  const { all } = lives.devices;
  const device = followed.devices;
  const deviceNumber = (get: (at: (typeof all)[number]) => number): Column => ({
    kind: "number",
    codes: device,
    values: all.map(get),
  });
  const packetText = (get: (facts: PacketFacts) => string | null): Column => ({
    kind: "text",
    codes: packet,
    values: facts.map((fact) => (fact ? get(fact) : null)),
  });
  const packetNumber = (get: (facts: PacketFacts) => number | null): Column => ({
    kind: "number",
    codes: packet,
    values: facts.map((fact) => (fact ? get(fact) : null) ?? Number.NaN),
  });
  const columns: Column[] = [
    { kind: "text", codes: new Uint8Array(length), values: [recording] },
    number(event),
    number(path),
    number(times),
    { kind: "wide", values: unixTimes(times, startUnixNs ?? 0n), absent: startUnixNs === null },
    number(cpu),
    { kind: "text", codes: batch.narrow("kind"), values: KINDS },
    { kind: "text", codes: followed.functions, values: lives.functions.names },
    deviceNumber(({ netns }) => netns),
    deviceNumber(({ ifindex }) => ifindex),
    { kind: "text", codes: device, values: all.map(({ name }) => name ?? null) },
    number(batch.narrow("pid")),
    number(batch.narrow("len")),
    number(batch.narrow("mark")),
    packetText((fact) => fact.protocol),
    packetText((fact) => fact.info),
    packetText((fact) => fact.source),
    packetNumber((fact) => fact.source_port),
    packetText((fact) => fact.destination),
    packetNumber((fact) => fact.destination_port),
    packetNumber((fact) => fact.icmp_id),
    packetNumber((fact) => fact.icmp_seq),
    packetNumber((fact) => fact.ip_len),
  ];
  return { table: "events", length, columns, packetIds: facts.map((fact) => fact?.id ?? 0) };
}

/** `start + times[i]`, by halves, as a bigint for each would be garbage. */
function unixTimes(times: Float64Array, start: bigint): BigInt64Array {
  const column = new BigInt64Array(times.length);
  const halves = new Int32Array(column.buffer);
  const startLow = Number(start & 0xffff_ffffn);
  const startHigh = Number(start >> 32n);
  for (let i = 0; i < times.length; i++) {
    const low = startLow + (times[i] ?? 0);
    const carry = Math.floor(low / 0x1_0000_0000);
    halves[2 * i] = low - carry * 0x1_0000_0000;
    halves[2 * i + 1] = startHigh + carry;
  }
  return column;
}

/** The rows of a block for which `wanted` holds. */
export function selectRows(block: Block, wanted: (i: number) => boolean): Block {
  const chosen: number[] = [];
  for (let i = 0; i < block.length; i++) if (wanted(i)) chosen.push(i);
  if (chosen.length === block.length) return block;
  const gathered = new Map<ArrayLike<number>, Float64Array>();
  const pick = (from: ArrayLike<number>): Float64Array => {
    let picked = gathered.get(from);
    if (!picked) {
      picked = Float64Array.from(chosen, (i) => from[i] ?? Number.NaN);
      gathered.set(from, picked);
    }
    return picked;
  };
  const columns = block.columns.map((column): Column => {
    if (column.kind === "wide")
      return { ...column, values: BigInt64Array.from(chosen, (i) => column.values[i] ?? 0n) };
    if (column.kind === "text") return { ...column, codes: pick(column.codes) };
    return column.codes
      ? { ...column, codes: pick(column.codes) }
      : { ...column, values: pick(column.values) };
  });
  return { table: block.table, length: chosen.length, columns };
}
