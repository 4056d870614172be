// The value of a register as the function's type means it.

/** Bits of C's types as BTF names them; negative: signed. */
const BITS: Readonly<Record<string, number>> = {
  char: -8,
  "signed char": -8,
  "unsigned char": 8,
  "short int": -16,
  "short unsigned int": 16,
  int: -32,
  "unsigned int": 32,
  "long int": -64,
  "long unsigned int": 64,
  "long long int": -64,
  "long long unsigned int": 64,
};

/** Bits of a number of a type, negative if it is signed; undefined for what is no number. @param type as for returnText */
export function numberBits(type: string | undefined): number | undefined {
  return type?.startsWith("enum ") ? -32 : BITS[type ?? ""];
}

/**
 * A returned value: a number in decimal, `true` or `false`, an address in hexadecimal. Of a type that is not known all
 * 64 bits in hexadecimal; of `void`, which leaves anything there, "".
 * @param type as C writes it, without qualifiers and typedefs
 */
export function returnText(value: bigint, type: string | undefined): string {
  if (type === "void") return "";
  if (type === "_Bool") return (value & 0xffn) === 0n ? "false" : "true";
  const bits = numberBits(type);
  if (bits === undefined) return `0x${value.toString(16)}`;
  return (bits < 0 ? BigInt.asIntN(-bits, value) : BigInt.asUintN(bits, value)).toString();
}
