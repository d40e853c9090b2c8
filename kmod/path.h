/* SPDX-License-Identifier: GPL-2.0 */
/* The flow table: one entry per direction of a flow; see offload.c and path.c. */
#ifndef ZONEFW_PATH_H
#define ZONEFW_PATH_H
#include <linux/hash.h>
#include <linux/netfilter.h>
#include "zonefw.h"

#define ZONEFW_PATH_BITS	16
#define ZONEFW_PATHS_MAX	(1u << 17)	/* both directions of 65536 flows */

struct dst_entry;
struct nf_conn;

/* A packet as it comes in: what a path is found by. */
struct zonefw_pathkey {
	union nf_inet_addr src, dst;
	__be32 ports;		/* both, as they stand in the packet */
	int iif;
	u8 family, proto;
};

/**
 * struct zonefw_path - where packets of one direction of a flow go, and as what
 * @key: what they look like
 * @stamp: of the table, when the rules were asked
 * @live: the flow is of a cell with live rules: @epoch counts, too
 * @host: epochs of its hosts
 * @again: when a packet next goes the long way (jiffies)
 * @mtu: of the way out
 * @cookie: of @dst
 * @keep: bits of the mark that stay, @tag: the ingress zone's
 * @cell: counts, valid as long as @stamp is; likewise @rule, or NULL
 * @nat: addresses and ports become @nsrc, @ndst, @nports
 * @dir: of @ct
 */
struct zonefw_path {
	struct hlist_node node;
	struct zonefw_pathkey key;
	u32 stamp, epoch, again, mtu, cookie, keep, tag;
	bool live, nat;
	u8 dir;
	const struct zonefw_ident *cell, *rule;
	struct dst_entry *dst;
	struct nf_conn *ct;
	const atomic_t *host[ZONEFW_EPOCH_HOSTS];
	union nf_inet_addr nsrc, ndst;
	__be32 nports;
	struct list_head all;
	struct rcu_head rcu;
};

/**
 * struct zonefw_offload - the flow table of a namespace whose policy offloads
 * @stamp: moves with whatever may change a verdict or a way; older paths are refused
 * @lock: entries come and go; taken with bottom halves off
 * @all: every path, for the collector
 * @count: of them; 0: packets are not even looked at
 * @flows: flows with at least one path
 * @hooks: on every device of a zone
 */
struct zonefw_offload {
	struct zonefw_ns *zn;
	atomic_t stamp;
	u32 count;
	u64 seed;
	spinlock_t lock ____cacheline_aligned;
	u32 flows;
	struct list_head all;
	struct zonefw_devhooks hooks;
	struct delayed_work collect;
	struct hlist_head bucket[1 << ZONEFW_PATH_BITS];
};

static inline u64 zonefw_path_mix(u64 h, u64 v)
{
	h = (h ^ v) * GOLDEN_RATIO_64;
	return h ^ h >> 32;
}

/* The device is not part of it, so that a flow's path is found without. */
static inline u32 zonefw_path_hash(const struct zonefw_offload *t, const struct zonefw_pathkey *k)
{
	u64 h = t->seed;

	if (k->family == NFPROTO_IPV6) {
		h = zonefw_path_mix(h, (u64)(__force u32)k->src.ip6[0] << 32 | (__force u32)k->src.ip6[1]);
		h = zonefw_path_mix(h, (u64)(__force u32)k->src.ip6[2] << 32 | (__force u32)k->src.ip6[3]);
		h = zonefw_path_mix(h, (u64)(__force u32)k->dst.ip6[0] << 32 | (__force u32)k->dst.ip6[1]);
		h = zonefw_path_mix(h, (u64)(__force u32)k->dst.ip6[2] << 32 | (__force u32)k->dst.ip6[3]);
	} else {
		h = zonefw_path_mix(h, (u64)(__force u32)k->src.ip << 32 | (__force u32)k->dst.ip);
	}
	h = (h ^ ((u64)k->proto << 32 | (__force u32)k->ports)) * GOLDEN_RATIO_64;
	return h >> (64 - ZONEFW_PATH_BITS);
}

static inline bool zonefw_path_is(const struct zonefw_pathkey *a, const struct zonefw_pathkey *b)
{
	if (a->ports != b->ports || a->proto != b->proto || a->family != b->family)
		return false;
	if (a->family == NFPROTO_IPV4)
		return a->src.ip == b->src.ip && a->dst.ip == b->dst.ip;
	return ipv6_addr_equal(&a->src.in6, &b->src.in6) && ipv6_addr_equal(&a->dst.in6, &b->dst.in6);
}

/* path.c */
unsigned int zonefw_path_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);

#endif
