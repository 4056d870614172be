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
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Types that only the generator of the reader's offsets uses: a mention keeps them in the object's BTF. */
const struct skbt_event *type_event __attribute__((unused));
const struct skbt_drop *type_drop __attribute__((unused));
const struct skbt_traversal *type_traversal __attribute__((unused));
const struct skbt_clone *type_clone __attribute__((unused));
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

static __always_inline bool wanted(const struct skbt_event *event, const struct skb_view *view,
				   const struct skb_place *place)
{
	if (config.pid && bpf_get_current_pid_tgid() >> 32 != config.pid)
		return false;
	if (config.netns && place->netns != config.netns)
		return false;
	return !filters_packets() || packet_matches(event, view);
}

static __always_inline bool is_living(const struct sk_buff *skb)
{
	__u64 key = (__u64)skb;

	return bpf_map_lookup_elem(&living, &key);
}

static __always_inline void forget(const struct sk_buff *skb)
{
	__u64 key = (__u64)skb;

	bpf_map_delete_elem(&living, &key);
}

static __always_inline int handle_sight(void *ctx, const struct sk_buff *skb, __u64 address)
{
	struct sight_record record = {};
	struct skb_place place;
	struct skb_view view;

	if (!recording || !skb)
		return 0;
	view_skb(skb, &record.event, &view, record.bytes);
	place_skb(skb, &place);
	if (!wanted(&record.event, &view, &place)) {
		/* Tracepoints do not see every end: what was seen at this address before is gone. */
		if (config.ends_at_tracepoints)
			forget(skb);
		return 0;
	}
	fill_identity(&record.event, SKBT_SIGHT, skb, address);
	fill_place(&record.event, &place);
	if (config.callstack)
		fill_stack(ctx, &record.event);
	track(&record.event);
	emit(ctx, &record, offsetof(struct sight_record, bytes), capture(&record.event, &view, record.bytes));
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

SEC("raw_tp/kfree_skb")
int tp_kfree_skb(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sk_buff *skb = (void *)ctx->args[0];
	struct drop_record record = {};
	struct skb_place place;
	struct skb_view view;
	__u8 one = 1;

	if (!recording)
		return 0;
	view_skb(skb, &record.event, &view, record.bytes);
	place_skb(skb, &place);
	/*
	 * A packet that was seen is reported when it is dropped, whatever became of its headers since. But where ends are
	 * missed, what was seen at its address may have been another.
	 */
	if ((config.ends_at_tracepoints || !is_living(skb)) && !wanted(&record.event, &view, &place))
		return 0;
	fill_identity(&record.event, SKBT_DROP, skb, TP_KFREE_SKB);
	fill_place(&record.event, &place);
	record.tail.location = ctx->args[1];
	if (config.kfree_skb_has_reason) {
		record.tail.reason = ctx->args[2];
		record.tail.has_reason = 1;
	}
	remember(&locations, &record.tail.location, &one);
	if (config.callstack || config.dropstack)
		fill_stack(ctx, &record.event);
	track(&record.event);
	if (config.ends_at_tracepoints)
		forget(skb);
	emit(ctx, &record, offsetof(struct drop_record, bytes), capture(&record.event, &view, record.bytes));
	return 0;
}

/* --- ends and clones: only of skbs that were seen, so that a filter spares the rest --- */

static __always_inline int handle_free(void *ctx, const struct sk_buff *skb, __u64 address)
{
	struct sight_record record = {};

	record.event.skb = (__u64)skb;
	if (!recording)
		return 0;
	if (bpf_map_delete_elem(&living, &record.event.skb))
		return 0;
	fill_identity(&record.event, SKBT_FREE, skb, address);
	unset_offsets(&record.event);
	record.event.head = (__u64)BPF_CORE_READ(skb, head);
	emit(ctx, &record, offsetof(struct sight_record, bytes), 0);
	return 0;
}

SEC("kprobe")
int free_arg1(struct pt_regs *ctx)
{
	return handle_free(ctx, (void *)PT_REGS_PARM1(ctx), PT_REGS_IP(ctx));
}

SEC("raw_tp/consume_skb")
int tp_consume_skb(struct bpf_raw_tracepoint_args *ctx)
{
	return handle_free(ctx, (void *)ctx->args[0], TP_CONSUME_SKB);
}

/*
 * Notes a call until its return. Where one is noted already, its return was missed: the kernel had no kretprobe instance
 * left. Either way something stays unpaired, and is counted.
 */
static __always_inline void remember_call(void *calls, const __u64 *call, const void *what)
{
	if (!bpf_map_update_elem(calls, call, what, BPF_NOEXIST))
		return;
	count(unpaired);
	bpf_map_update_elem(calls, call, what, BPF_ANY);
}

SEC("kprobe")
int clone_entry(struct pt_regs *ctx)
{
	__u64 parent = PT_REGS_PARM1(ctx), call = PT_REGS_SP(ctx);

	if (bpf_map_lookup_elem(&living, &parent))
		remember_call(&clone_calls, &call, &parent);
	return 0;
}

SEC("kretprobe")
int clone_return(struct pt_regs *ctx)
{
	/* The return has popped the address that the call pushed. */
	__u64 call = PT_REGS_SP(ctx) - sizeof(__u64), *parent;
	const struct sk_buff *skb = (void *)PT_REGS_RC(ctx);
	struct clone_record record = {};

	parent = bpf_map_lookup_elem(&clone_calls, &call);
	if (!parent)
		return 0; /* of an skb that was not seen */
	record.tail.parent = *parent;
	bpf_map_delete_elem(&clone_calls, &call);
	if (!recording || !skb)
		return 0;
	fill_identity(&record.event, SKBT_CLONE, skb, 0);
	unset_offsets(&record.event);
	record.event.head = (__u64)BPF_CORE_READ(skb, head);
	track(&record.event);
	emit(ctx, &record, offsetof(struct clone_record, bytes), 0);
	return 0;
}

/* --- iptables --- */

static __always_inline __u64 argument(struct pt_regs *ctx, __u8 n)
{
	__u64 first = PT_REGS_PARM1(ctx), second = PT_REGS_PARM2(ctx), third = PT_REGS_PARM3(ctx);

	/* Loaded at fixed offsets: the verifier refuses a context pointer that was moved. */
	asm volatile("" : "+r"(first), "+r"(second), "+r"(third));
	return n == 1 ? first : n == 2 ? second : third;
}

SEC("kprobe")
int ipt_entry(struct pt_regs *ctx)
{
	const struct sk_buff *skb = (void *)argument(ctx, config.ipt_skb_arg);
	const struct nf_hook_state *state = (void *)argument(ctx, config.ipt_state_arg);
	__u64 call = PT_REGS_SP(ctx);
	struct net_device *in, *out;
	struct skb_place place;
	struct skb_view view;
	struct net *net;
	__u64 block[SKB_BLOCK_MAX / sizeof(__u64)] = {};
	struct skbt_event event = {};

	if (!recording)
		return 0;
	view_skb(skb, &event, &view, (__u8 *)block);
	place_skb(skb, &place);
	net = BPF_CORE_READ(state, net);
	if (!place.netns)
		place.netns = BPF_CORE_READ(net, ns.inum);
	if (!wanted(&event, &view, &place))
		return 0;
	in = BPF_CORE_READ(state, in);
	out = BPF_CORE_READ(state, out);

	struct ipt_call entry = {
		.time_ns = bpf_ktime_get_ns(),
		.skb = (__u64)skb,
		.table = argument(ctx, config.ipt_table_arg),
		.address = PT_REGS_IP(ctx),
		.netns = place.netns,
		.in_ifindex = in ? BPF_CORE_READ(in, ifindex) : 0,
		.out_ifindex = out ? BPF_CORE_READ(out, ifindex) : 0,
		.pf = BPF_CORE_READ(state, pf),
		.hook = BPF_CORE_READ_BITFIELD_PROBED(state, hook),
	};

	remember_call(&ipt_calls, &call, &entry);
	return 0;
}

SEC("kretprobe")
int ipt_return(struct pt_regs *ctx)
{
	__u64 call = PT_REGS_SP(ctx) - sizeof(__u64);
	__u32 verdict = PT_REGS_RC(ctx), captured = 0;
	struct traversal_record record = {};
	const struct xt_table *table;
	const struct sk_buff *skb;
	struct ipt_call *entry;

	entry = bpf_map_lookup_elem(&ipt_calls, &call);
	if (!entry)
		return 0; /* of a packet that is not wanted */
	skb = (void *)entry->skb;
	table = (void *)entry->table;
	fill_identity(&record.event, SKBT_TRAVERSAL, skb, entry->address);
	unset_offsets(&record.event);
	record.event.netns = entry->netns;
	record.tail.duration_ns = record.event.time_ns - entry->time_ns;
	record.tail.verdict = verdict;
	record.tail.in_ifindex = entry->in_ifindex;
	record.tail.out_ifindex = entry->out_ifindex;
	record.tail.pf = entry->pf;
	record.tail.hook = entry->hook;
	bpf_map_delete_elem(&ipt_calls, &call);
	if (!recording)
		return 0;
	BPF_CORE_READ_STR_INTO(&record.tail.table, table, name);
	/* A stolen skb belongs to somebody else by now, and may be gone. */
	if ((verdict & NF_VERDICT_MASK) != NF_STOLEN) {
		struct skb_place place;
		struct skb_view view;

		view_skb(skb, &record.event, &view, record.bytes);
		place_skb(skb, &place);
		if (!place.netns)
			place.netns = record.event.netns;
		fill_place(&record.event, &place);
		captured = capture(&record.event, &view, record.bytes);
		track(&record.event);
	}
	if (config.callstack)
		fill_stack(ctx, &record.event);
	emit(ctx, &record, offsetof(struct traversal_record, bytes), captured);
	return 0;
}
