// SPDX-License-Identifier: GPL-2.0
/*
 * The short ways: what most packets need, in as few instructions and cache lines
 * as can be. Before conntrack, the tag and martian sources of a device that is in
 * one zone whatever the address. In FORWARD, packets of a flow that the policy let
 * in between the zones of two such devices: one line of devices, one of the
 * verdict cache, and the counters; nothing shared is written. A packet that does not fit
 * goes the long way (hook.c) from its beginning, so that nothing is decided
 * here that is not decided there in the same way.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "fast.h"
#include "hook.h"
#include "offload.h"
#include "trace.h"
#include "vcache.h"

static const struct zonefw_quick *quick_of(const struct zonefw_devs *d, const struct net_device *dev)
{
	const struct zonefw_quick *q = &d->quick[dev->ifindex & d->quick_mask];

	return q->ifindex == dev->ifindex ? q : NULL;
}

/* No IPv4 options; no IPv6 extension headers: what follows is what conntrack found. */
static bool is_plain(const struct sk_buff *skb, const struct nf_conn *ct, bool v6)
{
	return v6 ? ipv6_hdr(skb)->nexthdr == nf_ct_protonum(ct) : ip_hdr(skb)->ihl == 5;
}

/* A SYN either way, or what cannot be told from one: its MSS may have to be clamped. */
static bool may_be_syn(const struct sk_buff *skb, const struct nf_conn *ct, bool v6)
{
	int off = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const struct tcphdr *th = (const void *)(skb_network_header(skb) + off);

	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return false;
	return skb_headlen(skb) < skb_network_offset(skb) + off + sizeof(*th) || th->syn;
}

/* The cell that the flow was opened through may want its packets in the flow table. */
static noinline void offload(const struct zonefw_ns *zn, const struct zonefw_devs *d,
			     const struct zonefw_quick *in, const struct zonefw_quick *out,
			     const struct sk_buff *skb, const struct nf_hook_state *st)
{
	enum ip_conntrack_info info;
	bool reply = nf_ct_get(skb, &info) && info == IP_CT_ESTABLISHED_REPLY;
	u16 from = reply ? out->zone : in->zone, to = reply ? in->zone : out->zone;

	if (d->cells[from * d->nz + to].options & ZONEFW_CELL_OFFLOAD)
		zonefw_offload_seen(zn, skb, st);
}

/* A packet of a flow that is known by the first way of the cache, in a cell whose verdicts
 * stand as long as the policy does (the slot of others is past all rules)? Counts it.
 */
static __always_inline bool known(const struct zonefw_ns *zn, const struct sk_buff *skb,
				  const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	const struct zonefw_quick *in, *out;
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);
	u64 expect;
	u32 slot;

	if (!d || !ct || (info != IP_CT_ESTABLISHED && info != IP_CT_ESTABLISHED_REPLY) ||
	    !is_plain(skb, ct, v6) || zonefw_tracing())
		return false;
	in = quick_of(d, st->in);
	out = quick_of(d, st->out);
	if (!in || !out)
		return false;
	expect = info == IP_CT_ESTABLISHED ? zonefw_vc_expect(d->gen, in->zone, out->zone) :
					     zonefw_vc_expect(d->gen, out->zone, in->zone);
	if (!zonefw_vcache_known(zn->vcache, ct, v6, expect, &slot) || slot > d->nrules ||
	    (d->clamp && may_be_syn(skb, ct, v6)))
		return false;
	zonefw_stat_known(zn);
	zonefw_count(d->cells[in->zone * d->nz + out->zone].ident, skb->len);
	if (slot)
		zonefw_count(d->rules[slot - 1]->ident, skb->len);
	if (d->offload)
		offload(zn, d, in, out, skb, st);
	return true;
}

unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, false) ? NF_ACCEPT : zonefw_filter(priv, skb, st);
}

unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, true) ? NF_ACCEPT : zonefw_filter(priv, skb, st);
}

/* Sources that are surely no martians, and headers without options. */
static bool surely_fine4(const struct iphdr *ih)
{
	u8 first = ntohl(ih->saddr) >> 24;

	return ih->ihl == 5 && first - 1u < 223 && first != 127;
}

/* 0::/8 holds loopback and the IPv4-mapped ones. */
static bool surely_fine6(const struct ipv6hdr *ih)
{
	u8 first = ih->saddr.s6_addr[0];

	return (ih->nexthdr == NEXTHDR_TCP || ih->nexthdr == NEXTHDR_UDP) && first - 1u < 0xfe;
}

/* Only the tag is left to do. */
static __always_inline bool tagged(const struct zonefw_ns *zn, struct sk_buff *skb,
				   const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	const struct zonefw_quick *q = d ? quick_of(d, st->in) : NULL;

	if (!q || q->checked || skb->pkt_type == PACKET_LOOPBACK ||
	    !(v6 ? surely_fine6(ipv6_hdr(skb)) : surely_fine4(ip_hdr(skb))))
		return false;
	skb->mark = (skb->mark & d->keep) | q->tag;
	return true;
}

unsigned int zonefw_ingress4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return tagged(priv, skb, st, false) ? NF_ACCEPT : zonefw_ingress(priv, skb, st);
}

unsigned int zonefw_ingress6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return tagged(priv, skb, st, true) ? NF_ACCEPT : zonefw_ingress(priv, skb, st);
}

/* A device of the short ways has one zone whatever the address, and is no VRF. */
static void place(struct zonefw_devs *t, const struct net_device *dev, const struct zonefw_policy *p)
{
	const struct zonefw_dev *d = zonefw_dev_slot(t, dev->ifindex);
	struct zonefw_quick *q = &t->quick[dev->ifindex & t->quick_mask];

	if (q->ifindex || d->nets || d->plain == ZONEFW_ZONE_NONE ||
	    (dev->flags & IFF_LOOPBACK) || netif_is_l3_master(dev))
		return;
	q->ifindex = dev->ifindex;
	q->zone = d->plain;
	q->tag = ((u32)d->plain << p->opt.tag_shift) & p->opt.tag_mask;
	q->checked = p->zones[d->plain].flags & ZONEFW_ZONE_ANTISPOOF;
}

/**
 * zonefw_fast_fill() - what the short ways need to know of a policy and its devices
 * @t: table with every device placed, and room for @t->quick
 * @net: namespace, rtnl held
 * @p: policy
 */
void zonefw_fast_fill(struct zonefw_devs *t, struct net *net, const struct zonefw_policy *p)
{
	struct net_device *dev;

	t->keep = ~p->opt.tag_mask;
	t->nz = p->nz;
	t->nrules = p->nrules;
	t->clamp = p->clamp;
	t->offload = p->offload;
	t->cells = p->cells;
	t->rules = p->rules;
	for_each_netdev(net, dev)
		place(t, dev, p);
}

/**
 * zonefw_fast_update() - let the short ways and the flow table see the policy, its devices and panic
 * @zn: namespace, its lock held
 */
void zonefw_fast_update(struct zonefw_ns *zn)
{
	struct zonefw_policy *p = rcu_dereference_protected(zn->policy,
							    lockdep_is_held(&zn->lock));
	struct zonefw_devs *t = p ? rcu_dereference_protected(p->devs,
							      lockdep_is_held(&zn->lock)) : NULL;

	if (t)
		WRITE_ONCE(t->gen, p->gen);
	rcu_assign_pointer(zn->fast, zn->panic ? NULL : t);
	zonefw_offload_stale(zn);
}
