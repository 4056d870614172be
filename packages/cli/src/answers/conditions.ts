// Which rows are wanted: the flags that the commands with answers share, beside the packet filter.
import {
  type Block,
  type Column,
  type DropRow,
  type PathRow,
  TABLES,
  type TraversalRow,
  type Value,
  valueAt,
  type PacketFilter,
  type TableName,
} from "@skbtracer/analyzer";
import { UsageError } from "../options/usage-error.js";

/** A moment: since the recording's start, or by the clock. */
export type Moment = { readonly sinceStartNs: number } | { readonly unixNs: bigint };

/** Conditions on rows; those that are not given hold. */
export interface Conditions {
  readonly since?: Moment;
  readonly until?: Moment;
  readonly iface?: string;
  readonly func?: string;
  readonly reason?: string;
  readonly incomplete?: true;
}

/** Which conditions are about which table; those that are not named hold of no other. */
const ABOUT: Readonly<Partial<Record<TableName, readonly (keyof Conditions)[]>>> = {
  paths: ["since", "until", "iface", "func", "reason", "incomplete"],
  drops: ["since", "until", "iface", "func", "reason"],
  traversals: ["since", "until", "iface"],
  events: ["since", "until", "iface", "func"],
};

/**
 * Refuses what would have no effect.
 * @throws UsageError naming the flag and the table
 */
export function checkConditions(table: TableName, conditions: Conditions, filter: PacketFilter): void {
  const about = ABOUT[table];
  for (const name of Object.keys(conditions) as (keyof Conditions)[])
    if (!about?.includes(name)) throw new UsageError(`--${name} says nothing about ${table}: leave it out`);
  if (!about && Object.values(filter).some((part) => part !== undefined))
    throw new UsageError(`packet filters say nothing about ${table}: leave them out`);
}

const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1.5s` since the recording's start, or a time such as 2026-11-23T14:53:29Z. */
export function parseMoment(flag: string): (text: string) => Moment {
  return (text) => {
    const [, value, unit = "s"] = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)?$/.exec(text) ?? [];
    if (value !== undefined) return { sinceStartNs: Number(value) * (UNITS[unit] ?? 1e9) };
    const [, day = "", minute, second = "", fraction = "", zone = ""] =
      /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
    const ms = isDay(day) ? Date.parse(`${day}T${minute}${second}${zone}`) : Number.NaN;
    if (Number.isNaN(ms))
      throw new UsageError(
        `${flag}: ${JSON.stringify(text)} is neither a time since the start (1.5s, 200ms) nor one like 2026-11-23T14:53:29`,
      );
    return { unixNs: BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")) };
  };
}

/** Whether there is such a day: Date.parse takes the 31st of every month. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

interface Timed {
  readonly time_ns: number;
  readonly unix_ns: bigint | null;
}

/** Whether a row's time, plus `lasting` ns, is before a moment; a row without a time of day is before none. */
function isBefore({ time_ns, unix_ns }: Timed, lasting: number, moment: Moment): boolean {
  if ("sinceStartNs" in moment) return time_ns + lasting < moment.sinceStartNs;
  return unix_ns !== null && unix_ns + BigInt(lasting) < moment.unixNs;
}

function isAfter({ time_ns, unix_ns }: Timed, moment: Moment): boolean {
  if ("sinceStartNs" in moment) return time_ns > moment.sinceStartNs;
  return unix_ns !== null && unix_ns > moment.unixNs;
}

function isInTime(row: Timed, lasting: number, { since, until }: Conditions): boolean {
  return !(since && isBefore(row, lasting, since)) && !(until && isAfter(row, until));
}

/** A path passes if it lived in the time, passed the interface, and was at the function (or dropped by it). */
export function pathHolds(row: PathRow, conditions: Conditions): boolean {
  const { iface, func, reason, incomplete } = conditions;
  return (
    isInTime(row, row.duration_ns, conditions) &&
    (iface === undefined || row.interfaces.split(" ").includes(iface)) &&
    (func === undefined ||
      row.functions.split(" ").includes(func) ||
      (row.drop_location?.startsWith(`${func}+`) ?? false)) &&
    (reason === undefined || row.drop_reason === reason) &&
    (incomplete === undefined || row.complete === 0)
  );
}

/** A drop passes by its own time, interface, place and reason. */
export function dropHolds(row: DropRow, conditions: Conditions): boolean {
  const { iface, func, reason } = conditions;
  return (
    isInTime(row, 0, conditions) &&
    (iface === undefined || row.interface === iface) &&
    (func === undefined || row.function === func) &&
    (reason === undefined || row.reason === reason)
  );
}

/** A pass through a table passes by its own time and either of its interfaces. */
export function traversalHolds(row: TraversalRow, conditions: Conditions): boolean {
  const { iface } = conditions;
  return (
    isInTime(row, 0, conditions) &&
    (iface === undefined || row.in_interface === iface || row.out_interface === iface)
  );
}

/** Where and when an event was. */
export interface EventPlace extends Timed {
  readonly interface: string | undefined;
  readonly function: string;
}

/** The same for an event by itself. */
export function placeHolds(place: EventPlace, conditions: Conditions): boolean {
  const { iface, func } = conditions;
  return (
    isInTime(place, 0, conditions) &&
    (iface === undefined || place.interface === iface) &&
    (func === undefined || place.function === func)
  );
}

function valueOf(from: Column | undefined, i: number): Value {
  return from ? valueAt(from, i) : null;
}

/** An event passes by its own time, interface and function; of a reason and of completeness it says nothing. */
export function eventHolds(block: Block, conditions: Conditions): (i: number) => boolean {
  const { iface, func } = conditions;
  const column = (name: string): Column | undefined =>
    block.columns[TABLES.events.columns.findIndex((definition) => definition.name === name)];
  const [time, unix, device, name] = [
    column("time_ns"),
    column("unix_ns"),
    column("interface"),
    column("function"),
  ];
  return (i) =>
    isInTime(
      { time_ns: Number(valueOf(time, i)), unix_ns: valueOf(unix, i) as bigint | null },
      0,
      conditions,
    ) &&
    (iface === undefined || valueOf(device, i) === iface) &&
    (func === undefined || valueOf(name, i) === func);
}
