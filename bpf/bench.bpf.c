// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the benchmarks fill rings with: programs that are run with BPF_PROG_TEST_RUN, which needs no packets, no network
 * device and no kprobes. The events are ones that the recorder's reader understands: 80 bytes and 64 of a packet.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

SEC(".data.counters")
struct skbt_counters counters[SKBT_CPUS_MAX];

#define count(counter) __sync_fetch_and_add(&counters[bpf_get_smp_processor_id() & (SKBT_CPUS_MAX - 1)].counter, 1)

struct bench_event {
	struct skbt_event event;
	__u8 bytes[64];
};

static __always_inline void make_event(struct bench_event *made)
{
	made->event.time_ns = bpf_ktime_get_ns();
	made->event.kind = SKBT_SIGHT;
	made->event.stack_id = -1;
	made->event.skb = made->event.time_ns << 8; /* all different, as far as compressors and caches know */
	made->event.capture_length = sizeof(made->bytes);
	made->event.len = sizeof(made->bytes);
}

SEC("xdp")
int fill(struct xdp_md *ctx)
{
	struct bench_event made = {};

	make_event(&made);
	count(attempts);
	if (bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &made, sizeof(made)))
		count(failed);
	return XDP_PASS;
}

/* All of that but the output: what is not the ring's doing. */
SEC("xdp")
int fill_nothing(struct xdp_md *ctx __attribute__((unused)))
{
	struct bench_event made = {};

	make_event(&made);
	count(attempts);
	asm volatile("" : : "r"(&made) : "memory");
	return XDP_PASS;
}
