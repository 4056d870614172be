/* SPDX-License-Identifier: GPL-2.0-only */
/* What we read of an skb, in as few reads as its layout allows. */
#ifndef SKBT_SKB_BPF_H
#define SKBT_SKB_BPF_H

#include "kernel.bpf.h"

struct skb_view {
	unsigned char *head;
	unsigned char *data;
	__u32 len;
	__u32 data_len;
	/* In the order that every kernel so far has them, so that one read fetches the four. */
	__u16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
};

#define adjacent(type, a, b) (bpf_core_field_offset(type, b) - bpf_core_field_offset(type, a) == sizeof(((type *)0)->a))

static __always_inline void view_skb(const struct sk_buff *skb, struct skb_view *view)
{
	if (adjacent(struct sk_buff, head, data)) {
		bpf_probe_read_kernel(&view->head, 2 * sizeof(view->head), &skb->head);
	} else {
		view->head = BPF_CORE_READ(skb, head);
		view->data = BPF_CORE_READ(skb, data);
	}
	if (adjacent(struct sk_buff, len, data_len)) {
		bpf_probe_read_kernel(&view->len, 2 * sizeof(view->len), &skb->len);
	} else {
		view->len = BPF_CORE_READ(skb, len);
		view->data_len = BPF_CORE_READ(skb, data_len);
	}
	if (adjacent(struct sk_buff, protocol, transport_header) &&
	    adjacent(struct sk_buff, transport_header, network_header) &&
	    adjacent(struct sk_buff, network_header, mac_header)) {
		bpf_probe_read_kernel(&view->protocol, 4 * sizeof(view->protocol), &skb->protocol);
	} else {
		view->protocol = BPF_CORE_READ(skb, protocol);
		view->transport_header = BPF_CORE_READ(skb, transport_header);
		view->network_header = BPF_CORE_READ(skb, network_header);
		view->mac_header = BPF_CORE_READ(skb, mac_header);
	}
}

/* Where the packet is: its device, or the namespace of its socket where it has no device yet. */
struct skb_place {
	struct net_device *dev; /* NULL: none */
	__u32 netns;
	__u32 ifindex;
};

/* The inode numbers of namespaces are handed out from here; the first ones of the boot lie a little below 0xf0000000. */
#define NETNS_INODE_MIN 0xe0000000

/*
 * skb->dev shares its place with the receive queue of UDP (dev_scratch) and with the trees of TCP (rb_node), so what
 * stands there need not be a device: it is one if it has an index and lives in something with a namespace's inode.
 */
static __always_inline void place_skb(const struct sk_buff *skb, struct skb_place *place)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct sock *sk;
	__u32 inode;

	place->dev = NULL;
	place->netns = 0;
	place->ifindex = 0;
	if (dev) {
		int ifindex = BPF_CORE_READ(dev, ifindex);

		inode = BPF_CORE_READ(dev, nd_net.net, ns.inum);
		if (ifindex > 0 && inode >= NETNS_INODE_MIN) {
			place->dev = dev;
			place->netns = inode;
			place->ifindex = ifindex;
			return;
		}
	}
	sk = BPF_CORE_READ(skb, sk);
	if (sk) {
		inode = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
		if (inode >= NETNS_INODE_MIN)
			place->netns = inode;
	}
}

#endif
