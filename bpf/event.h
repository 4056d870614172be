/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event: the one definition of what a probe writes into the perf ring. The offsets that the reader uses are
 * generated from this file's types as the compiler laid them out (scripts/generate-layout.mjs), and every recording
 * carries them.
 *
 * An event is: struct skbt_event, the tail of its kind, `capture_length` bytes of the packet, zeros up to a multiple
 * of 8. There is no packing: every field lies on its natural alignment.
 */
#ifndef SKBT_EVENT_H
#define SKBT_EVENT_H

#include <linux/types.h>

enum skbt_kind {
	SKBT_SIGHT = 1,	    /* a probed function was entered with the skb; no tail */
	SKBT_DROP = 2,	    /* tracepoint skb:kfree_skb; tail: struct skbt_drop */
	SKBT_TRAVERSAL = 3, /* a pass through an iptables table, emitted at its end; tail: struct skbt_traversal */
	SKBT_CLONE = 4,	    /* skb_clone returned `skb`; tail: struct skbt_clone */
	SKBT_FREE = 5,	    /* the skb ended, its address will mean another packet; no tail */
};

enum skbt_flag {
	SKBT_F_VLAN = 1 << 0,	       /* vlan_tci is a tag that travels beside the bytes (hardware acceleration) */
	SKBT_F_CAPTURE_FAULT = 1 << 1, /* the packet's bytes could not be read; capture_length is 0 */
	SKBT_F_FIRST = 1 << 2,	       /* first event of this skb since it was last seen to end */
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

struct skbt_traversal {
	__u64 duration_ns; /* from entry to return */
	__u32 verdict;	   /* NF_DROP 0, NF_ACCEPT 1, NF_STOLEN 2, NF_QUEUE 3, NF_REPEAT 4; a queue's number above */
	__u32 in_ifindex;
	__u32 out_ifindex;
	__u8 pf;   /* NFPROTO_*: 2 IPv4, 10 IPv6 */
	__u8 hook; /* NF_INET_*: 0 PREROUTING .. 4 POSTROUTING */
	__u16 reserved;
	char table[32];
};

struct skbt_clone {
	__u64 parent; /* address of the sk_buff that was cloned */
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
	__u64 reserved;
};

#define SKBT_CPUS_MAX 1024

#endif
