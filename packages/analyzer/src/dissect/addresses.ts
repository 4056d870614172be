// Addresses as text, and text as address bytes. IPv6 text: https://www.rfc-editor.org/rfc/rfc5952

import { isIP } from "node:net";

import { u16, u8 } from "./big-endian.js";

const DECIMAL: readonly string[] = Array.from({ length: 256 }, (_, n) => String(n));
const HEX: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

/** Dotted decimal of the 4 bytes at `at`. */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  return (
    `${DECIMAL[u8(bytes, at)]}.${DECIMAL[u8(bytes, at + 1)]}.` +
    `${DECIMAL[u8(bytes, at + 2)]}.${DECIMAL[u8(bytes, at + 3)]}`
  );
}

/**
 * RFC 5952 text of the 16 bytes at `at`: lower case, the longest run of two or more zero groups as `::`
 * (the first of equals), an IPv4-mapped address as `::ffff:10.0.0.1`.
 */
export function ipv6Text(bytes: Uint8Array, at: number): string {
  let zerosFrom = -1;
  let zerosLength = 1;
  for (let group = 0; group < 8; group++) {
    let length = 0;
    while (group + length < 8 && u16(bytes, at + 2 * (group + length)) === 0) length++;
    if (length > zerosLength) {
      zerosFrom = group;
      zerosLength = length;
    }
    group += length;
  }
  if (zerosFrom === 0 && zerosLength === 5 && u16(bytes, at + 10) === 0xffff) {
    return `::ffff:${ipv4Text(bytes, at + 12)}`;
  }
  let text = "";
  for (let group = 0; group < 8; group++) {
    if (group === zerosFrom) {
      text += "::";
      group += zerosLength - 1;
    } else {
      if (group > 0 && group !== zerosFrom + zerosLength) text += ":";
      text += u16(bytes, at + 2 * group).toString(16);
    }
  }
  return text;
}

/** `02:42:ac:11:00:02` of the 6 bytes at `at`. */
export function macText(bytes: Uint8Array, at: number): string {
  let text = HEX[u8(bytes, at)] ?? "";
  for (let i = 1; i < 6; i++) text += `:${HEX[u8(bytes, at + i)]}`;
  return text;
}

/** An IP address as bytes. */
export interface Address {
  readonly family: 4 | 6;
  /** 4 or 16 bytes, network order. */
  readonly bytes: Uint8Array;
}

/**
 * Address bytes of IPv4 or IPv6 text; an IPv4-mapped IPv6 address gives the IPv4 address.
 *
 * @returns undefined if it is neither, or has a zone id (`fe80::1%eth0`): packets carry none.
 */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 4) return { family, bytes: Uint8Array.from(text.split("."), Number) };
  if (family !== 6 || text.includes("%")) return undefined;
  const bytes = parseIpv6(text);
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && u16(bytes, 10) === 0xffff;
  return isMapped ? { family: 4, bytes: bytes.slice(12) } : { family, bytes };
}

/** The 4 or 16 bytes of an address as it is written; undefined if it is none, or has a zone id. */
export function parseIpText(text: string): Uint8Array | undefined {
  const family = isIP(text);
  if (family === 4) return Uint8Array.from(text.split("."), Number);
  return family === 6 && !text.includes("%") ? parseIpv6(text) : undefined;
}

/** The text of 4 or 16 bytes. */
export function ipText(bytes: Uint8Array): string {
  return bytes.length === 4 ? ipv4Text(bytes, 0) : ipv6Text(bytes, 0);
}

/** The address's canonical text. */
export function addressText(address: Address): string {
  return address.family === 4 ? ipv4Text(address.bytes, 0) : ipv6Text(address.bytes, 0);
}

// The text is known to be valid.
function parseIpv6(text: string): Uint8Array {
  const [before = "", after] = text.split("::");
  const head = groupBytes(before);
  const tail = groupBytes(after ?? "");
  const bytes = new Uint8Array(16);
  bytes.set(head, 0);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
