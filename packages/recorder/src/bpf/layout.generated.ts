// Generated from the BTF of the compiled BPF object by scripts/generate-layout.mjs. Do not edit: `npm run generate`.
import type { Struct } from "@skbtracer/format";

/** struct skbt_config, bpf/config.bpf.h. */
export const CONFIG_LAYOUT: Struct = {
  "size": 76,
  "fields": [
    {
      "name": "snaplen",
      "offset": 0,
      "size": 4,
      "type": "u32"
    },
    {
      "name": "pid",
      "offset": 4,
      "size": 4,
      "type": "u32"
    },
    {
      "name": "netns",
      "offset": 8,
      "size": 4,
      "type": "u32"
    },
    {
      "name": "port",
      "offset": 12,
      "size": 4,
      "type": "u32"
    },
    {
      "name": "icmp_id",
      "offset": 16,
      "size": 4,
      "type": "s32"
    },
    {
      "name": "protocol",
      "offset": 20,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "family",
      "offset": 21,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "callstack",
      "offset": 22,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "dropstack",
      "offset": 23,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "keep",
      "offset": 24,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "address",
      "offset": 25,
      "size": 16,
      "type": "text"
    },
    {
      "name": "kfree_skb_has_reason",
      "offset": 41,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "ends_at_tracepoints",
      "offset": 42,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "ipt_skb_arg",
      "offset": 43,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "ipt_state_arg",
      "offset": 44,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "ipt_table_arg",
      "offset": 45,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "expression",
      "offset": 46,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "nft_info_arg",
      "offset": 47,
      "size": 1,
      "type": "u8"
    },
    {
      "name": "nft_pktinfo_state",
      "offset": 48,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_chain_table",
      "offset": 50,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_chain_name",
      "offset": 52,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_table_name",
      "offset": 54,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_table_family",
      "offset": 56,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_base_chain_chain",
      "offset": 58,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_traceinfo_trace",
      "offset": 60,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_traceinfo_basechain",
      "offset": 62,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_traceinfo_pkt",
      "offset": 64,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_traceinfo_rule",
      "offset": 66,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_traceinfo_verdict",
      "offset": 68,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_rule_handle",
      "offset": 70,
      "size": 2,
      "type": "u16"
    },
    {
      "name": "nft_rule_handle_bit",
      "offset": 72,
      "size": 2,
      "type": "u16"
    }
  ]
};

/** struct skbt_counters, bpf/event.h. */
export const COUNTERS_LAYOUT: Struct = {
  "size": 128,
  "fields": [
    {
      "name": "attempts",
      "offset": 0,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "failed",
      "offset": 8,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "untracked",
      "offset": 16,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "unpaired",
      "offset": 24,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "unstacked",
      "offset": 32,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "unnamed",
      "offset": 40,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "faults",
      "offset": 48,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "reused",
      "offset": 56,
      "size": 8,
      "type": "u64"
    },
    {
      "name": "undecided",
      "offset": 64,
      "size": 8,
      "type": "u64"
    }
  ]
};
