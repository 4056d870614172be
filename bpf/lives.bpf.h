/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lives of skbs: where they are made, from what, when they get a new head, and how they end. Only skbs that were seen
 * are followed: for all others each program here is one look into `living`.
 */
#ifndef SKBT_LIVES_BPF_H
#define SKBT_LIVES_BPF_H

#include "emit.bpf.h"
#include "maps.bpf.h"

static __always_inline struct life *life_of(const struct sk_buff *skb)
{
	__u64 key = (__u64)skb;
	struct life *life = bpf_map_lookup_elem(&living, &key);

	return life && !life->ending ? life : NULL;
}

static __always_inline bool is_living(const struct sk_buff *skb)
{
	return life_of(skb);
}

static __always_inline void forget(const struct sk_buff *skb)
{
	__u64 key = (__u64)skb;

	bpf_map_delete_elem(&living, &key);
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

/* An event that tells nothing of the packet, and its tail of 16 bytes at most. */
struct life_record {
	struct skbt_event event;
	union {
		struct skbt_clone clone;
		struct skbt_head head;
		struct skbt_merge merge;
	};
	__u32 padding; /* emit ends 4 bytes behind a multiple of 8 */
};

static __always_inline void fill_life_event(struct skbt_event *event, __u8 kind, const struct sk_buff *skb,
					    __u64 address)
{
	fill_identity(event, kind, skb, address);
	unset_offsets(event);
	event->head = (__u64)BPF_CORE_READ(skb, head);
}

/* --- ends --- */

/* Whichever of the functions at an skb's end runs first reports it. */
static __always_inline int handle_free(void *ctx, const struct sk_buff *skb, __u64 address, __u16 flags)
{
	struct life_record record = {};
	__u64 key = (__u64)skb;

	if (!recording)
		return 0;
	if (bpf_map_delete_elem(&living, &key))
		return 0;
	fill_life_event(&record.event, SKBT_FREE, skb, address);
	record.event.flags = flags;
	emit(ctx, &record, sizeof(record.event), 0);
	return 0;
}

/*
 * The same where an skb ends because another has its data. That it would be so was noted when the kernel tried to merge
 * them; that this function is called says that it could.
 */
static __always_inline int handle_merged_free(void *ctx, const struct sk_buff *skb, __u64 address, __u16 flags)
{
	const struct life *life = life_of(skb);

	if (recording && life && life->into) {
		struct life_record record = {};

		fill_life_event(&record.event, SKBT_MERGE, skb, life->into_address);
		record.merge.into = life->into;
		emit(ctx, &record, sizeof(record.event) + sizeof(record.merge), 0);
	}
	return handle_free(ctx, skb, address, flags);
}

SEC("kprobe")
int free_arg1(struct pt_regs *ctx)
{
	return handle_free(ctx, (void *)PT_REGS_PARM1(ctx), PT_REGS_IP(ctx), 0);
}

/* kfree_skb_partial(skb, bool head_stolen) */
SEC("kprobe")
int free_partial(struct pt_regs *ctx)
{
	__u16 flags = (__u8)PT_REGS_PARM2(ctx) ? SKBT_F_HEAD_STOLEN : 0;

	return handle_merged_free(ctx, (void *)PT_REGS_PARM1(ctx), PT_REGS_IP(ctx), flags);
}

/* napi_skb_free_stolen_head(skb) */
SEC("kprobe")
int free_stolen(struct pt_regs *ctx)
{
	return handle_merged_free(ctx, (void *)PT_REGS_PARM1(ctx), PT_REGS_IP(ctx), SKBT_F_HEAD_STOLEN);
}

/* skb_try_coalesce(to, from, ...), skb_gro_receive(p, skb) */
SEC("kprobe")
int merge_entry(struct pt_regs *ctx)
{
	struct life *life = life_of((void *)PT_REGS_PARM2(ctx));

	if (!life)
		return 0;
	life->into = PT_REGS_PARM1(ctx);
	life->into_address = PT_REGS_IP(ctx);
	return 0;
}

/* --- begins: an address that is given out has no packet, whatever was known of it --- */

static __always_inline void begin_anew(const struct sk_buff *skb, const struct life *before)
{
	if (!before)
		return;
	if (!before->ending)
		count(reused);
	forget(skb);
}

SEC("kretprobe")
int alloc_return(struct pt_regs *ctx)
{
	__u64 key = PT_REGS_RC(ctx);

	begin_anew((void *)key, bpf_map_lookup_elem(&living, &key));
	return 0;
}

/* --- skbs made from others --- */

static __always_inline int handle_call(struct pt_regs *ctx, __u32 how)
{
	const struct sk_buff *skb = (void *)PT_REGS_PARM1(ctx);
	__u64 key = PT_REGS_SP(ctx);

	if (!is_living(skb))
		return 0;

	struct skb_call call = {
		.time_ns = bpf_ktime_get_ns(),
		.skb = (__u64)skb,
		.head = (__u64)BPF_CORE_READ(skb, head),
		.address = PT_REGS_IP(ctx),
		.how = how,
	};

	remember_call(&skb_calls, &key, &call);
	return 0;
}

/* Takes the call that returns now. Returns whether one was noted. */
static __always_inline bool take_call(struct pt_regs *ctx, struct skb_call *call)
{
	/* The return has popped the address that the call pushed. */
	__u64 key = PT_REGS_SP(ctx) - sizeof(__u64);
	const struct skb_call *noted = bpf_map_lookup_elem(&skb_calls, &key);

	if (!noted)
		return false; /* of an skb that was not seen */
	*call = *noted;
	bpf_map_delete_elem(&skb_calls, &key);
	return recording;
}

static __always_inline bool is_skb(__u64 returned)
{
	return returned && returned < (__u64)-4095; /* neither NULL nor an ERR_PTR */
}

static __always_inline void emit_child(void *ctx, const struct sk_buff *skb, const struct skb_call *call)
{
	const struct life *life = life_of(skb);
	struct life_record record = {};

	fill_life_event(&record.event, SKBT_CLONE, skb, call->address);
	record.clone.parent = call->skb;
	record.clone.how = call->how;
	/* skb_segment makes some of its segments by skb_clone: such a one has begun within this call. */
	if (!life || life->first_ns < call->time_ns) {
		begin_anew(skb, life);
		begin_life(&record.event);
	}
	emit(ctx, &record, sizeof(record.event) + sizeof(record.clone), 0);
}

#define CHILD_PROGRAM(name, how)                                                                                       \
	SEC("kprobe")                                                                                                  \
	int name##_entry(struct pt_regs *ctx)                                                                          \
	{                                                                                                              \
		return handle_call(ctx, how);                                                                          \
	}

CHILD_PROGRAM(clone, SKBT_HOW_CLONE)
CHILD_PROGRAM(copy, SKBT_HOW_COPY)
CHILD_PROGRAM(segment, SKBT_HOW_SEGMENT)
CHILD_PROGRAM(fragment, SKBT_HOW_FRAGMENT)

SEC("kretprobe")
int child_return(struct pt_regs *ctx)
{
	struct skb_call call;

	if (take_call(ctx, &call) && is_skb(PT_REGS_RC(ctx)))
		emit_child(ctx, (void *)PT_REGS_RC(ctx), &call);
	return 0;
}

/* 64 KiB in segments of 536 bytes, the smallest that TCP usually makes. */
#define SEGMENTS_MAX 128

/* skb_segment returns a list, linked by skb->next. */
SEC("kretprobe")
int segment_return(struct pt_regs *ctx)
{
	__u64 skb = PT_REGS_RC(ctx);
	struct skb_call call;

	if (!take_call(ctx, &call) || !is_skb(skb))
		return 0;
	for (int i = 0; i < SEGMENTS_MAX; i++) {
		if (!skb)
			return 0;
		emit_child(ctx, (void *)skb, &call);
		skb = (__u64)BPF_CORE_READ((struct sk_buff *)skb, next);
	}
	if (skb)
		count(untracked);
	return 0;
}

/* --- new heads --- */

SEC("kprobe")
int head_entry(struct pt_regs *ctx)
{
	return handle_call(ctx, 0);
}

/* pskb_expand_head returns 0, or an errno. */
SEC("kretprobe")
int head_return(struct pt_regs *ctx)
{
	struct life_record record = {};
	struct skb_call call;

	if (!take_call(ctx, &call) || (int)PT_REGS_RC(ctx))
		return 0;
	fill_life_event(&record.event, SKBT_HEAD, (void *)call.skb, call.address);
	record.head.old_head = call.head;
	track(&record.event);
	emit(ctx, &record, sizeof(record.event) + sizeof(record.head), 0);
	return 0;
}

#endif
