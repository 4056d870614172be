// What stands for what in a redacted recording: the same for the same, by the key alone, so that recordings which are
// redacted with one key can be compared.
import type { RedactionKey } from "./key.js";
import { EMBEDDING_IPV4, IPV4_RANGES, IPV6_RANGES } from "./kept-ranges.js";
import { KeyedPermutation } from "./keyed-permutation.js";
import { commonBits, PrefixPermutation } from "./prefix-permutation.js";

/** Kinds of names, by what stands before the digits. */
export type NameKind = "host" | "if" | "ns" | "table" | "chain" | "set";

/** Addresses below are numbers of tracepoints, or none. */
const KERNEL_ADDRESS_MIN = 4096n;

/** Bits within a page, which say nothing of where the kernel was loaded, and those that are the same of all addresses. */
const PAGE_BITS = 12n;
const MAPPED_BITS = 40;
const PAGE_MASK = (1n << BigInt(MAPPED_BITS)) - 1n;

/** PID_MAX_LIMIT on 64-bit kernels is 2^22. */
const PID_BITS = 22;
const STACK_ID_BITS = 31;

const CACHE_MAX = 65_536;
const DIGITS = 8;

/** A kprobe's event bears an address this close behind its function's. */
const ENTRY_REACH = 16n;

/** Names that all hosts have, and that mean the same everywhere. */
const COMMON_NAMES: Readonly<Record<NameKind, ReadonlySet<string>>> = {
  host: new Set(),
  if: new Set(["lo"]),
  ns: new Set(),
  table: new Set(["filter", "nat", "mangle", "raw", "security", "broute"]),
  chain: new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]),
  set: new Set(),
};

/** Events tell names that are cut (struct skbt_chain, bpf/event.h), rules have them whole: both are to become the same. */
const CUT_AT: Readonly<Partial<Record<NameKind, number>>> = { table: 31, chain: 31 };

/** The pseudonyms of one key. */
export class Pseudonyms {
  readonly #key: RedactionKey;
  readonly #ipv4: PrefixPermutation;
  readonly #ipv6: PrefixPermutation;
  readonly #permutations: Readonly<Record<"mac" | "group23" | "group32" | "node", KeyedPermutation>>;
  readonly #pages: KeyedPermutation;
  readonly #pids: KeyedPermutation;
  readonly #stackIds: KeyedPermutation;
  readonly #addresses = new Map<string, Uint8Array>();
  readonly #kernelAddresses = new Map<bigint, bigint>();
  readonly #hashes = new Map<bigint, bigint>();
  readonly #names = new Map<string, string>();
  #entries: readonly bigint[] = [];

  constructor(key: RedactionKey) {
    this.#key = key;
    this.#ipv4 = new PrefixPermutation(key.cipher("ipv4"), IPV4_RANGES);
    this.#ipv6 = new PrefixPermutation(key.cipher("ipv6"), IPV6_RANGES);
    const permutation = (purpose: string, bits: number): KeyedPermutation =>
      new KeyedPermutation(key.cipher(purpose), bits);
    this.#permutations = {
      mac: permutation("mac", 46),
      group23: permutation("mac of an IPv4 group", 23),
      group32: permutation("mac of an IPv6 group", 32),
      node: permutation("solicited node", 24),
    };
    this.#pages = permutation("kernel address", MAPPED_BITS);
    this.#pids = permutation("pid", PID_BITS);
    this.#stackIds = permutation("stack", STACK_ID_BITS);
  }

  /** Addresses of probed functions: what lies closely behind one goes with it. */
  setEntries(entries: readonly bigint[]): void {
    this.#entries = entries.filter((entry) => entry >= KERNEL_ADDRESS_MIN);
    this.#kernelAddresses.clear();
  }

  /** Another IP address. @param address 4 or 16 bytes, network order */
  ip(address: Uint8Array): Uint8Array {
    const known = Buffer.from(address.buffer, address.byteOffset, address.length).toString("latin1");
    let mapped = this.#addresses.get(known);
    if (!mapped) {
      mapped = address.length === 4 ? this.#ipv4.map(address) : this.#mapIpv6(address);
      if (this.#addresses.size >= CACHE_MAX) this.#addresses.clear();
      this.#addresses.set(known, mapped);
    }
    return mapped;
  }

  /** A network in the place of another: that of all addresses in it. @param length of its prefix, in bits */
  network(address: Uint8Array, length: number): Uint8Array {
    const mapped = Uint8Array.from(this.ip(address));
    const isNetwork = address.every((byte, i) => (byte & ~maskByte(length, i)) === 0);
    return isNetwork ? mapped.map((byte, i) => byte & maskByte(length, i)) : mapped;
  }

  /** Another MAC address, a group's for a group's. @param mac 6 bytes */
  mac(mac: Uint8Array): Uint8Array {
    const bytes = Buffer.from(mac);
    const value = bytes.readUIntBE(0, 6);
    const { mac: all, group23, group32 } = this.#permutations;
    if (isKeptMac(bytes)) return Uint8Array.from(mac);
    if (bytes.readUIntBE(0, 3) === 0x01005e)
      bytes.writeUIntBE(group23.map(value % 2 ** 23) + (Math.floor(value / 2 ** 23) % 2) * 2 ** 23, 3, 3);
    else if (bytes.readUInt16BE(0) === 0x3333) bytes.writeUInt32BE(group32.map(value % 2 ** 32), 2);
    else {
      // Whether it is a group's and whether it was given locally stays.
      const flags = bytes.readUInt8(0) & 3;
      const rest = Math.floor(bytes.readUInt8(0) / 4) * 2 ** 40 + (value % 2 ** 40);
      const mapped = all.map(rest);
      bytes.writeUIntBE(mapped % 2 ** 40, 1, 5);
      bytes.writeUInt8(Math.floor(mapped / 2 ** 40) * 4 + flags, 0);
    }
    return Uint8Array.from(bytes);
  }

  /** Another name of the same kind, or the same if all hosts have it. At most 14 characters. */
  name(kind: NameKind, name: string): string {
    if (name === "" || COMMON_NAMES[kind].has(name)) return name;
    const known = name.slice(0, CUT_AT[kind]);
    const key = `${kind}/${known}`;
    let mapped = this.#names.get(key);
    if (mapped === undefined) {
      mapped = `${kind}-${this.#key.digest(kind, known, DIGITS)}`;
      if (this.#names.size >= CACHE_MAX) this.#names.clear();
      this.#names.set(key, mapped);
    }
    return mapped;
  }

  /** A UUID for another. */
  uuid(uuid: string): string {
    const digits = this.#key.digest("uuid", uuid, 32);
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** Another kernel address, at the same place of another page; a number of a tracepoint stays. */
  kernelAddress(address: bigint): bigint {
    if (address < KERNEL_ADDRESS_MIN) return address;
    let mapped = this.#kernelAddresses.get(address);
    if (mapped === undefined) {
      const entry = this.#entries.find((start) => address >= start && address - start < ENTRY_REACH);
      mapped = entry === undefined ? this.#mapPage(address) : this.#mapPage(entry) + (address - entry);
      if (this.#kernelAddresses.size >= CACHE_MAX) this.#kernelAddresses.clear();
      this.#kernelAddresses.set(address, mapped);
    }
    return mapped;
  }

  /** Another hash of something that is named elsewhere; 0 is none. */
  hash(value: bigint): bigint {
    if (value === 0n) return 0n;
    let mapped = this.#hashes.get(value);
    if (mapped === undefined) {
      mapped = BigInt(`0x${this.#key.digest("hash", value.toString(16), 16)}`);
      if (this.#hashes.size >= CACHE_MAX) this.#hashes.clear();
      this.#hashes.set(value, mapped);
    }
    return mapped;
  }

  /** Another process id; 0, the idle task's, stays. */
  pid(pid: number): number {
    if (pid === 0) return 0;
    // 0 is nobody's: whoever would get it gets what 0 would have got.
    return pid < 2 ** PID_BITS ? this.#pids.map(pid) || this.#pids.map(0) : 0;
  }

  /** Another stack id: it is a hash of kernel addresses. A negative one is none. */
  stackId(id: number): number {
    return id < 0 ? id : this.#stackIds.map(id);
  }

  #mapPage(address: bigint): bigint {
    const page = Number((address >> PAGE_BITS) & PAGE_MASK);
    const mapped = BigInt(this.#pages.map(page));
    return (address & ~(PAGE_MASK << PAGE_BITS)) | (mapped << PAGE_BITS);
  }

  #mapIpv6(address: Uint8Array): Uint8Array {
    const mapped = this.#ipv6.map(address);
    if (EMBEDDING_IPV4.some(({ prefix, length }) => commonBits(address, prefix, length) === length))
      mapped.set(this.#ipv4.map(address.subarray(12)), 12);
    else if (commonBits(address, SOLICITED_NODE.prefix, SOLICITED_NODE.length) === SOLICITED_NODE.length)
      Buffer.from(mapped.buffer).writeUIntBE(
        this.#permutations.node.map(Buffer.from(address).readUIntBE(13, 3)),
        13,
        3,
      );
    return mapped;
  }
}

/** ff02::1:ff00:0/104 */
const SOLICITED_NODE = {
  prefix: Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0),
  length: 104,
};

/** None, broadcast, and groups that mean the same everywhere. */
function isKeptMac(mac: Buffer): boolean {
  const start = mac.readUIntBE(0, 5);
  return (
    mac.every((byte) => byte === 0) ||
    mac.every((byte) => byte === 0xff) ||
    start === 0x01_00_5e_00_00 ||
    start === 0x01_80_c2_00_00 ||
    start === 0x33_33_00_00_00
  );
}

function maskByte(length: number, i: number): number {
  return 0xff & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i)));
}
