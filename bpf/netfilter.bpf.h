/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netfilter: passes through the tables of xtables and nftables, what a hook as a whole decided, which nftables rule did,
 * and the packet's connection. Included by skbtracer.bpf.c behind what decides which packets are wanted.
 */
#ifndef SKBT_NETFILTER_BPF_H
#define SKBT_NETFILTER_BPF_H

DEFINE_RECORD(traversal_record, struct skbt_traversal);

struct hook_record {
	struct skbt_event event;
	struct skbt_hook tail;
	__u32 padding; /* emit ends 4 bytes behind a multiple of 8 */
};

struct rule_record {
	struct skbt_event event;
	struct skbt_rule tail;
	__u32 padding; /* emit ends 4 bytes behind a multiple of 8 */
};

struct conntrack_record {
	struct skbt_event event;
	struct skbt_conntrack tail;
	__u32 padding; /* emit ends 4 bytes behind a multiple of 8 */
};

/* Passes under way, by stack pointer. */
struct table_call {
	__u64 time_ns;
	__u64 skb;
	__u64 chain;
	__u64 address;
	__u32 netns;
	__u32 in_ifindex;
	__u32 out_ifindex;
	__u8 pf;
	__u8 hook;
	__u8 engine;
	__u8 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct table_call);
} table_calls SEC(".maps");

struct hook_call {
	__u64 time_ns;
	__u64 skb;
	__u64 state; /* on the stack of nf_hook_slow's caller, so still there when it returns */
	__u64 address;
	__u64 first; /* the skb had not been seen before */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct hook_call);
} hook_calls SEC(".maps");

/* Tables and base chains by their ids, for the recorder to put into the dictionary. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct skbt_chain);
} chains SEC(".maps");

/* Connections that were told of. One that is forgotten here is told of again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, __u8);
} connections SEC(".maps");

/* FNV-1a by words, with the high half mixed in: a multiplication carries upwards only. */
static __always_inline __u64 hash_words(const __u64 *words, int count)
{
	__u64 hash = 0xcbf29ce484222325ull;

#pragma unroll
	for (int i = 0; i < count; i++) {
		hash = (hash ^ words[i]) * 0x100000001b3ull;
		hash ^= hash >> 32;
	}
	return hash;
}

/* The id of a chain is the hash of all that is known of it: one that is loaded anew under its old name keeps it. */
static __always_inline __u64 chain_id(const struct skbt_chain *chain)
{
	__u64 id = hash_words((const __u64 *)chain, sizeof(*chain) / sizeof(__u64));

	remember(&chains, &id, chain);
	return id;
}

/*
 * Whether an skb is wanted, of which nothing but its address is needed. What was seen before need not be looked at.
 * `block` is zeroed memory of SKB_BLOCK_MAX bytes, aligned to 8, and is zeroed again.
 */
static __always_inline bool follows(const struct sk_buff *skb, bool *living_before, void *block)
{
	struct skbt_event event = {};
	struct skb_place place;
	struct skb_view view;

	*living_before = is_living(skb);
	if (*living_before)
		return true;
	view_skb(skb, &event, &view, block);
	place_skb(skb, &place);
	return wanted(&event, &view, &place, block);
}

static __always_inline __u32 ifindex_of(const struct net_device *dev)
{
	return dev ? BPF_CORE_READ(dev, ifindex) : 0;
}

/* --- the packet's connection --- */

/* struct nf_conntrack_tuple: the order and the widths of its members are the same on all kernels from 5.10. */
struct conntrack_tuple {
	__u8 source[16];
	__u16 source_port;
	__u16 family;
	__u8 destination[16];
	__u16 destination_port;
	__u8 protocol;
	__u8 direction;
};

/* Room for telling of a connection: beside an event, the stack has none for its tuples. */
struct conntrack_room {
	struct conntrack_record record;
	struct conntrack_tuple tuples[2]; /* original, reply */
};

#define TUPLES_WORDS (2 * (sizeof(struct conntrack_tuple) / sizeof(__u64)))

struct conntrack_view {
	__u64 id;
	__u8 state; /* as in struct skbt_traversal */
};

/*
 * Finds an skb's connection and tells of it if nobody has yet. `room` is zeroed memory that is zeroed again. The id is a
 * hash of both tuples, so that a connection has another one once NAT has changed it, and so has the next at its address.
 */
static __always_inline void view_conntrack(void *ctx, const struct sk_buff *skb, const struct table_call *call,
					   struct conntrack_room *room, struct conntrack_view *view)
{
	struct conntrack_record *record = &room->record;
	struct conntrack_tuple *tuples = room->tuples;
	struct nf_conn *conn;
	unsigned long nfct;
	__u8 one = 1;

	view->id = 0;
	view->state = 0;
	if (!bpf_core_type_exists(struct nf_conn) || !bpf_core_field_exists(skb->_nfct))
		return;
	nfct = BPF_CORE_READ(skb, _nfct);
	if (!nfct)
		return;
	view->state = (nfct & NFCT_INFO_MASK) + 1;
	conn = (void *)(nfct & ~NFCT_INFO_MASK);
	if (!conn)
		return; /* untracked */
	if (bpf_core_read(&tuples[0], sizeof(tuples[0]), &conn->tuplehash[0].tuple) ||
	    bpf_core_read(&tuples[1], sizeof(tuples[1]), &conn->tuplehash[1].tuple))
		goto clear;
	view->id = hash_words((const __u64 *)tuples, TUPLES_WORDS);
	if (bpf_map_lookup_elem(&connections, &view->id))
		goto clear;
	fill_identity(&record->event, SKBT_CONNTRACK, skb, call->address);
	unset_offsets(&record->event);
	record->event.netns = call->netns;
	record->tail.id = view->id;
	__builtin_memcpy(record->tail.original_source, tuples[0].source, 16);
	__builtin_memcpy(record->tail.original_destination, tuples[0].destination, 16);
	__builtin_memcpy(record->tail.reply_source, tuples[1].source, 16);
	__builtin_memcpy(record->tail.reply_destination, tuples[1].destination, 16);
	record->tail.original_source_port = tuples[0].source_port;
	record->tail.original_destination_port = tuples[0].destination_port;
	record->tail.reply_source_port = tuples[1].source_port;
	record->tail.reply_destination_port = tuples[1].destination_port;
	record->tail.family = tuples[0].family;
	record->tail.protocol = tuples[0].protocol;
	track(&record->event);
	if (emit(ctx, record, offsetof(struct conntrack_record, padding), 0))
		bpf_map_update_elem(&connections, &view->id, &one, BPF_ANY);
clear:
	__builtin_memset(room, 0, sizeof(*room));
}

/* --- tables --- */

/* Notes a pass until it ends, if the packet is wanted. `chain` is zeroed but for its engine. */
static __always_inline bool begin_pass(const struct sk_buff *skb, const struct nf_hook_state *state, __u64 address,
				       struct table_call *call)
{
	__u64 block[SKB_BLOCK_MAX / sizeof(__u64)] = {};
	struct skbt_event event = {};
	struct skb_place place;
	struct skb_view view;

	view_skb(skb, &event, &view, (__u8 *)block);
	place_skb(skb, &place);
	if (!place.netns)
		place.netns = BPF_CORE_READ(state, net, ns.inum);
	if (!wanted(&event, &view, &place, (__u8 *)block)) {
		count_unwanted(address);
		return false;
	}
	call->time_ns = bpf_ktime_get_ns();
	call->skb = (__u64)skb;
	call->address = address;
	call->netns = place.netns;
	call->in_ifindex = ifindex_of(BPF_CORE_READ(state, in));
	call->out_ifindex = ifindex_of(BPF_CORE_READ(state, out));
	call->pf = BPF_CORE_READ(state, pf);
	call->hook = BPF_CORE_READ_BITFIELD_PROBED(state, hook);
	return true;
}

/*
 * When a pass ended whose packet is gone. Since 6.7 nft_do_chain frees what it drops and returns NF_STOLEN with an errno
 * above it (NF_DROP_REASON, include/linux/netfilter.h): that was just before the drop, and so behind the rules.
 */
static __always_inline __u64 end_before_drop(const struct table_call *call)
{
	const struct last_drop *drop = cpu_last_drop();

	return drop->skb == call->skb && drop->time_ns > call->time_ns ? drop->time_ns - 1 : call->time_ns;
}

static __always_inline int end_pass(struct pt_regs *ctx)
{
	/* The return has popped the address that the call pushed. */
	__u64 call = PT_REGS_SP(ctx) - sizeof(__u64);
	__u32 verdict = PT_REGS_RC(ctx);
	union {
		struct traversal_record traversal;
		struct conntrack_room conntrack;
	} record = {};
	struct traversal_record *pass = &record.traversal;
	struct conntrack_view conntrack;
	struct table_call *entry;
	const struct sk_buff *skb;
	bool stolen;

	entry = bpf_map_lookup_elem(&table_calls, &call);
	if (!entry)
		return 0; /* of a packet that is not wanted */
	skb = (void *)entry->skb;
	/* A stolen skb belongs to somebody else by now, and may be gone. */
	stolen = (verdict & NF_VERDICT_MASK) == NF_STOLEN;
	conntrack.id = 0;
	conntrack.state = 0;
	if (recording && !stolen)
		view_conntrack(ctx, skb, entry, &record.conntrack, &conntrack);
	fill_identity(&pass->event, SKBT_TRAVERSAL, skb, entry->address);
	unset_offsets(&pass->event);
	pass->event.netns = entry->netns;
	pass->tail.duration_ns = pass->event.time_ns - entry->time_ns;
	if (stolen && verdict >> NF_VERDICT_ERRNO_SHIFT)
		pass->event.time_ns = end_before_drop(entry);
	pass->tail.chain = entry->chain;
	pass->tail.conntrack = conntrack.id;
	pass->tail.verdict = verdict;
	pass->tail.in_ifindex = entry->in_ifindex;
	pass->tail.out_ifindex = entry->out_ifindex;
	pass->tail.pf = entry->pf;
	pass->tail.hook = entry->hook;
	pass->tail.engine = entry->engine;
	pass->tail.ct_state = conntrack.state;
	bpf_map_delete_elem(&table_calls, &call);
	if (!recording)
		return 0;
	if (config.callstack)
		fill_stack(ctx, &pass->event);
	if (!stolen) {
		struct skb_place place;
		struct skb_view view;
		struct life *life;

		view_skb(skb, &pass->event, &view, pass->bytes);
		place_skb(skb, &place);
		if (!place.netns)
			place.netns = pass->event.netns;
		fill_place(&pass->event, &place);
		life = track(&pass->event);
		emit_packet(ctx, pass, offsetof(struct traversal_record, bytes), &view, pass->bytes, life);
	} else {
		emit(ctx, pass, offsetof(struct traversal_record, bytes), 0);
	}
	return 0;
}

static __always_inline __u64 argument(struct pt_regs *ctx, __u8 n)
{
	__u64 first = PT_REGS_PARM1(ctx), second = PT_REGS_PARM2(ctx), third = PT_REGS_PARM3(ctx);
	__u64 fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx);

	/* Loaded at fixed offsets: the verifier refuses a context pointer that was moved. */
	asm volatile("" : "+r"(first), "+r"(second), "+r"(third), "+r"(fourth), "+r"(fifth));
	return n == 1 ? first : n == 2 ? second : n == 3 ? third : n == 4 ? fourth : fifth;
}

SEC("kprobe")
int ipt_entry(struct pt_regs *ctx)
{
	const struct sk_buff *skb = (void *)argument(ctx, config.ipt_skb_arg);
	const struct nf_hook_state *state = (void *)argument(ctx, config.ipt_state_arg);
	const struct xt_table *table = (void *)argument(ctx, config.ipt_table_arg);
	struct table_call entry = { .engine = SKBT_ENGINE_XTABLES };
	struct skbt_chain chain = { .engine = SKBT_ENGINE_XTABLES };
	__u64 call = PT_REGS_SP(ctx);

	if (!recording || !begin_pass(skb, state, PT_REGS_IP(ctx), &entry))
		return 0;
	chain.family = BPF_CORE_READ(table, af);
	BPF_CORE_READ_STR_INTO(&chain.table, table, name);
	entry.chain = chain_id(&chain);
	remember_call(&table_calls, &call, &entry);
	return 0;
}

SEC("kretprobe")
int ipt_return(struct pt_regs *ctx)
{
	return end_pass(ctx);
}

/* --- nftables --- */

static __always_inline __u64 read_pointer(__u64 from, __u16 offset)
{
	__u64 pointer = 0;

	bpf_probe_read_kernel(&pointer, sizeof(pointer), (void *)(from + offset));
	return pointer;
}

/* Fills in what a struct nft_chain and its table are called. */
static __always_inline void name_nft_chain(__u64 nft_chain, struct skbt_chain *chain)
{
	__u64 table = read_pointer(nft_chain, config.nft_chain_table);
	__u8 family = 0;

	bpf_probe_read_kernel(&family, sizeof(family), (void *)(table + config.nft_table_family));
	chain->family = family & 0x3f;
	bpf_probe_read_kernel_str(chain->table, sizeof(chain->table),
				  (void *)read_pointer(table, config.nft_table_name));
	bpf_probe_read_kernel_str(chain->chain, sizeof(chain->chain),
				  (void *)read_pointer(nft_chain, config.nft_chain_name));
}

/* nft_do_chain(pkt, priv): once for each base chain, which `priv` is; chains that are jumped to are run inside. */
SEC("kprobe")
int nft_entry(struct pt_regs *ctx)
{
	__u64 call = PT_REGS_SP(ctx), pkt = PT_REGS_PARM1(ctx);
	const struct sk_buff *skb = (void *)read_pointer(pkt, 0);
	const struct nf_hook_state *state = (void *)read_pointer(pkt, config.nft_pktinfo_state);
	struct table_call entry = { .engine = SKBT_ENGINE_NFT };
	struct skbt_chain chain = { .engine = SKBT_ENGINE_NFT };

	if (!recording || !begin_pass(skb, state, PT_REGS_IP(ctx), &entry))
		return 0;
	name_nft_chain(PT_REGS_PARM2(ctx), &chain);
	entry.chain = chain_id(&chain);
	remember_call(&table_calls, &call, &entry);
	return 0;
}

SEC("kretprobe")
int nft_return(struct pt_regs *ctx)
{
	return end_pass(ctx);
}

#define NFT_RULE_HANDLE_BITS 42

/*
 * __nft_trace_packet is called for every rule that matched and every policy that decided, as long as any rule anywhere
 * sets nftrace. Whether this packet is to be traced is checked inside.
 */
SEC("kprobe")
int nft_rule(struct pt_regs *ctx)
{
	__u64 info = argument(ctx, config.nft_info_arg), pkt, verdict, rule, basechain, bits = 0;
	const struct nf_hook_state *state;
	/* Together, as the stack has no room for both and an expression. */
	union {
		__u64 block[SKB_BLOCK_MAX / sizeof(__u64)];
		struct skbt_chain chain;
	} room = {};
	struct rule_record record = {};
	const struct sk_buff *skb;
	bool was_living = false;
	__u8 valid = 0;

	if (!recording)
		return 0;
	/* Not set where tracing was switched on while this packet was under way. */
	bpf_probe_read_kernel(&valid, sizeof(valid), (void *)(info + config.nft_traceinfo_trace));
	if (!valid)
		return 0;
	if (config.nft_info_arg == 1) {
		pkt = read_pointer(info, config.nft_traceinfo_pkt);
		verdict = read_pointer(info, config.nft_traceinfo_verdict);
		rule = read_pointer(info, config.nft_traceinfo_rule);
		record.tail.type = argument(ctx, 3);
	} else {
		pkt = argument(ctx, 1);
		verdict = argument(ctx, 2);
		rule = argument(ctx, 3);
		record.tail.type = argument(ctx, 5);
	}
	skb = (void *)read_pointer(pkt, 0);
	/* code is the first member of struct nft_verdict */
	bpf_probe_read_kernel(&record.tail.verdict, sizeof(record.tail.verdict), (void *)verdict);
	if (record.tail.verdict == NF_STOLEN ? !is_living(skb) : !follows(skb, &was_living, room.block))
		return 0;
	__builtin_memset(&room, 0, sizeof(room));
	room.chain.engine = SKBT_ENGINE_NFT;
	state = (void *)read_pointer(pkt, config.nft_pktinfo_state);
	fill_identity(&record.event, SKBT_RULE, skb, PT_REGS_IP(ctx));
	unset_offsets(&record.event);
	record.event.netns = BPF_CORE_READ(state, net, ns.inum);
	record.tail.pf = BPF_CORE_READ(state, pf);
	record.tail.hook = BPF_CORE_READ_BITFIELD_PROBED(state, hook);
	if (rule) {
		bpf_probe_read_kernel(&bits, sizeof(bits), (void *)(rule + config.nft_rule_handle));
		record.tail.handle = bits >> config.nft_rule_handle_bit & ((1ull << NFT_RULE_HANDLE_BITS) - 1);
	}
	basechain = read_pointer(info, config.nft_traceinfo_basechain);
	name_nft_chain(basechain + config.nft_base_chain_chain, &room.chain);
	record.tail.chain = chain_id(&room.chain);
	if (record.tail.verdict != NF_STOLEN)
		track(&record.event);
	emit(ctx, &record, offsetof(struct rule_record, padding), 0);
	return 0;
}

/* --- hooks --- */

/*
 * nf_hook_slow(skb, state, ...) runs all that is registered at a hook. That it lets a packet pass is the rule, and is told by
 * what comes next: only the rest is reported, so that a pass costs a note and its removal.
 */
SEC("kprobe")
int hook_entry(struct pt_regs *ctx)
{
	const struct sk_buff *skb = (void *)PT_REGS_PARM1(ctx);
	__u64 call = PT_REGS_SP(ctx);
	struct hook_call entry = {
		.skb = (__u64)skb,
		.state = PT_REGS_PARM2(ctx),
		.address = PT_REGS_IP(ctx),
	};
	__u64 block[SKB_BLOCK_MAX / sizeof(__u64)] = {};
	bool was_living;

	if (!recording || !follows(skb, &was_living, block))
		return 0;
	entry.time_ns = bpf_ktime_get_ns();
	entry.first = !was_living;
	remember_call(&hook_calls, &call, &entry);
	return 0;
}

SEC("kretprobe")
int hook_return(struct pt_regs *ctx)
{
	__u64 call = PT_REGS_SP(ctx) - sizeof(__u64);
	__s32 result = PT_REGS_RC(ctx);
	const struct nf_hook_state *state;
	struct hook_record record = {};
	struct hook_call *entry;

	entry = bpf_map_lookup_elem(&hook_calls, &call);
	if (!entry)
		return 0;
	if (result != 1 && recording) {
		state = (void *)entry->state;
		fill_identity(&record.event, SKBT_HOOK, (void *)entry->skb, entry->address);
		unset_offsets(&record.event);
		record.event.netns = BPF_CORE_READ(state, net, ns.inum);
		if (entry->first)
			record.event.flags |= SKBT_F_FIRST;
		record.tail.duration_ns = record.event.time_ns - entry->time_ns;
		record.event.time_ns = entry->time_ns;
		record.tail.result = result;
		record.tail.in_ifindex = ifindex_of(BPF_CORE_READ(state, in));
		record.tail.out_ifindex = ifindex_of(BPF_CORE_READ(state, out));
		record.tail.pf = BPF_CORE_READ(state, pf);
		record.tail.hook = BPF_CORE_READ_BITFIELD_PROBED(state, hook);
		emit(ctx, &record, offsetof(struct hook_record, padding), 0);
	}
	bpf_map_delete_elem(&hook_calls, &call);
	return 0;
}

#endif
