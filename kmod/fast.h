/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_FAST_H
#define ZONEFW_FAST_H
#include "action.h"

struct nf_conn;

/* The two devices of a flow's original direction, in the words of one device table, as of
 * the last change of what live rules look at.
 */
static inline u64 zonefw_way(const struct zonefw_devs *d, const struct net_device *in,
			     const struct net_device *out, u64 changes)
{
	return ((u64)in->ifindex << 32 | (u32)out->ifindex) + d->salt + changes;
}

unsigned int zonefw_ingress4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_ingress6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
u64 zonefw_fast_way(const struct zonefw_pkt *k, const struct nf_conn *ct,
		    const struct zonefw_cell *cell, bool reply);
void zonefw_fast_fill(struct zonefw_devs *t, struct net *net, const struct zonefw_policy *p);
void zonefw_fast_update(struct zonefw_ns *zn);
#endif
