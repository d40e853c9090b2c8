// SPDX-License-Identifier: GPL-2.0
/*
 * The short ways: what most packets need, in as few instructions and cache lines
 * as can be. Before conntrack, the tag and martian sources of a device that is in
 * one zone whatever the address. In FORWARD, packets of a flow that the policy let
 * in, between the two devices by which the long way has seen it: one line of the
 * verdict cache, and the counters; nothing shared is written. A packet that does
 * not fit goes the long way (hook.c) from its beginning, so that nothing is decided
 * here that is not decided there in the same way.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/netfilter/nf_conntrack.h>
#include "early.h"
#include "epoch.h"
#include "fast.h"
#include "first.h"
#include "hook.h"
#include "offload.h"
#include "vcache.h"

/* What zonefw_ns.fast points to where there is no short way: no device, and a salt no entry has. */
static struct zonefw_devs nobody;

/* No IPv4 options; no IPv6 extension headers: what follows is what conntrack found. */
static bool is_plain(const struct sk_buff *skb, const struct nf_conn *ct, bool v6)
{
	return v6 ? ipv6_hdr(skb)->nexthdr == nf_ct_protonum(ct) : !IPCB(skb)->opt.optlen;
}

static bool fits(const struct zonefw_ventry *e, u64 want, u64 *stamp)
{
	*stamp = READ_ONCE(e->stamp);
	return READ_ONCE(e->quick) == (want ^ *stamp);
}

static __always_inline void count(const struct zonefw_ns *zn, const struct zonefw_devs *d,
				  struct zonefw_count __percpu *const *cells, u64 stamp, u32 len)
{
	struct zonefw_count __percpu *c = cells[(u16)stamp];
	u64 slot = zonefw_vc_slot(stamp);

	zonefw_stat_known(zn);
	this_cpu_inc(c->packets);
	this_cpu_add(c->bytes, len);
	if (!slot)
		return;
	c = d->rules[slot - 1]->ident->count;
	this_cpu_inc(c->packets);
	this_cpu_add(c->bytes, len);
}

/* What a packet shows; all of it is gone when the compiler is done. */
struct look {
	const struct zonefw_ns *zn;
	const struct zonefw_devs *d;
	const struct nf_conn *ct;
	u64 shown;
	bool v6, all;
};

/* All ways of the set, and the epoch where some verdict may change under one policy. */
static bool anywhere(const struct look *l, u64 key, u64 *stamp)
{
	u64 want = key ^ l->shown ^ zonefw_mark(l->d, l->d->live ? zonefw_epoch(l->zn, l->ct) : 0);
	u32 first = zonefw_vc_first(key), i;

	for (i = 0; i < ZONEFW_VC_WAYS; i++)
		if (fits(&l->zn->vcache->way[zonefw_vc_next(first, i)], want, stamp))
			return true;
	return false;
}

/* A cell with the option may want the packet's flow in the flow table. */
static noinline void offload(const struct zonefw_ns *zn, const struct zonefw_cell *cell,
			     const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (cell->options & ZONEFW_CELL_OFFLOAD)
		zonefw_offload_seen(zn, skb, st);
}

/* A flow of this generation and device table, between these devices? Counts the packet. */
static __always_inline bool lookup(struct look l, const struct sk_buff *skb,
				   const struct nf_hook_state *st,
				   struct zonefw_count __percpu *const *cells)
{
	u64 key, stamp;

	if (!is_plain(skb, l.ct, l.v6))
		return false;
	key = zonefw_vc_key(l.zn->vcache, l.ct, l.v6);
	if (l.all ? !anywhere(&l, key, &stamp) :
		    !fits(&l.zn->vcache->way[zonefw_vc_first(key)], key ^ l.shown, &stamp))
		return false;
	count(l.zn, l.d, cells, stamp, skb->len);
	if (l.all && l.d->offload)
		offload(l.zn, &l.d->offload[(u16)stamp], skb, st);
	return true;
}

/* A packet of a known flow whose verdict stands as long as policy, devices and, with @all,
 * epoch do? Counts it. Each direction has its own copy of the code.
 */
static __always_inline bool known(const struct zonefw_ns *zn, const struct sk_buff *skb,
				  const struct nf_hook_state *st, bool v6, bool all)
{
	unsigned long nfct = skb_get_nfct((struct sk_buff *)skb);
	struct look l = { .zn = zn, .d = rcu_dereference(zn->fast), .v6 = v6, .all = all };

	BUILD_BUG_ON(IP_CT_ESTABLISHED);
	if (!IS_ENABLED(CONFIG_64BIT))	/* words may be torn */
		return false;
	if (!(nfct & NFCT_INFOMASK)) {
		l.ct = (const struct nf_conn *)nfct;
		l.shown = zonefw_way(l.d, st->in, st->out);
		return l.ct && lookup(l, skb, st, l.d->cells);
	}
	if ((nfct & NFCT_INFOMASK) != IP_CT_ESTABLISHED_REPLY)
		return false;
	l.ct = (const struct nf_conn *)(nfct & NFCT_PTRMASK);
	l.shown = zonefw_way(l.d, st->out, st->in);
	return lookup(l, skb, st, l.d->mirror);
}

/* Has the MSS been seen to? Only a handshake's packets carry one that counts. */
static bool may_clamp(const struct zonefw_cell *cell, const struct nf_conn *ct)
{
	return cell->options & ZONEFW_CELL_CLAMP_MSS && nf_ct_protonum(ct) == IPPROTO_TCP &&
	       READ_ONCE(ct->proto.tcp.state) < TCP_CONNTRACK_ESTABLISHED;
}

/**
 * zonefw_fast_way() - what a packet must show to be let in by the short way
 * @k: a packet of the flow, judged between its zones
 * @ct: the flow
 * @cell: the flow's cell
 * @reply: the packet is of the reply direction
 * @epoch: of the flow's addresses, read before the rules were asked, where the policy is live
 *
 * The devices of the original direction, by a table that was in force before the
 * packet's zones were looked up: neither another policy nor a device that has got
 * another zone fits. Only for FORWARD, and not where more than the cache has a say.
 *
 * Return: the way; one that no packet shows where there is no short way.
 */
u64 zonefw_fast_way(const struct zonefw_pkt *k, const struct nf_conn *ct,
		    const struct zonefw_cell *cell, bool reply, u32 epoch)
{
	const struct zonefw_devs *d = k->devs;

	if (!d || k->st->hook != NF_INET_FORWARD || may_clamp(cell, ct) ||
	    netif_is_l3_master(k->st->in))
		return d ? d->salt : 0;
	return (reply ? zonefw_way(d, k->st->out, k->st->in) : zonefw_way(d, k->st->in, k->st->out)) ^
	       zonefw_mark(d, epoch);
}

/* The first packet of a flow is in no cache. */
static bool opens(const struct sk_buff *skb)
{
	return (skb_get_nfct((struct sk_buff *)skb) & NFCT_INFOMASK) == IP_CT_NEW;
}

/* What the first look does not find: flows that share a set, and policies with live rules. */
static noinline unsigned int again4(struct zonefw_ns *zn, struct sk_buff *skb,
				    const struct nf_hook_state *st)
{
	return known(zn, skb, st, false, true) ? NF_ACCEPT : zonefw_filter(zn, skb, st);
}

static noinline unsigned int again6(struct zonefw_ns *zn, struct sk_buff *skb,
				    const struct nf_hook_state *st)
{
	return known(zn, skb, st, true, true) ? NF_ACCEPT : zonefw_filter(zn, skb, st);
}

notrace unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (known(priv, skb, st, false, false))
		return NF_ACCEPT;
	return opens(skb) ? zonefw_first4(priv, skb, st) : again4(priv, skb, st);
}

notrace unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (known(priv, skb, st, true, false))
		return NF_ACCEPT;
	return opens(skb) ? zonefw_first6(priv, skb, st) : again6(priv, skb, st);
}

/* First bytes of IPv4 sources that are no martians; 0.0.0.0 is one that zonefw_martian() tells. */
static const u8 fine4[256] = { [1 ... 126] = 1, [128 ... 223] = 1 };

/* Sources that are surely no martians, and headers without options. */
static bool surely_fine4(const struct iphdr *ih)
{
	return *(const u8 *)ih == 0x45 && fine4[*(const u8 *)&ih->saddr];
}

/* Only the tag is left to do, for devices that stand at @at of @list. */
static __always_inline bool tagged(const struct zonefw_devs *d, const u32 *list, struct sk_buff *skb,
				   const struct nf_hook_state *st, bool v6)
{
	u32 ifindex = st->in->ifindex, at = ifindex % ZONEFW_QUICK;

	BUILD_BUG_ON(!(PACKET_LOOPBACK & 4) || (PACKET_HOST | PACKET_BROADCAST | PACKET_MULTICAST |
						PACKET_OTHERHOST) & 4);
	if (list[at] != ifindex || skb->pkt_type & 4 ||
	    !(v6 ? zonefw_fine6(ipv6_hdr(skb)) : surely_fine4(ip_hdr(skb))))
		return false;
	skb->mark = (skb->mark & d->keep) | d->tag[at];
	return true;
}

/* The same, and then what the row of the zone denies first. */
static noinline unsigned int guarded(struct zonefw_ns *zn, struct sk_buff *skb,
				     const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	const struct zonefw_rule *r;
	struct zonefw_pkt k ZONEFW_UNSET;
	u16 zone;

	if (!tagged(d, d->guard, skb, st, v6))
		return zonefw_ingress(zn, skb, st);
	zone = d->zone[st->in->ifindex % ZONEFW_QUICK];
	r = zonefw_early_match(d->p, &d->early[zone], skb, st);
	if (!r)
		return NF_ACCEPT;
	k.zn = zn;
	k.p = d->p;
	k.devs = d;
	k.skb = skb;
	k.st = st;
	k.from = zone;
	k.to = ZONEFW_ZONE_NONE;
	return zonefw_early_drop(&k, r);
}

notrace unsigned int zonefw_ingress4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct zonefw_devs *d = rcu_dereference(((struct zonefw_ns *)priv)->fast);

	return tagged(d, d->quick, skb, st, false) ? NF_ACCEPT : guarded(priv, skb, st, false);
}

notrace unsigned int zonefw_ingress6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct zonefw_devs *d = rcu_dereference(((struct zonefw_ns *)priv)->fast);

	return tagged(d, d->quick, skb, st, true) ? NF_ACCEPT : guarded(priv, skb, st, true);
}

/* A device whose packets are in one zone whatever the address, and need no check but of martians. */
static void place(struct zonefw_devs *t, const struct net_device *dev, const struct zonefw_policy *p)
{
	const struct zonefw_dev *d = zonefw_dev_slot(t, dev->ifindex);
	u32 at = dev->ifindex % ZONEFW_QUICK;

	if (t->quick[at] || t->guard[at] || d->nets || d->plain == ZONEFW_ZONE_NONE ||
	    (p->zones[d->plain].flags & ZONEFW_ZONE_ANTISPOOF) ||
	    (dev->flags & IFF_LOOPBACK) || netif_is_l3_master(dev))
		return;
	t->zone[at] = d->plain;
	t->placed[at] = dev->ifindex;
	if (p->early && p->early[d->plain].n)
		t->guard[at] = dev->ifindex;
	else
		t->quick[at] = dev->ifindex;
	t->tag[at] = ((u32)d->plain << p->opt.tag_shift) & p->opt.tag_mask;
}

/**
 * zonefw_fast_fill() - what the short ways need to know of a policy and its devices
 * @t: table with every device placed, and room for @p->nz * @p->nz in @t->cells, @t->mirror and @t->first
 * @net: namespace, rtnl held
 * @p: policy
 */
void zonefw_fast_fill(struct zonefw_devs *t, struct net *net, const struct zonefw_policy *p)
{
	struct net_device *dev;
	u32 i, j;

	t->p = p;
	t->salt = get_random_u64() | 1;
	t->factor = get_random_u64() | 1;
	t->keep = ~p->opt.tag_mask;
	t->rules = p->rules;
	t->offload = p->offload ? p->cells : NULL;
	t->early = p->early;
	for (i = 0; i < p->nz; i++)
		for (j = 0; j < p->nz; j++) {
			t->live |= zonefw_cell(p, i, j)->live;
			t->cells[i * p->nz + j] = zonefw_cell(p, i, j)->ident->count;
			t->mirror[i * p->nz + j] = zonefw_cell(p, j, i)->ident->count;
			t->first[i * p->nz + j] = zonefw_first_cell(p, zonefw_cell(p, i, j));
		}
	for_each_netdev(net, dev)
		place(t, dev, p);
}

/**
 * zonefw_fast_update() - let the short ways and the flow table see the policy, its devices, panic and tracers
 * @zn: namespace, its lock held
 */
void zonefw_fast_update(struct zonefw_ns *zn)
{
	struct zonefw_policy *p = rcu_dereference_protected(zn->policy,
							    lockdep_is_held(&zn->lock));
	struct zonefw_devs *t = p ? rcu_dereference_protected(p->devs,
							      lockdep_is_held(&zn->lock)) : NULL;

	rcu_assign_pointer(zn->fast, t && !zn->panic && list_empty(&zn->tracers) ? t : &nobody);
	zonefw_offload_stale(zn);
}
