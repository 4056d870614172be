/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which packets are wanted. The reader has the same rules for replaying (packages/analyzer/src/filter): a change here
 * is a change there.
 */
#ifndef SKBT_PACKET_FILTER_BPF_H
#define SKBT_PACKET_FILTER_BPF_H

#include "config.bpf.h"
#include "skb.bpf.h"

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH 51
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IPPROTO_SCTP 132

/* IPv6 extension headers that are walked over; a packet with more has no ports for us. */
#define EXTENSIONS_MAX 6

struct network {
	unsigned char *at; /* NULL: none found */
	__u16 type;	   /* ethertype, host order */
};

struct transport {
	unsigned char *at; /* NULL: none, or not in this fragment */
	__u8 protocol;
};

static __always_inline bool is_network(unsigned char *at, __u16 type)
{
	__u8 first = 0;

	if (bpf_probe_read_kernel(&first, sizeof(first), at))
		return false;
	if (type == ETH_P_IP)
		return first >> 4 == 4 && (first & 0xf) >= 5;
	if (type == ETH_P_IPV6)
		return first >> 4 == 6;
	return true;
}

static __always_inline bool is_vlan(__u16 type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD;
}

static __always_inline bool is_set(__u16 header)
{
	return header && header != SKBT_OFFSET_UNSET;
}

static __always_inline bool announces_tag(const unsigned char *mac, const struct skbt_event *event)
{
	__u16 type = 0;

	return !bpf_probe_read_kernel(&type, sizeof(type), mac + ETH_HLEN - 2) && bpf_ntohs(type) == event->protocol;
}

/*
 * Where the first VLAN tag stands: behind a mac header that announces it (a tag that is pushed in software leaves the
 * network header at the IP header: net/core/dev.c, validate_xmit_vlan), else at the network header, where reception
 * puts it.
 */
static __always_inline unsigned char *tag_place(const struct skbt_event *event, const struct skb_view *view)
{
	unsigned char *mac = view->head + event->mac_header;

	if (event->mac_header != SKBT_OFFSET_UNSET && announces_tag(mac, event))
		return mac + ETH_HLEN;
	if (announces_tag(view->data, event))
		return view->data + ETH_HLEN;
	return is_set(event->network_header) ? view->head + event->network_header : view->data;
}

/*
 * skb->network_header is not set yet where a driver hands a packet up, and stale where a header was pushed or pulled
 * without resetting it: so it is believed only if the right version stands there.
 */
static __always_inline void find_network(const struct skbt_event *event, const struct skb_view *view,
					 struct network *network)
{
	__u16 type = event->protocol;
	__u16 tag[2];
	__u8 first = 0;
	unsigned char *at;

	network->at = NULL;
	network->type = type;
	if (is_vlan(type)) {
		at = tag_place(event, view);
		for (int i = 0; i < 2; i++) {
			if (!is_vlan(type))
				break;
			if (bpf_probe_read_kernel(tag, sizeof(tag), at))
				return;
			type = bpf_ntohs(tag[1]);
			at += sizeof(tag);
		}
		network->type = type;
		if (is_network(at, type))
			network->at = at;
		return;
	}
	if (type == 0) { /* not set yet: only a network header tells */
		__u16 total = 0;

		if (!is_set(event->network_header))
			return;
		at = view->head + event->network_header;
		if (bpf_probe_read_kernel(&first, sizeof(first), at))
			return;
		if (first >> 4 == 4 && (first & 0xf) >= 5) {
			bpf_probe_read_kernel(&total, sizeof(total), at + 2);
			if (bpf_ntohs(total) < 20)
				return;
			network->type = ETH_P_IP;
		} else if (first >> 4 == 6) {
			network->type = ETH_P_IPV6;
		} else {
			return;
		}
		network->at = at;
		return;
	}
	at = view->head + event->network_header;
	if (is_set(event->network_header) && is_network(at, type)) {
		network->at = at;
		return;
	}
	if (is_network(view->data, type)) {
		network->at = view->data;
		return;
	}
	at = view->head + event->mac_header + ETH_HLEN;
	if (event->mac_header != SKBT_OFFSET_UNSET && is_network(at, type))
		network->at = at;
}

static __always_inline bool same_address(const __u8 *address, int size)
{
	for (int i = 0; i < size; i++)
		if (address[i] != config.address[i])
			return false;
	return true;
}

static __always_inline bool either_address(unsigned char *source, unsigned char *destination, int size)
{
	__u8 address[16];

	if (bpf_probe_read_kernel(address, size, source))
		return false;
	if (same_address(address, size))
		return true;
	if (bpf_probe_read_kernel(address, size, destination))
		return false;
	return same_address(address, size);
}

static __always_inline bool address_matches(const struct network *network)
{
	unsigned char *at = network->at;

	if (config.family == 4 && network->type == ETH_P_IP)
		return either_address(at + 12, at + 16, 4);
	if (config.family == 4 && network->type == ETH_P_ARP)
		return either_address(at + 14, at + 24, 4);
	if (config.family == 6 && network->type == ETH_P_IPV6)
		return either_address(at + 8, at + 24, 16);
	return false;
}

static __always_inline void find_transport(const struct network *network, struct transport *transport)
{
	unsigned char *at = network->at;
	__u8 bytes[4] = {};

	transport->at = NULL;
	transport->protocol = 0;
	if (network->type == ETH_P_IP) {
		__u16 fragment = 0;
		__u8 first = 0;

		bpf_probe_read_kernel(&first, sizeof(first), at);
		bpf_probe_read_kernel(&fragment, sizeof(fragment), at + 6);
		bpf_probe_read_kernel(&transport->protocol, 1, at + 9);
		if (!(bpf_ntohs(fragment) & 0x1fff))
			transport->at = at + (first & 0xf) * 4;
		return;
	}
	if (network->type != ETH_P_IPV6)
		return;
	bpf_probe_read_kernel(&transport->protocol, 1, at + 6);
	at += 40;
	/* Unrolled: until 6.4 the verifier refuses the shape that the compiler gives this loop. */
#pragma clang loop unroll(full)
	for (int i = 0; i <= EXTENSIONS_MAX; i++) {
		switch (transport->protocol) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_AH:
		case IPPROTO_FRAGMENT:
			break;
		default:
			transport->at = at;
			return;
		}
		if (i == EXTENSIONS_MAX || bpf_probe_read_kernel(bytes, sizeof(bytes), at))
			return;
		if (transport->protocol == IPPROTO_FRAGMENT) {
			transport->protocol = bytes[0];
			if ((bytes[2] << 8 | bytes[3]) & 0xfff8)
				return; /* not the first: the rest of the headers are in another packet */
			at += 8;
		} else {
			at += transport->protocol == IPPROTO_AH ? (bytes[1] + 2) * 4 : (bytes[1] + 1) * 8;
			transport->protocol = bytes[0];
		}
	}
}

static __always_inline bool protocol_matches(__u8 protocol)
{
	if (config.protocol == IPPROTO_ICMP)
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
	return protocol == config.protocol;
}

static __always_inline bool port_matches(const struct transport *transport)
{
	__u16 ports[2];

	if (!transport->at)
		return false;
	if (transport->protocol != IPPROTO_TCP && transport->protocol != IPPROTO_UDP &&
	    transport->protocol != IPPROTO_SCTP)
		return false;
	if (bpf_probe_read_kernel(ports, sizeof(ports), transport->at))
		return false;
	return bpf_ntohs(ports[0]) == config.port || bpf_ntohs(ports[1]) == config.port;
}

static __always_inline bool icmp_id_matches(const struct transport *transport)
{
	__u16 id;
	__u8 type;

	if (!transport->at)
		return false;
	if (bpf_probe_read_kernel(&type, sizeof(type), transport->at))
		return false;
	if (!(transport->protocol == IPPROTO_ICMP && (type == 8 || type == 0)) &&
	    !(transport->protocol == IPPROTO_ICMPV6 && (type == 128 || type == 129)))
		return false;
	if (bpf_probe_read_kernel(&id, sizeof(id), transport->at + 4))
		return false;
	return bpf_ntohs(id) == config.icmp_id;
}

static __always_inline bool packet_matches(const struct skbt_event *event, const struct skb_view *view)
{
	struct transport transport;
	struct network network;

	find_network(event, view, &network);
	if (!network.at)
		return false;
	if (config.family && !address_matches(&network))
		return false;
	if (!config.protocol && !config.port && config.icmp_id < 0)
		return true;
	find_transport(&network, &transport);
	if (config.protocol && !protocol_matches(transport.protocol))
		return false;
	if (config.port && !port_matches(&transport))
		return false;
	return config.icmp_id < 0 || icmp_id_matches(&transport);
}

#endif
