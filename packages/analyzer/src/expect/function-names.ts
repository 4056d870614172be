// Functions that kernels call differently: by their names in the probe table, they are the same.

/** Names in the probe table by those of a kernel, where they differ. */
export type FunctionNames = ReadonlyMap<string, string>;

/** `gro_receive_skb` of `gro_receive_skb.constprop.0`: as paths have functions. */
function bareSymbol(symbol: string): string {
  return symbol.replace(/(\.(?:isra|constprop|part)(\.\d+)?)+$/, "");
}

/** @param probes names of probes, and the symbols that they are attached to; "" if there is none */
export function functionNames(
  probes: Iterable<{ readonly probe: string; readonly symbol: string }>,
): FunctionNames {
  const names = new Map<string, string>();
  for (const { probe, symbol } of probes) {
    const bare = bareSymbol(symbol);
    if (bare !== "" && bare !== probe) names.set(bare, probe);
  }
  return names;
}
