// Columns of `events` from a batch: numbers as they were decoded, and for the rest numbers of what they refer to.
import { kindName } from "@skbtracer/format";
import type { Block, Column } from "../tables/block.js";
import type { FollowedBatch, Lives } from "./lives.js";
import { packetColumns } from "./packet-columns.js";

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
  for (let i = 0; i < length; i++) {
    event[i] = firstEvent + i;
    path[i] = followed.lives[i]?.id ?? Number.NaN;
  }
  const packet = packetColumns(followed.packets);
  const { all } = lives.devices;
  const device = followed.devices;
  const deviceNumber = (get: (at: (typeof all)[number]) => number): Column => ({
    kind: "number",
    codes: device,
    values: all.map(get),
  });
  const columns: Column[] = [
    { kind: "text", codes: new Int32Array(length), values: [recording] },
    number(event),
    number(path),
    number(times),
    { kind: "wide", values: unixTimes(times, startUnixNs ?? 0n), absent: startUnixNs === null },
    number(batch.cpus),
    { kind: "text", codes: batch.narrow("kind"), values: KINDS },
    { kind: "text", codes: followed.functions, values: lives.functions.names },
    deviceNumber(({ netns }) => netns),
    deviceNumber(({ ifindex }) => ifindex),
    { kind: "text", codes: device, values: all.map(({ name }) => name ?? null) },
    number(batch.narrow("pid")),
    number(batch.narrow("len")),
    number(batch.narrow("mark")),
    packet.columns.protocol,
    packet.columns.info,
    packet.columns.source,
    packet.columns.source_port,
    packet.columns.destination,
    packet.columns.destination_port,
    packet.columns.icmp_id,
    packet.columns.icmp_seq,
    packet.columns.ip_len,
    returnValues(followed),
  ];
  return { table: "events", length, columns, packetIds: packet.ids };
}

function returnValues({ batch, returnValues: values }: FollowedBatch): Column {
  const codes = new Int32Array(batch.length).fill(-1);
  let code = 0;
  for (const i of values.keys()) codes[i] = code++;
  return { kind: "text", codes, values: [...values.values()] };
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
