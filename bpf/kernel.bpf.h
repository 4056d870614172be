/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, as far as we read them. Every offset is relocated when the program is loaded (CO-RE), so only
 * names and signedness matter here, not the order of the members.
 */
#ifndef SKBT_KERNEL_BPF_H
#define SKBT_KERNEL_BPF_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	char name[16];
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	struct sock *sk;
	unsigned long _nfct; /* struct nf_conn *, with enum ip_conntrack_info in the low bits */
	unsigned int len;
	unsigned int data_len;
	__u32 mark;
	__u8 pkt_type : 3;
	__u8 vlan_present : 1; /* until 6.2: there a tag is present if vlan_all is not zero (354259fa73e2) */
	__u16 vlan_proto;
	__u16 vlan_tci;
	__u16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	unsigned char *head;
	unsigned char *data;
};

struct nf_hook_state {
	unsigned int hook; /* one byte since 5.11, hence read as a bit field */
	__u8 pf;
	struct net_device *in;
	struct net_device *out;
	struct net *net;
};

/* In vmlinux on 5.10, only in the netfilter modules since: the programs that use it are loaded only where it is. */
struct xt_table {
	__u8 af;
	char name[32];
};

struct nf_conntrack_tuple {
	__u64 words[5]; /* without padding: struct conntrack_tuple of netfilter.bpf.h has the members */
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2]; /* original, reply */
};

#pragma clang attribute pop

#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_8021Q 0x8100
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021AD 0x88a8
#define ETH_HLEN 14

#define NF_VERDICT_MASK 0xff
#define NF_VERDICT_ERRNO_SHIFT 16 /* include/linux/netfilter.h: NF_DROP_GETERR */
#define NF_ACCEPT 1
#define NF_STOLEN 2

#define NFCT_INFO_MASK 7ul

#endif
