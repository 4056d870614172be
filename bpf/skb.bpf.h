/* SPDX-License-Identifier: GPL-2.0-only */
/* What we read of an skb, in as few reads as its layout allows. */
#ifndef SKBT_SKB_BPF_H
#define SKBT_SKB_BPF_H

#include "kernel.bpf.h"

/* What is read of an skb beside what its event has. */
struct skb_view {
	unsigned char *head;
	unsigned char *data;
	__u32 data_len;
};

static __always_inline __u16 offset16(const unsigned char *at, const unsigned char *head)
{
	__u64 offset = at - head;

	return offset < SKBT_OFFSET_UNSET ? offset : SKBT_OFFSET_UNSET;
}

/*
 * From len to data lies all that we want of an skb, but for the device and the socket. Reading it at once costs as much
 * as reading one field; there were nine.
 */
#define SKB_BLOCK_MAX 160
#define skb_block_start (bpf_core_field_offset(struct sk_buff, len) & ~7u)
#define skb_block_end (bpf_core_field_offset(struct sk_buff, data) + sizeof(void *))

/*
 * Where a field of the skb is in the block. The offsets are constants once the program is relocated; the barrier keeps the
 * compiler from merging them into the pointer with operations that the verifier refuses.
 */
#define block_at(offset_in_skb)                                                                                        \
	({                                                                                                             \
		__u64 distance = (offset_in_skb)-skb_block_start;                                                      \
		asm volatile("" : "+r"(distance));                                                                     \
		block + distance;                                                                                      \
	})
#define in_block(field) block_at(bpf_core_field_offset(struct sk_buff, field))

#define bits_in_block(field)                                                                                           \
	({                                                                                                             \
		const struct sk_buff *skb_type = NULL;                                                                 \
		__u8 *at = block_at(__CORE_RELO(skb_type, field, BYTE_OFFSET));                                        \
		__u64 bits = 0;                                                                                        \
		switch (__CORE_RELO(skb_type, field, BYTE_SIZE)) {                                                     \
		case 1:                                                                                                \
			bits = *at;                                                                                    \
			break;                                                                                         \
		case 2:                                                                                                \
			bits = *(__u16 *)at;                                                                           \
			break;                                                                                         \
		case 4:                                                                                                \
			bits = *(__u32 *)at;                                                                           \
			break;                                                                                         \
		case 8:                                                                                                \
			bits = *(__u64 *)at;                                                                           \
			break;                                                                                         \
		}                                                                                                      \
		(bits << __CORE_RELO(skb_type, field, LSHIFT_U64)) >> __CORE_RELO(skb_type, field, RSHIFT_U64);        \
	})

/*
 * Reads an skb into its event and a view. `block` is zeroed memory of SKB_BLOCK_MAX bytes, aligned to 8, and is zeroed
 * again: the stack has no room for one more beside an event, so its place for the packet's bytes serves.
 */
static __always_inline void view_skb(const struct sk_buff *skb, struct skbt_event *event, struct skb_view *view,
				     __u8 *block)
{
	__u32 size = skb_block_end - skb_block_start;
	__u16 vlan_proto;

	if (size > SKB_BLOCK_MAX)
		size = SKB_BLOCK_MAX;
	bpf_probe_read_kernel(block, size, (void *)skb + skb_block_start);
	view->head = *(unsigned char **)in_block(head);
	view->data = *(unsigned char **)in_block(data);
	view->data_len = *(__u32 *)in_block(data_len);
	event->skb = (__u64)skb;
	event->head = (__u64)view->head;
	event->data_offset = offset16(view->data, view->head);
	event->len = *(__u32 *)in_block(len);
	event->mark = *(__u32 *)in_block(mark);
	event->pkt_type = bits_in_block(pkt_type);
	event->protocol = bpf_ntohs(*(__u16 *)in_block(protocol));
	event->transport_header = *(__u16 *)in_block(transport_header);
	event->network_header = *(__u16 *)in_block(network_header);
	event->mac_header = *(__u16 *)in_block(mac_header);
	vlan_proto = *(__u16 *)in_block(vlan_proto);
	event->vlan_tci = *(__u16 *)in_block(vlan_tci);
	if (bpf_core_field_exists(skb->vlan_present) ? bits_in_block(vlan_present) : vlan_proto || event->vlan_tci)
		event->flags |= SKBT_F_VLAN;
	else
		event->vlan_tci = 0;
	__builtin_memset(block, 0, SKB_BLOCK_MAX);
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
