// What a function returned, without what identifies: an address of an skb or of a host, and hashes of such, are numbers too.
import { numberBits } from "../event/return-text.js";
import type { Pseudonyms } from "./pseudonyms.js";

/** Up to here an unsigned number is a length, a verdict or a protocol; above, it can be an IPv4 address (`__be32`). */
const PLAIN_MAX = 0xffffn;
/** ERR_PTR: the last page of addresses are errors. */
const ERROR_MIN = 0xffff_ffff_ffff_f001n;
/** Where the kernel's half of the addresses begins. */
const KERNEL_MIN = 0xffff_0000_0000_0000n;

/**
 * Another value of the same meaning.
 * @param value of the register, 64 bits
 * @param type of the function's value, as BTF has it without typedefs; undefined if it is not known
 */
export function redactReturnValue(value: bigint, type: string | undefined, names: Pseudonyms): bigint {
  // Such a function leaves anything there.
  if (type === "void") return 0n;
  if (type === "_Bool") return value & 0xffn;
  const bits = numberBits(type);
  if (bits !== undefined && bits < 0 && bits >= -32) return BigInt.asUintN(-bits, value);
  const own = BigInt.asUintN(Math.abs(bits ?? 64), value);
  if (own <= PLAIN_MAX || own >= ERROR_MIN) return own;
  if (own >= KERNEL_MIN) return names.kernelAddress(own);
  // Never a plain number, nor one of more bits.
  return BigInt.asUintN(Math.abs(bits ?? 64) - 1, names.hash(own)) | (PLAIN_MAX + 1n);
}
