/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ZONEFW_FAST_H
#define ZONEFW_FAST_H
#include "action.h"

struct nf_conn;

/* The two devices of a flow's original direction, in the words of one device table. */
static inline u64 zonefw_way(const struct zonefw_devs *d, const struct net_device *in,
			     const struct net_device *out)
{
	return ((u64)in->ifindex << 32 | (u32)out->ifindex) + d->salt;
}

/* Mixed into a way where the first look is not enough: some verdict may change under one
 * policy, or a cell offloads. Epochs are counters and devices are small numbers: the secret
 * factor spreads them, so that another epoch by another device does not look the same.
 */
static inline u64 zonefw_mark(const struct zonefw_devs *d, u32 epoch)
{
	return d->live || d->offload ? ((d->live ? epoch : 0) + 1ull) * d->factor : 0;
}

unsigned int zonefw_ingress4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_ingress6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st);
u64 zonefw_fast_way(const struct zonefw_pkt *k, const struct nf_conn *ct,
		    const struct zonefw_cell *cell, bool reply, u32 epoch);
void zonefw_fast_fill(struct zonefw_devs *t, struct net *net, const struct zonefw_policy *p);
void zonefw_fast_update(struct zonefw_ns *zn);
#endif
