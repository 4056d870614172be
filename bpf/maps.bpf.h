/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps and counters. All hash maps are preallocated: tracing programs may run where the kernel cannot allocate. */
#ifndef SKBT_MAPS_BPF_H
#define SKBT_MAPS_BPF_H

#include "event.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

/* Living skbs of which at least one event was emitted, by address. The value is the time of the first. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, __u64);
} living SEC(".maps");

/* Calls under way, by stack pointer: unlike the thread, it differs between nested calls and between interrupts. */
struct ipt_call {
	__u64 time_ns;
	__u64 skb;
	__u64 table;
	__u64 address;
	__u32 netns;
	__u32 in_ifindex;
	__u32 out_ifindex;
	__u8 pf;
	__u8 hook;
	__u16 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct ipt_call);
} ipt_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64); /* the parent skb */
} clone_calls SEC(".maps");

/* Code addresses that the recorder shall name: those that are not a probe's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} locations SEC(".maps");

/* Names of the devices that packets were seen on, as they were then: a device may be gone when the recorder looks. */
struct device_key {
	__u32 netns;
	__u32 ifindex;
};

struct device_name {
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct device_key);
	__type(value, struct device_name);
} devices SEC(".maps");

/* Events that the ring refused, by the address of their probe. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} failures SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stacks SEC(".maps");

/* Each in a section of its own, which libbpf maps into the recorder: read without a system call. */
SEC(".data.counters")
struct skbt_counters counters[SKBT_CPUS_MAX];
/* Grows when `locations` or `devices` does, so that the recorder knows when to look. */
SEC(".data.names_changed") __u64 names_changed;

/*
 * Not zero while events are wanted. Probes are attached and detached one by one; this begins and ends all of them at
 * once, so that no packet is seen by half of them.
 */
SEC(".data.recording") volatile __u64 recording;

static __always_inline struct skbt_counters *cpu_counters(void)
{
	return &counters[bpf_get_smp_processor_id() & (SKBT_CPUS_MAX - 1)];
}

#define count(counter) __sync_fetch_and_add(&cpu_counters()->counter, 1)

/* Remembers a key for naming, once. */
#define remember(map, key, value)                                                                                      \
	({                                                                                                             \
		if (!bpf_map_lookup_elem(map, key)) {                                                                  \
			if (bpf_map_update_elem(map, key, value, BPF_ANY))                                             \
				count(unnamed);                                                                        \
			else                                                                                           \
				__sync_fetch_and_add(&names_changed, 1);                                               \
		}                                                                                                      \
	})

#endif
