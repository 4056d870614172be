// Where nftables' structs are looked up: in BTF as that of 6.1 and of 6.12 is, and without any.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { nftLayout } from "../../src/bpf/nft-layout.js";
import { BtfKind } from "../../src/btf/btf.js";
import { KernelBtf } from "../../src/btf/kernel-btf.js";
import { BtfBytes } from "../btf/btf-bytes.js";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Made {
  /** Of struct rhltable, in vmlinux. */
  readonly rhltable?: number;
  /** Members of struct nft_traceinfo by their offset in bytes; without, the module has no BTF. */
  readonly traceinfo?: Readonly<Record<string, number>>;
  /** Types of the arguments of __nft_trace_packet. */
  readonly traced?: readonly string[];
  readonly skbAt?: number;
  readonly otherModule?: true;
}

function kernel({ rhltable = 136, traceinfo, traced = [], skbAt = 0, otherModule }: Made): KernelBtf {
  const folder = mkdtempSync(join(tmpdir(), "skbtracer-btf-"));
  folders.push(folder);
  const base = new BtfBytes();
  const int = base.add(BtfKind.INT, "int", 0, 4, [(1 << 24) | 32]);
  base.struct("rhltable", rhltable, []);
  writeFileSync(join(folder, "vmlinux"), base.bytes());
  if (otherModule) writeFileSync(join(folder, "x_tables"), new BtfBytes(base).bytes());
  if (traceinfo) {
    const module = new BtfBytes(base);
    const members = (offsets: Readonly<Record<string, number>>): [string, number, number][] =>
      Object.entries(offsets).map(([name, offset]) => [name, int, offset * 8]);
    const ids = new Map<string, number>();
    const add = (name: string, offsets: Readonly<Record<string, number>>): void =>
      void ids.set(name, module.struct(name, 512, members(offsets)));
    add("nft_pktinfo", { skb: skbAt, state: 8 });
    add("nft_chain", { table: 64, name: 88 });
    add("nft_table", { family: 236, name: 248 });
    add("nft_base_chain", { chain: 80 });
    add("nft_traceinfo", traceinfo);
    add("nft_verdict", { code: 0 });
    // u64 is_last : 1, dlen : 12, handle : 42
    ids.set("nft_rule_dp", module.struct("nft_rule_dp", 8, [["handle", int, (42 << 24) | 13]], 1));
    module.function(
      "__nft_trace_packet",
      traced.map((type) => [type, module.pointer(ids.get(type) ?? int)]),
    );
    writeFileSync(join(folder, "nf_tables"), module.bytes());
  }
  return KernelBtf.read(folder);
}

const OLD = { trace: 0, pkt: 8, basechain: 16, rule: 32, verdict: 40 };

test("what is traced is in the first argument, or in arguments of its own", () => {
  const old = kernel({ traceinfo: OLD, traced: ["nft_traceinfo", "nft_chain"] });
  expect(nftLayout(old, "6.1.0")).toEqual({
    nft_info_arg: 1,
    nft_pktinfo_state: 8,
    nft_chain_table: 64,
    nft_chain_name: 88,
    nft_table_name: 248,
    nft_table_family: 236,
    nft_base_chain_chain: 80,
    nft_traceinfo_trace: 0,
    nft_traceinfo_basechain: 16,
    nft_traceinfo_pkt: 8,
    nft_traceinfo_rule: 32,
    nft_traceinfo_verdict: 40,
    nft_rule_handle: 0,
    nft_rule_handle_bit: 13,
  });
  const traced = ["nft_pktinfo", "nft_verdict", "nft_rule_dp", "nft_traceinfo"];
  expect(nftLayout(kernel({ traceinfo: { trace: 0, basechain: 8 }, traced }), "6.12.0")).toMatchObject({
    nft_info_arg: 4,
    nft_traceinfo_basechain: 8,
    nft_traceinfo_rule: 0,
  });
});

test("a kernel that lacks something is told of, and one that has it elsewhere is not guessed at", () => {
  const { basechain: _basechain, ...without } = OLD;
  const lacking = kernel({ traceinfo: without, traced: ["nft_traceinfo"] });
  expect(nftLayout(lacking, "6.1.0")).toBe("this kernel has no nft_traceinfo.basechain");
  const moved = kernel({ traceinfo: OLD, traced: ["nft_traceinfo"], skbAt: 16 });
  expect(nftLayout(moved, "6.1.0")).toMatch(/does not begin with the skb/);
});

test("without BTF of modules it is known of 5.10 alone, as it is configured", () => {
  expect(nftLayout(kernel({}), "5.10.0-32-amd64")).toMatchObject({
    nft_pktinfo_state: 32,
    nft_table_name: 240,
  });
  expect(nftLayout(kernel({}), "5.4.0")).toMatch(/only of 5\.10/);
  expect(nftLayout(kernel({ rhltable: 152 }), "5.10.0")).toMatch(/only of 5\.10/);
  expect(nftLayout(kernel({ otherModule: true }), "6.1.0")).toMatch(/nf_tables is not loaded/);
});
