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

/* An skb of which at least one event was emitted, and that has not ended. */
struct life {
	__u64 first_ns;	  /* time of its first event */
	__u64 bytes_hash; /* of the bytes that were last captured of it */
	__u64 into;	  /* the skb that its data may be moving to, and the function that moves it */
	__u64 into_address;
	__u32 bytes_event; /* lower half of the time_ns of the event that has those bytes; 0: none has */
	__u32 ending;	   /* it is being freed as dropped: what is seen at its address now is another */
};

/* By the address of the sk_buff. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, __u64);
	__type(value, struct life);
} living SEC(".maps");

/*
 * Calls under way of functions that make skbs from `skb`, or give it a new head; by stack pointer: unlike the thread, it
 * differs between nested calls and between interrupts.
 */
struct skb_call {
	__u64 time_ns;
	__u64 skb;
	__u64 head;
	__u64 address;
	__u64 how; /* enum skbt_how */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct skb_call);
} skb_calls SEC(".maps");

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

/* Packets that a probe saw and the filter did not want, by the address of the probe. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} unwanted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 127 * sizeof(__u64));
} stacks SEC(".maps");

/* Each in a section of its own, which libbpf maps into the recorder: read without a system call. */
SEC(".data.counters")
struct skbt_counters counters[SKBT_CPUS_MAX];

/* The last drop on each CPU: passes through tables that drop a packet themselves end behind it. */
struct last_drop {
	__u64 skb;
	__u64 time_ns;
} __attribute__((aligned(64)));

SEC(".data.drops")
struct last_drop last_drops[SKBT_CPUS_MAX];

/* Grows when `locations`, `devices` or `chains` does, so that the recorder knows when to look. */
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

static __always_inline struct last_drop *cpu_last_drop(void)
{
	return &last_drops[bpf_get_smp_processor_id() & (SKBT_CPUS_MAX - 1)];
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
