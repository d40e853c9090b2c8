// SPDX-License-Identifier: GPL-2.0
/*
 * The open connections of a rule, counted by the kernel's own nf_conncount:
 * lists of tuples in seeded trees, kept in step with the conntrack table, which
 * bounds them. It is a module that only rules with 'conns' need, so its
 * functions are looked up when the first such rule comes. The count belongs to
 * the rule's identity and goes from policy to policy.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_count.h>
#include "conns.h"

#define KEY_WORDS	5	/* family, address */

struct zonefw_conns {
	struct net *net;
	struct nf_conncount_data *data;
	typeof(&nf_conncount_count_skb) count;
	typeof(&nf_conncount_destroy) destroy;
};

/**
 * zonefw_conns_ready() - load what counts connections
 *
 * Return: false when the kernel does not have it. Context: may sleep, no lock held.
 */
bool zonefw_conns_ready(void)
{
	if (!symbol_get(nf_conncount_count_skb) &&
	    (request_module("nf_conncount") || !symbol_get(nf_conncount_count_skb)))
		return false;
	symbol_put(nf_conncount_count_skb);
	return true;
}

static void put_symbols(struct zonefw_conns *c)
{
	if (c->count)
		symbol_put(nf_conncount_count_skb);
	if (c->destroy)
		symbol_put(nf_conncount_destroy);
	kfree(c);
}

/**
 * zonefw_conns_alloc() - a count, of nothing yet
 * @net: namespace
 *
 * Return: it, or NULL. Context: may sleep.
 */
struct zonefw_conns *zonefw_conns_alloc(struct net *net)
{
	struct zonefw_conns *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	typeof(&nf_conncount_init) init;

	if (!c)
		return NULL;
	c->net = net;
	c->count = symbol_get(nf_conncount_count_skb);
	c->destroy = symbol_get(nf_conncount_destroy);
	init = symbol_get(nf_conncount_init);
	if (init && c->count && c->destroy)
		c->data = zonefw_conncount_init(init, net, KEY_WORDS * sizeof(u32));
	if (init)
		symbol_put(nf_conncount_init);
	if (!IS_ERR_OR_NULL(c->data))
		return c;
	put_symbols(c);
	return NULL;
}

void zonefw_conns_free(struct zonefw_conns *c)
{
	if (!c)
		return;
	zonefw_conncount_destroy(c->destroy, c->net, c->data);
	put_symbols(c);
}

/**
 * zonefw_conns_within() - are at most so many open, this packet's included?
 * @c: count
 * @l: rule's predicates
 * @k: packet that opens a connection
 *
 * Return: true if so; false also when the count failed.
 */
bool zonefw_conns_within(struct zonefw_conns *c, const struct zonefw_live *l,
			 const struct zonefw_key *k)
{
	u8 l3 = k->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	u32 key[KEY_WORDS] = { }, n;

	if (l->conns_by) {
		key[0] = k->family;
		memcpy(&key[1], l->conns_by == ZONEFW_BY_SRC ? k->src : k->dst,
		       k->family == 4 ? 4 : 16);
	}
	n = c->count(c->net, k->skb, l3, c->data, key);
	return n && n <= l->conns;
}
