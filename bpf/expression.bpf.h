/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter expression (pcap-filter(7)), run on the packet's bytes. The reader has the same rules for replaying
 * (packages/analyzer/src/expression): a change here is a change there.
 */
#ifndef SKBT_EXPRESSION_BPF_H
#define SKBT_EXPRESSION_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "packet_filter.bpf.h"
#include "skb.bpf.h"

/*
 * The memory that an expression runs in: the frame's first bytes, then the 16 words of scratch memory of classic BPF.
 * The frame begins two bytes late, as the verifier wants loads from the stack to be aligned: behind the 14 bytes of its
 * link header the fields of IP are, then. packages/recorder/src/bpf/translate-expression.ts has the same numbers.
 */
#define FRAME_PADDING 2
#define FRAME_WINDOW 94
#define EXPRESSION_MEMORY (FRAME_PADDING + FRAME_WINDOW + 16 * sizeof(__u32))

_Static_assert(EXPRESSION_MEMORY <= SKB_BLOCK_MAX, "the block of view_skb serves as the memory of expressions");

#define ETH_P_802_3_MIN 0x600 /* below, the type is a length, and skb->protocol a number that the kernel made up */

enum expression_result {
	EXPRESSION_NO_MATCH = 0,
	EXPRESSION_MATCH = 1,
	EXPRESSION_UNDECIDED = 2, /* asks for bytes that the packet has, but not in its linear part */
};

/**
 * The expression itself, in which the recorder puts its translation before the program is loaded. The last function of
 * skbtracer.bpf.c, so that nothing stands behind it that would have to move.
 * @memory: EXPRESSION_MEMORY bytes; behind the padding FRAME_WINDOW of the frame, as far as it has them
 * @frame: where the frame begins, or would begin if it had a link header
 * @available: bytes of it that can be read
 * @length: bytes that it has
 */
__hidden __noinline int run_expression(__u8 *memory, const unsigned char *frame, __u64 available, __u64 length);

/* Whether a link header begins here: Ethernet, with at most two VLAN tags, that announces what the network header is. */
static __always_inline bool is_link_header(const unsigned char *at, const struct network *network)
{
	__u64 distance = network->at - at;
	__u16 type = 0, tag = 0;

	if (distance != ETH_HLEN && distance != ETH_HLEN + 4 && distance != ETH_HLEN + 8)
		return false;
	if (bpf_probe_read_kernel(&type, sizeof(type), network->at - sizeof(type)))
		return false;
	type = bpf_ntohs(type);
	if (type != network->type && (type >= ETH_P_802_3_MIN || network->type >= ETH_P_802_3_MIN))
		return false;
	if (distance == ETH_HLEN)
		return true;
	bpf_probe_read_kernel(&tag, sizeof(tag), at + ETH_HLEN - sizeof(tag));
	return is_vlan(bpf_ntohs(tag));
}

/*
 * Expressions are compiled for Ethernet. A packet that has no link header (yet, or any more) gets one for the expression,
 * of zeros and the type, so that it is decided alike at all functions.
 *
 * `memory` is zeroed memory of EXPRESSION_MEMORY bytes, aligned to 8, and is zeroed again.
 */
static __always_inline bool expression_matches(const struct skbt_event *event, const struct skb_view *view,
					       __u8 *memory)
{
	const unsigned char *frame;
	struct network network;
	__u64 available, window;
	int result;

	if (event->data_offset == SKBT_OFFSET_UNSET || event->len < view->data_len)
		return false;
	find_network(event, view, &network);
	if (!network.at)
		return false;
	frame = view->data;
	if (!is_link_header(frame, &network)) {
		frame = view->head + event->mac_header;
		if (event->mac_header == SKBT_OFFSET_UNSET || !is_link_header(frame, &network))
			frame = NULL;
	}
	available = view->data + (event->len - view->data_len) - (frame ?: network.at - ETH_HLEN);
	if ((__s64)available <= ETH_HLEN)
		return false;
	window = available;
	asm volatile("" : "+r"(window));
	if (window > FRAME_WINDOW)
		window = FRAME_WINDOW;
	if (frame) {
		if (bpf_probe_read_kernel(memory + FRAME_PADDING, window, frame))
			goto fault;
	} else {
		window -= ETH_HLEN;
		asm volatile("" : "+r"(window));
		if (window > FRAME_WINDOW - ETH_HLEN)
			window = FRAME_WINDOW - ETH_HLEN;
		if (bpf_probe_read_kernel(memory + FRAME_PADDING + ETH_HLEN, window, network.at))
			goto fault;
		*(__u16 *)(memory + FRAME_PADDING + ETH_HLEN - sizeof(__u16)) = bpf_htons(network.type);
		frame = network.at - ETH_HLEN;
	}
	result = run_expression(memory, frame, available, available + view->data_len);
	__builtin_memset(memory, 0, EXPRESSION_MEMORY);
	if (result == EXPRESSION_UNDECIDED)
		count(undecided);
	return result == EXPRESSION_MATCH;

fault:
	count(faults);
	__builtin_memset(memory, 0, EXPRESSION_MEMORY);
	return false;
}

#endif
