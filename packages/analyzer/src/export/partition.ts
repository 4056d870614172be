// The folders of a partitioned set (`host=web1/date=2025-01-31`), as Hive, Spark and DuckDB name and read them.
import { selectRows } from "../reconstruct/event-block.js";
import type { Block } from "../tables/block.js";
import { TABLES } from "../tables/schema.js";

/** Stands for no value. */
const NONE = "__HIVE_DEFAULT_PARTITION__";

/** What Hive escapes (FileUtils.escapePathName), and NUL. */
// oxlint-disable-next-line no-control-regex
const ESCAPED = /[\0-\x1f"#%'*/:=?\\\x7f{[\]^]/g;

const DAY_NS = 86_400_000_000_000n;

/** What is known of the recording that rows come from. */
export interface PartitionFacts {
  readonly host: string | null;
  /** For rows that have no time of their own. */
  readonly startUnixNs: bigint | null;
}

/** Rows of one folder. */
export interface Partition {
  /** `host=<host>/date=<YYYY-MM-DD>`, in UTC. */
  readonly key: string;
  readonly block: Block;
}

/** The folder of a host and a time. Neither can leave it, or hold a control character. */
export function partitionKey(host: string | null, unixNs: bigint | null): string {
  return `host=${segment(host)}/date=${segment(unixNs === null ? null : dateOf(dayOf(unixNs)))}`;
}

/** Splits a block by the days of its rows' `unix_ns`; `meta` by when the recording began. */
export function partition(block: Block, { host, startUnixNs }: PartitionFacts): Partition[] {
  const names = TABLES[block.table].columns.map(({ name }) => name);
  const at = Math.max(names.indexOf("unix_ns"), names.indexOf("start_unix_ns"));
  const column = block.columns[at];
  if (block.length === 0) return [];
  if (column?.kind !== "wide") return [{ key: partitionKey(host, startUnixNs), block }];
  if (column.absent) return [{ key: partitionKey(host, null), block }];
  const days = daysOf(column.values, block.length);
  const distinct = [...new Set(days)];
  return distinct.map((day) => ({
    key: partitionKey(host, BigInt(day) * DAY_NS),
    block: selectRows(block, (i) => days[i] === day),
  }));
}

/** Days since 1970. Rows follow in time, so most are of the day before them. */
function daysOf(values: BigInt64Array, length: number): Int32Array {
  const days = new Int32Array(length);
  let day = 0n;
  let begin = 0n;
  let end = DAY_NS;
  for (let i = 0; i < length; i++) {
    const unixNs = values[i] ?? 0n;
    if (unixNs < begin || unixNs >= end) {
      day = dayOf(unixNs);
      begin = day * DAY_NS;
      end = begin + DAY_NS;
    }
    days[i] = Number(day);
  }
  return days;
}

/** Division rounds to zero: before 1970, a day too late. */
function dayOf(unixNs: bigint): bigint {
  return unixNs / DAY_NS - (unixNs % DAY_NS < 0n ? 1n : 0n);
}

function dateOf(day: bigint): string {
  return new Date(Number(day) * 86_400_000).toISOString().slice(0, 10);
}

function segment(value: string | null): string {
  if (!value) return NONE;
  return value.replaceAll(ESCAPED, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
