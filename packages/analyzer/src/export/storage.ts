// How columns are stored in the binary formats: one choice for Parquet and Arrow.
import type { ColumnDefinition } from "../tables/schema.js";

/** `timestamp` is nanoseconds since 1970 in 64 bits; `int64` in a JavaScript number or bigint. */
export type Storage = "int32" | "uint32" | "int64" | "timestamp" | "boolean" | "text";

/** Of 16 bits, or the kernel's `int`. */
const INT32 = new Set([
  "argument",
  "cpus",
  "destination_port",
  "icmp_id",
  "icmp_seq",
  "ip_len",
  "last_destination_port",
  "last_source_port",
  "source_port",
]);

/** Of 32 bits in a recording: a damaged one may have any there. */
const UINT32 = new Set(["cpu", "ifindex", "len", "mark", "mtu", "netns", "pid"]);

/** How a column is stored. */
export function storageOf({ name, type }: ColumnDefinition): Storage {
  if (type === "text" || type === "boolean") return type;
  if (type === "wide") return name.endsWith("unix_ns") ? "timestamp" : "int64";
  if (INT32.has(name)) return "int32";
  return UINT32.has(name) ? "uint32" : "int64";
}
