// Whether addresses and ports are those that are wanted.
import { parseAddress } from "../dissect/addresses.js";
import type { AddressPattern, PortPattern } from "./expectation.js";
import { masking } from "./kinds.js";

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}

/** Whether an address is in a prefix. @param text as tables have it; null is none */
export function addressHolds(pattern: AddressPattern, text: string | null): boolean {
  if (text === null) return false;
  if (pattern.length === pattern.bytes.length * 8 && pattern.text === text) return true;
  const address = parseAddress(text);
  return address?.family === pattern.family && isSame(masking(address.bytes, pattern.length), pattern.bytes);
}

/** Whether a port is in a range; null is none. */
export function portHolds({ from, to }: PortPattern, port: number | null): boolean {
  return port !== null && port >= from && port <= to;
}

/** Whether some address is in both prefixes. */
export function overlap(a: AddressPattern, b: AddressPattern): boolean {
  if (a.family !== b.family) return false;
  const length = Math.min(a.length, b.length);
  return isSame(masking(a.bytes, length), masking(b.bytes, length));
}
