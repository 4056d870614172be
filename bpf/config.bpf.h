/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the recorder sets before it loads the program. The values are constants to the verifier, which removes the
 * code that they rule out: a filter that is not used costs nothing.
 */
#ifndef SKBT_CONFIG_BPF_H
#define SKBT_CONFIG_BPF_H

#include <linux/types.h>
#include <stdbool.h>

struct skbt_config {
	__u32 snaplen;	  /* packet bytes to capture, at most SKBT_SNAPLEN_MAX */
	__u32 pid;	  /* 0: any */
	__u32 netns;	  /* inode; 0: any */
	__u32 port;	  /* host order; 0: any */
	__s32 icmp_id;	  /* host order; -1: any */
	__u8 protocol;	  /* 0: any; 1: ICMP and ICMPv6; else the IP protocol's number */
	__u8 family;	  /* of the address: 0: any address; 4 or 6 */
	__u8 callstack;	  /* a stack with every sight */
	__u8 dropstack;	  /* a stack with every drop */
	__u8 keep;	  /* what matched once is followed to its end, and so is what is made from it */
	__u8 address[16]; /* network order; an IPv4 address in the first four bytes */
	__u8 kfree_skb_has_reason;
	__u8 ends_at_tracepoints; /* no kprobes here: skb:kfree_skb and skb:consume_skb are the ends of skbs */
	/* Which argument of ipt_do_table and ip6t_do_table is which, from 1: they changed places in 5.16. */
	__u8 ipt_skb_arg;
	__u8 ipt_state_arg;
	__u8 ipt_table_arg;
	__u8 expression; /* run_expression is to be asked */
	/* Which argument of __nft_trace_packet is struct nft_traceinfo, from 1: 1 until 6.1, 4 later. */
	__u8 nft_info_arg;
	/*
	 * Where the members of nftables' structs are, in bytes: their types are in the module's BTF, or in none (5.10), so
	 * the recorder looks them up or knows them.
	 */
	__u16 nft_pktinfo_state;
	__u16 nft_chain_table;
	__u16 nft_chain_name;
	__u16 nft_table_name;
	__u16 nft_table_family; /* the low six bits there */
	__u16 nft_base_chain_chain;
	__u16 nft_traceinfo_trace;
	__u16 nft_traceinfo_basechain;
	/* The next three only where the function has no such arguments itself. */
	__u16 nft_traceinfo_pkt;
	__u16 nft_traceinfo_rule;
	__u16 nft_traceinfo_verdict;
	__u16 nft_rule_handle;	   /* the 64 bits that hold it */
	__u16 nft_rule_handle_bit; /* where in them its 42 bits begin */
};

SEC(".rodata.config")
const volatile struct skbt_config config = {
	.snaplen = 96,
	.icmp_id = -1,
	.ipt_skb_arg = 2,
	.ipt_state_arg = 3,
	.ipt_table_arg = 1,
};

static __always_inline bool filters_packets(void)
{
	return config.family || config.port || config.protocol || config.icmp_id >= 0;
}

#endif
