/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event: the one definition of what a probe writes into the perf ring. The offsets that the reader uses are
 * generated from this file's types as the compiler laid them out (scripts/generate-layout.mjs), and every recording
 * carries them.
 *
 * An event is: struct skbt_event, the tail of its kind, `capture_length` bytes of the packet, zeros. With
 * SKBT_F_SAME_BYTES a __u32 stands in the place of the bytes. There is no packing: every field lies on its natural
 * alignment.
 */
#ifndef SKBT_EVENT_H
#define SKBT_EVENT_H

#include <linux/types.h>

enum skbt_kind {
	SKBT_SIGHT = 1,	     /* a probed function was entered with the skb; no tail */
	SKBT_DROP = 2,	     /* tracepoint skb:kfree_skb; tail: struct skbt_drop */
	SKBT_TRAVERSAL = 3,  /* a pass through a table of rules, emitted at its end; tail: struct skbt_traversal */
	SKBT_CLONE = 4,	     /* `skb` was made from another; tail: struct skbt_clone */
	SKBT_FREE = 5,	     /* the skb ended, its address will mean another packet; no tail */
	SKBT_HEAD = 6,	     /* the skb has a new head; tail: struct skbt_head */
	SKBT_MERGE = 7,	     /* the skb's data went on in another, right before its end; tail: struct skbt_merge */
	SKBT_RETURN = 8,     /* a probed function returned that was entered with the skb; tail: struct skbt_return */
	SKBT_HOOK = 16,	     /* a netfilter hook kept the skb from going on; tail: struct skbt_hook */
	SKBT_RULE = 17,	     /* an nftables rule, or a policy, gave a verdict; tail: struct skbt_rule */
	SKBT_CONNTRACK = 18, /* a connection that later events refer to; tail: struct skbt_conntrack */
};

/* How an skb was made from another. */
enum skbt_how {
	SKBT_HOW_CLONE = 0,    /* skb_clone: the bytes are the parent's own */
	SKBT_HOW_COPY = 1,     /* skb_copy and its like: headers, at least, of its own */
	SKBT_HOW_SEGMENT = 2,  /* skb_segment: a part of what segmentation offload had kept together */
	SKBT_HOW_FRAGMENT = 3, /* ip_frag_next: an IP fragment */
};

/* What runs the rules of a table. */
enum skbt_engine {
	SKBT_ENGINE_XTABLES = 0,
	SKBT_ENGINE_NFT = 1,
	SKBT_ENGINE_HOOKS = 2, /* nf_hook_slow: all functions at a hook, tables among them */
};

enum skbt_flag {
	SKBT_F_VLAN = 1 << 0,	       /* vlan_tci is a tag that travels beside the bytes (hardware acceleration) */
	SKBT_F_CAPTURE_FAULT = 1 << 1, /* the packet's bytes could not be read; capture_length is 0 */
	SKBT_F_FIRST = 1 << 2,	       /* first event of this skb since it was last seen to end */
	/*
	 * The captured bytes are those of an earlier event of this skb, and are not repeated. capture_length is 0; in their
	 * place stands a __u32, the lower half of the time_ns of the event that has them.
	 */
	SKBT_F_SAME_BYTES = 1 << 3,
	SKBT_F_HEAD_STOLEN = 1 << 4, /* of SKBT_FREE: skb->head was not freed, another skb has it now */
};

/* A header offset of an skb that is not set, or does not fit 16 bits. */
#define SKBT_OFFSET_UNSET 0xffff

/* The most packet bytes that fit beside the rest of the event on BPF's stack of 512. */
#define SKBT_SNAPLEN_MAX 256

struct skbt_event {
	__u64 time_ns;	      /* CLOCK_MONOTONIC */
	__u64 skb;	      /* address of the sk_buff */
	__u64 head;	      /* skb->head: shared by clones, replaced by pskb_expand_head */
	__u64 address;	      /* where the probe fired (an instruction), or the number of a tracepoint if < 4096 */
	__u32 pid;	      /* the current process (tgid): the sender, or whoever was interrupted */
	__u32 tid;	      /* the current thread */
	__u32 netns;	      /* inode of the network namespace; 0: not known */
	__u32 ifindex;	      /* of skb->dev; 0: none */
	__u32 len;	      /* skb->len, bytes */
	__u32 mark;	      /* skb->mark */
	__s32 stack_id;	      /* key of the recorded kernel stack; negative: none, or an errno if one was asked for */
	__u16 protocol;	      /* skb->protocol, host byte order */
	__u8 kind;	      /* enum skbt_kind */
	__u8 pkt_type;	      /* skb->pkt_type: PACKET_HOST... */
	__u16 capture_offset; /* of the first captured byte, from skb->head */
	__u16 capture_length; /* captured bytes */
	__u16 mac_header;     /* offsets from skb->head */
	__u16 network_header;
	__u16 transport_header;
	__u16 data_offset; /* skb->data - skb->head */
	__u16 vlan_tci;	   /* with SKBT_F_VLAN */
	__u16 flags;	   /* enum skbt_flag */
};

struct skbt_drop {
	__u64 location; /* caller of kfree_skb */
	__u32 reason;	/* enum skb_drop_reason; 0 where the kernel has none */
	__u32 has_reason;
};

/* Chains and connections are known by a hash of what they are: see struct skbt_chain and struct skbt_conntrack. */
struct skbt_traversal {
	__u64 duration_ns; /* from entry to return */
	__u64 chain;	   /* of the table, and of the base chain where its engine has more than one at a hook */
	__u64 conntrack;   /* the packet's connection, when the pass ended; 0: none */
	__u32 verdict; /* NF_DROP 0, NF_ACCEPT 1, NF_STOLEN 2, NF_QUEUE 3, NF_REPEAT 4; above: a queue's number, an errno */
	__u32 in_ifindex;
	__u32 out_ifindex;
	__u8 pf;       /* NFPROTO_*: 2 IPv4, 10 IPv6 */
	__u8 hook;     /* NF_INET_*: 0 PREROUTING .. 4 POSTROUTING; others for netdev, arp and bridge */
	__u8 engine;   /* enum skbt_engine */
	__u8 ct_state; /* enum ip_conntrack_info + 1; 0: conntrack has not seen the packet */
};

/* Stamped with the time at which the hook was entered, for the skb may be gone when it is left. */
struct skbt_hook {
	__u64 duration_ns;
	__s32 result; /* of nf_hook_slow: an errno of a drop; 0: stolen or queued */
	__u32 in_ifindex;
	__u32 out_ifindex;
	__u8 pf;
	__u8 hook;
	__u16 reserved;
};

struct skbt_rule {
	__u64 handle;  /* of the rule, in its table; 0 for a policy */
	__u64 chain;   /* the base chain of this pass */
	__u32 verdict; /* NF_*, or NFT_*: NFT_CONTINUE -1, NFT_JUMP -3, NFT_GOTO -4, NFT_RETURN -5 */
	__u8 type;     /* enum nft_trace_types: 1 policy, 2 return, 3 rule */
	__u8 pf;
	__u8 hook;
	__u8 reserved;
};

/* Both directions as conntrack expects them: where they are not mirror images, there is NAT. Network byte order. */
struct skbt_conntrack {
	__u64 id;
	__u8 original_source[16];
	__u8 original_destination[16];
	__u8 reply_source[16];
	__u8 reply_destination[16];
	__u16 original_source_port;	 /* or the identifier of an ICMP query */
	__u16 original_destination_port; /* or type and code of ICMP */
	__u16 reply_source_port;
	__u16 reply_destination_port;
	__u8 family;   /* AF_INET 2, AF_INET6 10 */
	__u8 protocol; /* IPPROTO_* */
	__u16 reserved;
	__u32 reserved2;
};

/* Which table and base chain: the value of the map `chains`, which the recorder names in the dictionary. */
struct skbt_chain {
	__u8 engine; /* enum skbt_engine */
	__u8 family; /* NFPROTO_* of the table: 1 is inet, both IPv4 and IPv6 */
	__u16 reserved;
	__u32 reserved2;
	char table[32]; /* names that are longer are cut */
	char chain[32]; /* empty for xtables, whose chain is the hook's */
};

struct skbt_clone {
	__u64 parent; /* address of the sk_buff that it was made from */
	__u32 how;    /* enum skbt_how */
	__u32 reserved;
};

struct skbt_head {
	__u64 old_head; /* skb->head until now */
};

struct skbt_merge {
	__u64 into; /* address of the sk_buff that has the data now */
};

/* The skb may have ended since the call, and its address be another's: `entry_ns` tells which was meant. */
struct skbt_return {
	__u64 value;	/* of the register; what it means the function's type says */
	__u64 entry_ns; /* CLOCK_MONOTONIC when the function was entered */
};

/* Counters of one CPU, written by it alone (but from nested contexts: atomically), read by the recorder through mmap. */
struct skbt_counters {
	__u64 attempts;	 /* events given to the perf ring */
	__u64 failed;	 /* of those, refused: the ring was full, or contexts nested too deep */
	__u64 untracked; /* skbs whose end cannot be reported: the map of living skbs was full */
	__u64 unpaired;	 /* returns whose call is not known, and calls that could not be remembered */
	__u64 unstacked; /* stacks asked for and not got */
	__u64 unnamed;	 /* drop locations and devices that could not be remembered for naming */
	__u64 faults;	 /* packets whose bytes could not be read */
	__u64 reused;	 /* skbs made at an address whose last one was not seen to end */
	__u64 undecided; /* packets of which a filter expression asks for bytes outside their linear part */
} __attribute__((aligned(64)));

#define SKBT_CPUS_MAX 1024

#endif
