// Takes JSON from a file that may come from anyone: what is not of the expected type counts as absent.

/** A value as an object, empty if it is none. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** A value as a list of what `take` makes of its items; empty if it is none. */
export function asList<T>(value: unknown, take: (item: unknown) => T | undefined): T[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => take(item)).filter((item): item is T & {} => item !== undefined);
}

export function asText(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function asNumber(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

export function asTextIfAny(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function asNumberIfAny(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** An unsigned 64-bit number, in JSON a text like "0xffff888000000000". */
export function asAddress(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,16}$/.test(value)) return undefined;
  return BigInt(value);
}

/** The text of an address in JSON. */
export function addressText(address: bigint): string {
  return `0x${address.toString(16)}`;
}

/** Drops the members that are undefined, as `exactOptionalPropertyTypes` wants it. */
export function present<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

/** JSON from bytes; undefined if it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
    ) as unknown;
  } catch {
    return undefined;
  }
}
