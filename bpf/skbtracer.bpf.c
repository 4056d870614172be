// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes. Each program is an entry that finds its skb and calls one body; which kernel functions they are attached
 * to, and which argument is the skb, the recorder decides from the kernel's own BTF.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <asm/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "event.h"
#include "kernel.bpf.h"
#include "config.bpf.h"
#include "maps.bpf.h"
#include "skb.bpf.h"
#include "packet_filter.bpf.h"
#include "expression.bpf.h"
#include "emit.bpf.h"
#include "lives.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Types that only the generator of the reader's offsets uses: a mention keeps them in the object's BTF. */
const struct skbt_event *type_event __attribute__((unused));
const struct skbt_drop *type_drop __attribute__((unused));
const struct skbt_traversal *type_traversal __attribute__((unused));
const struct skbt_clone *type_clone __attribute__((unused));
const struct skbt_head *type_head __attribute__((unused));
const struct skbt_merge *type_merge __attribute__((unused));
const enum skbt_how *type_how __attribute__((unused));
const struct skbt_hook *type_hook __attribute__((unused));
const struct skbt_rule *type_rule __attribute__((unused));
const struct skbt_conntrack *type_conntrack __attribute__((unused));
const struct skbt_return *type_return __attribute__((unused));
const enum skbt_kind *type_kind __attribute__((unused));
const enum skbt_flag *type_flag __attribute__((unused));

/* Numbers of the tracepoints, in place of an address; the recorder's table of probes has the same. */
enum tracepoint {
	TP_KFREE_SKB = 1,
	TP_CONSUME_SKB = 2,
	TP_NETIF_RECEIVE_SKB = 3,
	TP_NET_DEV_QUEUE = 4,
	TP_NETIF_RX = 5,
};

/* `memory` is as expression_matches wants it. */
static __always_inline bool wanted(const struct skbt_event *event, const struct skb_view *view,
				   const struct skb_place *place, __u8 *memory)
{
	if (config.keep && is_living((void *)event->skb))
		return true;
	if (config.pid && bpf_get_current_pid_tgid() >> 32 != config.pid)
		return false;
	if (config.netns && place->netns != config.netns)
		return false;
	if (filters_packets() && !packet_matches(event, view))
		return false;
	return !config.expression || expression_matches(event, view, memory);
}

static __always_inline int handle_sight(void *ctx, const struct sk_buff *skb, __u64 address)
{
	struct sight_record record = {};
	struct skb_place place;
	struct skb_view view;
	struct life *life;

	if (!recording || !skb)
		return 0;
	view_skb(skb, &record.event, &view, record.bytes);
	place_skb(skb, &place);
	if (!wanted(&record.event, &view, &place, record.bytes)) {
		count_unwanted(address);
		/* Tracepoints do not see every end: what was seen at this address before is gone. */
		if (config.ends_at_tracepoints)
			forget(skb);
		return 0;
	}
	fill_identity(&record.event, SKBT_SIGHT, skb, address);
	fill_place(&record.event, &place);
	if (config.callstack)
		fill_stack(ctx, &record.event);
	life = track(&record.event);
	emit_packet(ctx, &record, offsetof(struct sight_record, bytes), &view, record.bytes, life);
	return 0;
}

/* --- functions that take an skb: one program for each place that it can have among the arguments --- */

#define SIGHT_PROGRAM(n)                                                                                               \
	SEC("kprobe")                                                                                                  \
	int sight_arg##n(struct pt_regs *ctx)                                                                          \
	{                                                                                                              \
		return handle_sight(ctx, (void *)PT_REGS_PARM##n(ctx), PT_REGS_IP(ctx));                               \
	}

SIGHT_PROGRAM(1)
SIGHT_PROGRAM(2)
SIGHT_PROGRAM(3)
SIGHT_PROGRAM(4)
SIGHT_PROGRAM(5)

/* The same where one attachment takes any number of functions (5.18). There PT_REGS_IP is not always the function. */
#define SIGHT_MULTI_PROGRAM(n)                                                                                         \
	SEC("kprobe.multi")                                                                                            \
	int sight_multi_arg##n(struct pt_regs *ctx)                                                                    \
	{                                                                                                              \
		return handle_sight(ctx, (void *)PT_REGS_PARM##n(ctx), bpf_get_func_ip(ctx));                          \
	}

SIGHT_MULTI_PROGRAM(1)
SIGHT_MULTI_PROGRAM(2)
SIGHT_MULTI_PROGRAM(3)
SIGHT_MULTI_PROGRAM(4)
SIGHT_MULTI_PROGRAM(5)

#define SIGHT_TRACEPOINT(name, number)                                                                                 \
	SEC("raw_tp/" #name)                                                                                           \
	int tp_##name(struct bpf_raw_tracepoint_args *ctx)                                                             \
	{                                                                                                              \
		return handle_sight(ctx, (void *)ctx->args[0], number);                                                \
	}

SIGHT_TRACEPOINT(netif_receive_skb, TP_NETIF_RECEIVE_SKB)
SIGHT_TRACEPOINT(net_dev_queue, TP_NET_DEV_QUEUE)
SIGHT_TRACEPOINT(netif_rx, TP_NETIF_RX)

/* --- drops --- */

static const __u8 known = 1;

SEC("raw_tp/kfree_skb")
int tp_kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sk_buff *skb = (void *)ctx->args[0];
	struct drop_record record = {};
	struct skb_place place;
	struct skb_view view;
	struct life *life;

	if (!recording)
		return 0;
	view_skb(skb, &record.event, &view, record.bytes);
	place_skb(skb, &place);
	/*
	 * A packet that was seen is reported when it is dropped, whatever became of its headers since. But where ends are
	 * missed, what was seen at its address may have been another.
	 */
	if ((config.ends_at_tracepoints || !is_living(skb)) && !wanted(&record.event, &view, &place, record.bytes)) {
		count_unwanted(TP_KFREE_SKB);
		if (config.ends_at_tracepoints)
			forget(skb);
		return 0;
	}
	fill_identity(&record.event, SKBT_DROP, skb, TP_KFREE_SKB);
	cpu_last_drop()->skb = (__u64)skb;
	cpu_last_drop()->time_ns = record.event.time_ns;
	fill_place(&record.event, &place);
	record.tail.location = ctx->args[1];
	if (config.kfree_skb_has_reason) {
		record.tail.reason = ctx->args[2];
		record.tail.has_reason = 1;
	}
	remember(&locations, &record.tail.location, &known);
	if (config.callstack || config.dropstack)
		fill_stack(ctx, &record.event);
	life = track(&record.event);
	emit_packet(ctx, &record, offsetof(struct drop_record, bytes), &view, record.bytes, life);
	if (config.ends_at_tracepoints)
		forget(skb);
	else if (life)
		life->ending = 1;
	return 0;
}

/* Where the kernel gives back the last reference, also of an skb whose end no function tells. */
SEC("raw_tp/consume_skb")
int tp_consume_skb(struct bpf_raw_tracepoint_args *ctx)
{
	return handle_free(ctx, (void *)ctx->args[0], TP_CONSUME_SKB, 0);
}

/* --- tables of rules, hooks, connections --- */

#include "netfilter.bpf.h"
#include "returns.bpf.h"

/* Lets everything pass; its arguments have to be given, and the memory may be written. */
int run_expression(__u8 *memory, const unsigned char *frame, __u64 available, __u64 length)
{
	int result = EXPRESSION_MATCH;

	asm volatile("" : "+r"(result) : "r"(memory), "r"(frame), "r"(available), "r"(length) : "memory");
	return result;
}
