/* SPDX-License-Identifier: GPL-2.0-only */
/* How an event is put together and given to the ring, and what is counted when it is refused. */
#ifndef SKBT_EMIT_BPF_H
#define SKBT_EMIT_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "skb.bpf.h"

/*
 * An event under construction. It lives on the stack and not in a per-CPU map, because an interrupt can nest another
 * probe here, which would write over it.
 */
#define DEFINE_RECORD(name, tail_type)                                                                                 \
	struct name {                                                                                                  \
		struct skbt_event event;                                                                               \
		tail_type tail;                                                                                        \
		__u8 bytes[SKBT_SNAPLEN_MAX];                                                                          \
	}

struct no_tail {};

DEFINE_RECORD(sight_record, struct no_tail);
DEFINE_RECORD(drop_record, struct skbt_drop);

/*
 * Captures from the outermost header there is: the mac header, else the network header, else skb->data. A header that
 * lies far before the data is a stale one.
 */
#define HEADERS_FAR 256

static __always_inline __u16 capture_start(const struct skbt_event *event)
{
	__u32 start = event->data_offset;

	if (event->network_header && event->network_header < start && start - event->network_header <= HEADERS_FAR)
		start = event->network_header;
	if (event->mac_header < start && start - event->mac_header <= HEADERS_FAR)
		start = event->mac_header;
	return start;
}

/* Copies the packet's linear bytes; returns how many. `bytes` has room for SKBT_SNAPLEN_MAX. */
static __always_inline __u32 capture(struct skbt_event *event, const struct skb_view *view, __u8 *bytes)
{
	__u64 start, end, length; /* 64 bits: the verifier loses the bounds of a narrower one */

	event->capture_length = 0;
	event->capture_offset = 0;
	if (event->data_offset == SKBT_OFFSET_UNSET || event->len < view->data_len)
		return 0;
	start = capture_start(event);
	end = event->data_offset + (event->len - view->data_len);
	event->capture_offset = start;
	length = end - start;
	asm volatile("" : "+r"(length));
	if (length > config.snaplen)
		length = config.snaplen;
	asm volatile("" : "+r"(length));
	if (length > SKBT_SNAPLEN_MAX)
		length = SKBT_SNAPLEN_MAX;
	if (bpf_probe_read_kernel(bytes, length, view->head + start)) {
		event->flags |= SKBT_F_CAPTURE_FAULT;
		count(faults);
		return 0;
	}
	event->capture_length = length;
	return length;
}

static __always_inline void fill_identity(struct skbt_event *event, __u8 kind, const struct sk_buff *skb, __u64 address)
{
	__u64 task = bpf_get_current_pid_tgid();

	event->time_ns = bpf_ktime_get_ns();
	event->skb = (__u64)skb;
	event->address = address;
	event->pid = task >> 32;
	event->tid = task;
	event->kind = kind;
	event->stack_id = -1;
}

/* For an event that tells nothing of the packet. */
static __always_inline void unset_offsets(struct skbt_event *event)
{
	event->mac_header = SKBT_OFFSET_UNSET;
	event->network_header = SKBT_OFFSET_UNSET;
	event->transport_header = SKBT_OFFSET_UNSET;
	event->data_offset = SKBT_OFFSET_UNSET;
}

static __always_inline void fill_place(struct skbt_event *event, const struct skb_place *place)
{
	event->netns = place->netns;
	event->ifindex = place->ifindex;
	if (place->dev) {
		struct device_key key = { .netns = place->netns, .ifindex = place->ifindex };
		struct device_name name = {};

		if (!bpf_map_lookup_elem(&devices, &key)) {
			bpf_probe_read_kernel(&name, sizeof(name), &place->dev->name);
			remember(&devices, &key, &name);
		}
	}
}

static __always_inline void fill_stack(void *ctx, struct skbt_event *event)
{
	event->stack_id = bpf_get_stackid(ctx, &stacks, BPF_F_FAST_STACK_CMP);
	if (event->stack_id < 0)
		count(unstacked);
}

static __always_inline void count_failure(__u64 address)
{
	__u64 *failed, one = 1;

	count(failed);
	failed = bpf_map_lookup_elem(&failures, &address);
	if (!failed && bpf_map_update_elem(&failures, &address, &one, BPF_NOEXIST)) {
		/* another CPU was quicker, or the map is full: then only the CPU's counter has it */
		failed = bpf_map_lookup_elem(&failures, &address);
		if (failed)
			__sync_fetch_and_add(failed, 1);
	} else if (failed) {
		__sync_fetch_and_add(failed, 1);
	}
}

/* Each CPU counts by itself. In a map that is full nothing is counted, and the probe's hits are then not known. */
static __always_inline void count_unwanted(__u64 address)
{
	__u64 *times = bpf_map_lookup_elem(&unwanted, &address), one = 1;

	if (times)
		(*times)++;
	else
		bpf_map_update_elem(&unwanted, &address, &one, BPF_NOEXIST);
}

/*
 * `fixed` bytes of the record, then `captured` bytes of the packet, then zeros up to 4 bytes behind a multiple of 8: perf
 * puts a __u32 before and rounds up to a multiple of 8. Returns whether the ring took it.
 */
static __always_inline bool emit(void *ctx, void *record, __u32 fixed, __u32 captured)
{
	__u64 size = ((captured + 3) & ~7u) + 4;

	asm volatile("" : "+r"(size));
	if (size > SKBT_SNAPLEN_MAX)
		size = SKBT_SNAPLEN_MAX;
	count(attempts);
	if (!bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, record, fixed + size))
		return true;
	count_failure(((struct skbt_event *)record)->address);
	return false;
}

static const struct life new_life = {};

/* Notes that the skb begins with this event. Returns NULL if there is no room to note it. */
static __always_inline struct life *begin_life(struct skbt_event *event)
{
	struct life *life;

	event->flags |= SKBT_F_FIRST;
	if (bpf_map_update_elem(&living, &event->skb, &new_life, BPF_ANY)) {
		count(untracked);
		return NULL;
	}
	life = bpf_map_lookup_elem(&living, &event->skb);
	if (life)
		life->first_ns = event->time_ns;
	return life;
}

/*
 * Notes that the skb lives and was seen; its end will be reported. Marks the event if it is the first of this life.
 * Returns NULL if there is no room to note it.
 */
static __always_inline struct life *track(struct skbt_event *event)
{
	struct life *life = bpf_map_lookup_elem(&living, &event->skb);

	return life && !life->ending ? life : begin_life(event);
}

/* Of all that may be captured: `bytes` is zero where nothing was. */
static __always_inline __u64 hash_bytes(const __u8 *bytes, __u64 length)
{
	const __u64 *words = (const __u64 *)bytes;
	__u64 hash = length;

#pragma clang loop unroll(full)
	for (__u32 i = 0; i < SKBT_SNAPLEN_MAX / sizeof(__u64); i++) {
		if (i * sizeof(__u64) >= config.snaplen)
			break;
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	return hash;
}

/*
 * Emits an event with the packet's bytes, or with a reference to the event of this life that has the same. The reference
 * is what tells a reader whether the bytes that it has seen are meant: one that has missed their event knows it.
 * An skb can be seen by two CPUs at once; the reference is cleared while the hash beside it is another's.
 */
static __always_inline void emit_packet(void *ctx, void *record, __u32 fixed, const struct skb_view *view, __u8 *bytes,
					struct life *life)
{
	struct skbt_event *event = record;
	__u32 captured = capture(event, view, bytes);
	volatile struct life *shared = life;
	bool is_new = shared && captured;
	__u64 hash = 0;

	if (is_new) {
		__u32 has_bytes = shared->bytes_event;

		hash = hash_bytes(bytes, captured);
		if (has_bytes && shared->bytes_hash == hash && shared->bytes_event == has_bytes) {
			event->flags |= SKBT_F_SAME_BYTES;
			event->capture_length = 0;
			*(__u32 *)bytes = has_bytes;
			captured = sizeof(has_bytes);
			is_new = false;
		}
	}
	if (!emit(ctx, record, fixed, captured) || !is_new)
		return;
	shared->bytes_event = 0;
	shared->bytes_hash = hash;
	shared->bytes_event = event->time_ns;
}

#endif
