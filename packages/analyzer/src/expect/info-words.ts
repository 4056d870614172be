// What the column `info` of `paths` can say of a packet: TCP's flags, messages of ICMP and ARP, fragments.
import { icmpName } from "../dissect/icmp.js";
import { ICMP_TYPES, ICMPV6_TYPES } from "../dissect/icmp-types.js";
import { IP_PROTOCOL } from "../dissect/ip-protocol-names.js";
import { TCP_FLAG_NAMES } from "../dissect/tcp.js";

const FLAGS: ReadonlySet<string> = new Set(TCP_FLAG_NAMES.map((name) => name.toLowerCase()));

/** Protocols whose kind of packet `info` has, in small letters. */
export const WITH_INFO = ["tcp", "icmp", "icmpv6", "arp"] as const;

/** Words to guess from what was meant, in small letters. */
export const INFO_WORDS: readonly string[] = [
  ...FLAGS,
  ...[...ICMP_TYPES.values(), ...ICMPV6_TYPES.values()].flatMap(({ name, codes = [] }) => [
    name,
    ...codes.map((code) => `${name}(${code})`),
  ]),
  "fragment",
];

/** Whether packets of a protocol, as paths have it, can have this `info`; both in small letters. */
export function canHaveInfo(protocol: string, info: string): boolean {
  if (isFragment(info)) return protocol !== "arp";
  if (protocol === "tcp") return areFlags(info);
  if (protocol === "icmp") return isMessage(IP_PROTOCOL.icmp, info);
  if (protocol === "icmpv6") return isMessage(IP_PROTOCOL.icmpv6, info);
  return protocol === "arp" && isOperation(info);
}

/** Flags, one or more. */
export function areFlags(info: string): boolean {
  return info.split(/[, ]+/).every((one) => FLAGS.has(one));
}

function isFragment(info: string): boolean {
  const [found, offset = "8"] = /^fragment(?:@(\d{1,5}))?$/.exec(info) ?? [];
  return found !== undefined && Number(offset) > 0 && Number(offset) % 8 === 0;
}

/** Requests and replies are called so. */
function isOperation(info: string): boolean {
  if (info === "request" || info === "reply") return true;
  const number = /^operation (\d{1,5})$/.exec(info)?.[1];
  return number !== undefined && number !== "1" && number !== "2";
}

const NUMBERS: readonly number[] = Array.from({ length: 256 }, (_, number) => number);
const withoutCode = (name: string): string => name.replace(/\(.*$/, "");
const TYPES: ReadonlyMap<number, readonly string[]> = new Map(
  [IP_PROTOCOL.icmp, IP_PROTOCOL.icmpv6].map((protocol) => [
    protocol,
    NUMBERS.map((type) => withoutCode(icmpName(protocol, type, 0))),
  ]),
);

/** `unreachable`, and `unreachable(port)`: a code has to be one that messages of the type can show. */
function isMessage(protocol: number, info: string): boolean {
  const name = withoutCode(info);
  const types = NUMBERS.filter((type) => TYPES.get(protocol)?.[type] === name);
  if (name === info) return types.length > 0;
  return types.some((type) => NUMBERS.some((code) => icmpName(protocol, type, code) === info));
}
