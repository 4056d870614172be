// How columns are stored in the binary formats: one choice for Parquet and Arrow.
import type { ColumnDefinition } from "../tables/schema.js";

/** `timestamp` is nanoseconds since 1970 in 64 bits; `int64` in a JavaScript number or bigint. */
export type Storage = "int32" | "uint32" | "int64" | "timestamp" | "boolean" | "text";

/** Of 16 bits, or numbers that the kernel keeps in an `int`. */
const INT32 = new Set([
  "argument",
  "cpu",
  "cpus",
  "destination_port",
  "icmp_id",
  "icmp_seq",
  "ifindex",
  "ip_len",
  "last_destination_port",
  "last_source_port",
  "pid",
  "source_port",
]);

/** The kernel's `unsigned int`. */
const UINT32 = new Set(["len", "mark", "mtu", "netns"]);

/** How a column is stored. */
export function storageOf({ name, type }: ColumnDefinition): Storage {
  if (type === "text" || type === "boolean") return type;
  if (type === "wide") return name.endsWith("unix_ns") ? "timestamp" : "int64";
  if (INT32.has(name)) return "int32";
  return UINT32.has(name) ? "uint32" : "int64";
}
