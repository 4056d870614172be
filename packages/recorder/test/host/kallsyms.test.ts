// The kernel's symbols: the running kernel's, and tables made by hand for what it has not.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RecorderError } from "../../src/errors.js";
import { Kallsyms } from "../../src/host/kallsyms.js";

const TABLE = `\
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000100 t first.cold
ffffffff81000180 t first.cold.3
ffffffff81000200 T second
ffffffff81000200 W second_alias
ffffffff81000300 t twice
ffffffff81000400 t twice
ffffffff81000500 d data_in_between
ffffffff81000600 t cloned.part.0
ffffffff81000700 t cloned.constprop.0
ffffffff81000800 t cloned.isra.0.cold
ffffffff81000900 t partly.part.0.isra.0
ffffffff81000a00 t cloned_other.constprop.0
ffffffffc0200010 t in_module\t[br_netfilter]
ffffffffc0100010 t nft_do_chain\t[nf_tables]
`;

describe("symbols", () => {
  const kallsyms = Kallsyms.parse(TABLE);

  test("are text only", () => {
    expect(kallsyms.lookup("data_in_between")).toEqual([]);
    expect(kallsyms.size).toBe(14);
  });

  test("contain the addresses from their own to the next", () => {
    expect(kallsyms.resolve(0xffffffff81000200n)).toEqual({ name: "second", offset: 0 });
    expect(kallsyms.resolve(0xffffffff810002ffn)).toEqual({ name: "second", offset: 0xff });
    expect(kallsyms.resolve(0xffffffff81000300n)).toEqual({ name: "twice", offset: 0 });
  });

  test("of modules are sorted in, wherever they stand in the text", () => {
    expect(kallsyms.resolve(0xffffffffc0100015n)).toEqual({
      name: "nft_do_chain",
      offset: 5,
      module: "nf_tables",
    });
    expect(kallsyms.resolve(0xffffffffc0200010n)).toEqual({
      name: "in_module",
      offset: 0,
      module: "br_netfilter",
    });
  });

  test("do not reach to addresses before them, far behind them, or of user space", () => {
    expect(kallsyms.resolve(0xffffffff80ffffffn)).toBeUndefined();
    expect(kallsyms.resolve(0xffffffff90000000n)).toBeUndefined();
    expect(kallsyms.resolve(0xffffffffffffffffn)).toBeUndefined();
    expect(kallsyms.resolve(0n)).toBeUndefined();
  });

  test("can share a name, and then an entry says how many there are", () => {
    expect(kallsyms.lookup("twice").map(({ address }) => address)).toEqual([
      0xffffffff81000300n,
      0xffffffff81000400n,
    ]);
    expect(kallsyms.entryOf("twice")).toMatchObject({ address: 0xffffffff81000300n, candidates: 2 });
  });
});

describe("the entry of a function", () => {
  const kallsyms = Kallsyms.parse(TABLE);

  test("is the symbol of its own name, else one with a compiler's suffix, a .part last", () => {
    expect(kallsyms.entryOf("second")).toEqual({
      symbol: "second",
      address: 0xffffffff81000200n,
      module: undefined,
      candidates: 1,
    });
    expect(kallsyms.entryOf("cloned")).toMatchObject({ symbol: "cloned.constprop.0", candidates: 1 });
    expect(kallsyms.entryOf("partly")?.symbol).toBe("partly.part.0.isra.0");
    expect(kallsyms.entryOf("nft_do_chain")).toMatchObject({ module: "nf_tables" });
  });

  test("is never a .cold one, nor that of a longer name", () => {
    expect(kallsyms.entryOf("first")).toBeUndefined();
    expect(kallsyms.entryOf("clone")).toBeUndefined();
    expect(kallsyms.entryOf("")).toBeUndefined();
  });
});

describe("kallsyms that cannot be used", () => {
  test("because addresses are hidden names the sysctl", () => {
    const hidden = TABLE.replaceAll(/^[0-9a-f]{16}/gm, "0".repeat(16));
    expect(() => Kallsyms.parse(hidden)).toThrow(RecorderError);
    expect(() => Kallsyms.parse(hidden)).toThrow("kernel.kptr_restrict");
  });

  test("because there are none is a RecorderError", () => {
    expect(() => Kallsyms.parse("")).toThrow("CONFIG_KALLSYMS");
    expect(() => Kallsyms.read("/proc/no_such_file")).toThrow(RecorderError);
  });
});

const text = existsSync("/proc/kallsyms") ? readFileSync("/proc/kallsyms", "latin1") : "";
const readable = /^(?!0{16})[0-9a-f]{16} [tT] /m.test(text);

describe.skipIf(!readable)("this kernel's symbols (skipped where they are hidden)", () => {
  const kallsyms = Kallsyms.read();
  const symbols = text.split("\n").flatMap((line) => {
    const [, address, name] = /^([0-9a-f]{16}) [tTwW] ([^\t]+)/.exec(line) ?? [];
    return address !== undefined && name !== undefined ? [{ address: BigInt(`0x${address}`), name }] : [];
  });

  test("are all there", () => {
    expect(kallsyms.size).toBe(symbols.length);
    for (const { name, address } of symbols.filter((_, i) => i % 97 === 0))
      expect(
        kallsyms.lookup(name).some((found) => found.address === address),
        name,
      ).toBe(true);
  });

  test("resolve to the first name that the kernel lists for their address", () => {
    const firstName = new Map(symbols.toReversed().map(({ name, address }) => [address, name]));
    for (const [address, name] of [...firstName].filter((_, i) => i % 97 === 0))
      expect(kallsyms.resolve(address)).toMatchObject({ name, offset: 0 });
  });

  test("have an entry for what packets pass", () => {
    for (const name of ["ip_rcv", "__netif_receive_skb_core", "kfree_skbmem", "skb_clone"])
      expect(kallsyms.entryOf(name)?.address, name).toBeGreaterThan(0n);
  });
});
