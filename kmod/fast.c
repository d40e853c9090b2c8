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

static __always_inline void count(struct zonefw_count __percpu *c, u32 len)
{
	this_cpu_inc(c->packets);
	this_cpu_add(c->bytes, len);
}

static bool is_original(const struct sk_buff *skb)
{
	return !(skb_get_nfct((struct sk_buff *)skb) & NFCT_INFOMASK);
}

/* No rule to count on, or a cell that may want the packet's flow in the flow table. */
static noinline unsigned int pass_rare(const struct zonefw_devs *d, const struct sk_buff *skb,
				       const struct nf_hook_state *st, struct zonefw_ventry *e,
				       u64 stamp)
{
	u32 slot = zonefw_vc_slot(stamp);

	if (slot)	/* of the table that the entry fits, which may be out of force by now */
		count(d->rules[slot - 1]->ident->count, skb->len);
	if (zonefw_vc_offloads(stamp) && zonefw_vc_worth(e, !is_original(skb)))
		zonefw_offload_learn(zonefw_ns(st->net), skb, st);
	return NF_ACCEPT;
}

/* What a packet shows; all of it is gone when the compiler is done. */
struct look {
	struct zonefw_ns *zn;
	const struct zonefw_devs *d;
	const struct nf_conn *ct;
	const struct net_device *from, *to;	/* of the original direction */
	bool v6, all;
	nf_hookfn *next;	/* for a packet that is not of a known flow */
};

/* Of all ways of the set, or NULL. */
static struct zonefw_ventry *anywhere(struct zonefw_vcache *c, u32 first, u64 want, u64 *stamp)
{
	u32 i;

	for (i = 0; i < ZONEFW_VC_WAYS; i++)
		if (fits(&c->way[zonefw_vc_next(first, i)], want, stamp))
			return &c->way[zonefw_vc_next(first, i)];
	return NULL;
}

/* A flow of this generation and device table, between these devices? Counts the packet. */
static __always_inline unsigned int lookup(struct look l, struct sk_buff *skb,
					   const struct nf_hook_state *st,
					   struct zonefw_count __percpu *const *cells)
{
	struct zonefw_vcache *c = l.zn->vcache;
	struct zonefw_ventry *e;
	u64 want, stamp = 0;
	u32 first, len;

	if (!is_plain(skb, l.ct, l.v6))
		return l.next(l.zn, skb, st);
	want = zonefw_vc_key(c, l.ct, l.v6);
	first = zonefw_vc_first(want);
	want ^= zonefw_way(l.d, l.from, l.to, atomic64_read(&l.zn->changes));
	OPTIMIZER_HIDE_VAR(want);	/* first this, then the entry: registers do */
	e = l.all ? anywhere(c, first, want, &stamp) : &c->way[first];
	if (l.all ? !e : !fits(e, want, &stamp))
		return l.next(l.zn, skb, st);
	len = skb->len;
	zonefw_stat_known(l.zn);
	count(cells[(u16)stamp], len);
	if (unlikely(!zonefw_vc_usual(stamp)))
		return pass_rare(l.d, skb, st, e, stamp);
	count(l.d->rules[(stamp >> ZONEFW_VC_SLOT) - 1]->ident->count, len);
	return NF_ACCEPT;
}

/* A packet of a known flow whose verdict stands as long as policy, devices and what live rules
 * look at do passes, and is counted; any other goes to @next. Each direction has its own copy of
 * the code, and all calls stand at the end, so that nothing is saved for after them.
 */
static __always_inline unsigned int known(struct zonefw_ns *zn, struct sk_buff *skb,
					  const struct nf_hook_state *st, bool v6, bool all,
					  nf_hookfn *next)
{
	unsigned long nfct = skb_get_nfct(skb);
	struct look l = { .zn = zn, .d = rcu_dereference(zn->fast), .v6 = v6, .all = all, .next = next };

	BUILD_BUG_ON(IP_CT_ESTABLISHED);
	if (!IS_ENABLED(CONFIG_64BIT))	/* words may be torn */
		return next(zn, skb, st);
	if (!(nfct & NFCT_INFOMASK)) {
		l.ct = (const struct nf_conn *)nfct;
		l.from = st->in;
		l.to = st->out;
		return l.ct ? lookup(l, skb, st, l.d->cells) : next(zn, skb, st);
	}
	if ((nfct & NFCT_INFOMASK) != IP_CT_ESTABLISHED_REPLY)
		return next(zn, skb, st);
	l.ct = (const struct nf_conn *)(nfct & NFCT_PTRMASK);
	l.from = st->out;
	l.to = st->in;
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
 *
 * The devices of the original direction, by a table that was in force before the
 * packet's zones were looked up: neither another policy nor a device that has got
 * another zone fits. Only for FORWARD, and not where more than the cache has a say.
 *
 * Return: the way; one that no packet shows where there is no short way.
 */
u64 zonefw_fast_way(const struct zonefw_pkt *k, const struct nf_conn *ct,
		    const struct zonefw_cell *cell, bool reply)
{
	const struct zonefw_devs *d = k->devs;

	if (!d || k->st->hook != NF_INET_FORWARD || may_clamp(cell, ct) ||
	    netif_is_l3_master(k->st->in))
		return d ? d->salt : 0;
	return reply ? zonefw_way(d, k->st->out, k->st->in, k->changes) :
		       zonefw_way(d, k->st->in, k->st->out, k->changes);
}

/* The first packet of a flow is in no cache. */
static bool opens(const struct sk_buff *skb)
{
	return (skb_get_nfct((struct sk_buff *)skb) & NFCT_INFOMASK) == IP_CT_NEW;
}

/* What the first look does not find: first packets, flows that share a set, or something has changed. */
static noinline unsigned int next4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return opens(skb) ? zonefw_first4(priv, skb, st) :
			    known(priv, skb, st, false, true, zonefw_filter);
}

static noinline unsigned int next6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return opens(skb) ? zonefw_first6(priv, skb, st) :
			    known(priv, skb, st, true, true, zonefw_filter);
}

notrace unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, false, false, next4);
}

notrace unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, true, false, next6);
}

/* Only the tag is left to do. */
static __always_inline bool tagged(const struct zonefw_ns *zn, struct sk_buff *skb,
				   const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	u32 ifindex = st->in->ifindex, at = ifindex % ZONEFW_QUICK;

	BUILD_BUG_ON(!(PACKET_LOOPBACK & 4) || (PACKET_HOST | PACKET_BROADCAST | PACKET_MULTICAST |
						PACKET_OTHERHOST) & 4);
	if (d->quick[at] != ifindex || skb->pkt_type & 4 ||
	    !(v6 ? zonefw_fine6(ipv6_hdr(skb)) : zonefw_fine4(ip_hdr(skb))))
		return false;
	skb->mark = (skb->mark & d->keep) | d->tag[at];
	return true;
}

notrace unsigned int zonefw_ingress4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return tagged(priv, skb, st, false) ? NF_ACCEPT : zonefw_ingress(priv, skb, st);
}

notrace unsigned int zonefw_ingress6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return tagged(priv, skb, st, true) ? NF_ACCEPT : zonefw_ingress(priv, skb, st);
}

/* A device whose packets are in one zone whatever the address, and need no check but of martians. */
static void place(struct zonefw_devs *t, const struct net_device *dev, const struct zonefw_policy *p)
{
	const struct zonefw_dev *d = zonefw_dev_slot(t, dev->ifindex);
	u32 at = dev->ifindex % ZONEFW_QUICK;

	if (t->quick[at] || d->nets || d->plain == ZONEFW_ZONE_NONE ||
	    (p->zones[d->plain].flags & ZONEFW_ZONE_ANTISPOOF) ||
	    (dev->flags & IFF_LOOPBACK) || netif_is_l3_master(dev))
		return;
	t->zone[at] = d->plain;
	t->quick[at] = dev->ifindex;
	t->guard[at] = p->early && p->early[d->plain].n ? dev->ifindex : 0;
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
	t->keep = ~p->opt.tag_mask;
	t->rules = p->rules;
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
	zonefw_changes_move(zn);
	zonefw_offload_stale(zn);
}
