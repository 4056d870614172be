// Where the members of nftables' structs are. Their types are in the BTF of the module nf_tables, not in vmlinux, so that
// CO-RE would refuse the whole object without the module; and 5.10 has no BTF of modules at all.
import type { Btf, BtfMember } from "../btf/btf.js";
import type { KernelBtf } from "../btf/kernel-btf.js";

/** Members of struct skbt_config that begin with `nft_`; offsets in bytes, but for `rule_handle_bit`. */
export interface NftLayout {
  readonly nft_info_arg: number;
  readonly nft_pktinfo_state: number;
  readonly nft_chain_table: number;
  readonly nft_chain_name: number;
  readonly nft_table_name: number;
  readonly nft_table_family: number;
  readonly nft_base_chain_chain: number;
  readonly nft_traceinfo_trace: number;
  readonly nft_traceinfo_basechain: number;
  readonly nft_traceinfo_pkt: number;
  readonly nft_traceinfo_rule: number;
  readonly nft_traceinfo_verdict: number;
  readonly nft_rule_handle: number;
  readonly nft_rule_handle_bit: number;
}

const MODULE = "nf_tables";

/**
 * 5.10 on 64 bits, as its headers (include/net/netfilter/nf_tables.h) are laid out by a compiler with Debian's
 * configuration. struct nft_pktinfo had the skb first and the state in its struct xt_action_param then. The one size in it
 * that depends on the kernel's configuration is that of struct rhltable, which vmlinux tells.
 */
const LAYOUT_5_10: NftLayout = {
  nft_info_arg: 1,
  nft_pktinfo_state: 32,
  nft_chain_table: 64,
  nft_chain_name: 88,
  nft_table_name: 240,
  nft_table_family: 236,
  nft_base_chain_chain: 80,
  nft_traceinfo_trace: 45,
  nft_traceinfo_basechain: 8,
  nft_traceinfo_pkt: 0,
  nft_traceinfo_rule: 24,
  nft_traceinfo_verdict: 32,
  nft_rule_handle: 16,
  nft_rule_handle_bit: 0,
};
const RHLTABLE_SIZE_5_10 = 136;

/** For what the program is not loaded with: a kernel without nftables. */
export const NO_NFT_LAYOUT: NftLayout = LAYOUT_5_10;

/**
 * The layout on this kernel, or why it is not known.
 * @param release `uname -r`
 */
export function nftLayout(btf: KernelBtf, release: string): NftLayout | string {
  const module = btf.module(MODULE) ?? (btf.vmlinux.struct("nft_pktinfo") && btf.vmlinux);
  if (module) return fromBtf(module);
  if (btf.modules.length > 0) return `the module ${MODULE} is not loaded, or has no BTF`;
  const isKnown =
    release.startsWith("5.10.") &&
    process.arch === "x64" &&
    btf.vmlinux.struct("rhltable")?.size === RHLTABLE_SIZE_5_10;
  return isKnown
    ? LAYOUT_5_10
    : "modules have no BTF here, and only of 5.10 is it known how nftables' structs are laid out then";
}

function fromBtf(btf: Btf): NftLayout | string {
  const missing: string[] = [];
  const find = (struct: string, name: string): BtfMember | undefined =>
    btf.struct(struct)?.members.find((member) => member.name === name);
  const bit = (struct: string, name: string): number => {
    const member = find(struct, name);
    if (!member) missing.push(`${struct}.${name}`);
    return member?.bitOffset ?? 0;
  };
  const byte = (struct: string, name: string): number => Math.floor(bit(struct, name) / 8);
  // Since 6.4 the packet, the rule and the verdict are arguments, and no longer members of struct nft_traceinfo.
  const parameters = btf.functionParameters("__nft_trace_packet") ?? [];
  const infoArgument = parameters.findIndex(({ typeName }) => typeName === "struct nft_traceinfo *") + 1;
  const inInfo = infoArgument === 1;
  const handle = bit("nft_rule_dp", "handle");
  const layout = {
    nft_info_arg: infoArgument || 1,
    nft_pktinfo_state: byte("nft_pktinfo", "state"),
    nft_chain_table: byte("nft_chain", "table"),
    nft_chain_name: byte("nft_chain", "name"),
    nft_table_name: byte("nft_table", "name"),
    nft_table_family: byte("nft_table", "family"),
    nft_base_chain_chain: byte("nft_base_chain", "chain"),
    nft_traceinfo_trace: byte("nft_traceinfo", "trace"),
    nft_traceinfo_basechain: byte("nft_traceinfo", "basechain"),
    nft_traceinfo_pkt: inInfo ? byte("nft_traceinfo", "pkt") : 0,
    nft_traceinfo_rule: inInfo ? byte("nft_traceinfo", "rule") : 0,
    nft_traceinfo_verdict: inInfo ? byte("nft_traceinfo", "verdict") : 0,
    nft_rule_handle: Math.floor(handle / 64) * 8,
    nft_rule_handle_bit: handle % 64,
  };
  if (bit("nft_pktinfo", "skb") !== 0) return "struct nft_pktinfo does not begin with the skb";
  return missing.length > 0 ? `this kernel has no ${missing.join(", ")}` : layout;
}
