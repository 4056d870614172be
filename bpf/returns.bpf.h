/* SPDX-License-Identifier: GPL-2.0-only */
/* What functions return, where that was asked for: `name%return`. */
#ifndef SKBT_RETURNS_BPF_H
#define SKBT_RETURNS_BPF_H

#include "emit.bpf.h"

DEFINE_RECORD(return_record, struct skbt_return);

/* Calls under way, by stack pointer, as in skb_calls. */
struct call {
	__u64 time_ns;
	__u64 skb;
	__u64 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

/* Of an skb that the filter lets pass: it was seen at this call, or before. */
static __always_inline int note_call(__u64 stack_pointer, const struct sk_buff *skb, __u64 address)
{
	struct call call = { .time_ns = bpf_ktime_get_ns(), .skb = (__u64)skb, .address = address };

	if (recording && is_living(skb))
		remember_call(&calls, &stack_pointer, &call);
	return 0;
}

/* The skb may be gone by now, and its address be another's: nothing of it is read. */
static __always_inline int handle_return(void *ctx, __u64 stack_pointer, __u64 value)
{
	struct return_record record = {};
	struct call *call;

	call = bpf_map_lookup_elem(&calls, &stack_pointer);
	if (!call)
		return 0; /* of an skb that is not wanted */
	fill_identity(&record.event, SKBT_RETURN, (void *)call->skb, call->address);
	unset_offsets(&record.event);
	record.tail.value = value;
	record.tail.entry_ns = call->time_ns;
	bpf_map_delete_elem(&calls, &stack_pointer);
	if (recording)
		emit(ctx, &record, offsetof(struct return_record, bytes), 0);
	return 0;
}

/* The sight and the call by one program: two at one function run in an order that is not told. */
#define CALL_PROGRAM(n)                                                                                                \
	SEC("kprobe")                                                                                                  \
	int call_arg##n(struct pt_regs *ctx)                                                                           \
	{                                                                                                              \
		const struct sk_buff *skb = (void *)PT_REGS_PARM##n(ctx);                                              \
                                                                                                                       \
		handle_sight(ctx, skb, PT_REGS_IP(ctx));                                                               \
		return note_call(PT_REGS_SP(ctx), skb, PT_REGS_IP(ctx));                                               \
	}

CALL_PROGRAM(1)
CALL_PROGRAM(2)
CALL_PROGRAM(3)
CALL_PROGRAM(4)
CALL_PROGRAM(5)

SEC("kretprobe")
int call_return(struct pt_regs *ctx)
{
	/* The return has popped the address that the call pushed. */
	return handle_return(ctx, PT_REGS_SP(ctx) - sizeof(__u64), PT_REGS_RC(ctx));
}

#endif
