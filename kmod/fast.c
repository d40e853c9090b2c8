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
#include "fast.h"
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

/* The two devices of a flow's original direction, in the words of one device table. */
static u64 way(const struct zonefw_devs *d, const struct net_device *in,
	       const struct net_device *out)
{
	return ((u64)in->ifindex << 32 | (u32)out->ifindex) + d->salt;
}

static bool fits(const struct zonefw_ventry *e, u64 want, u64 *stamp)
{
	*stamp = READ_ONCE(e->stamp);
	return (READ_ONCE(e->quick) ^ *stamp) == want;
}

/* A flow of this generation and device table, between these devices? Counts the packet. */
static __always_inline bool lookup(const struct zonefw_ns *zn, const struct zonefw_devs *d,
				   const struct nf_conn *ct, const struct sk_buff *skb, u64 way,
				   struct zonefw_count __percpu *const *cells, bool v6, u32 *cell)
{
	const struct zonefw_vcache *c = zn->vcache;
	struct zonefw_count __percpu *count;
	u64 want, stamp, slot;
	u32 first, len = skb->len;

	if (!is_plain(skb, ct, v6))
		return false;
	want = zonefw_vc_key(c, ct, v6);
	first = zonefw_vc_first(want);
	want ^= way;
	if (unlikely(!fits(&c->way[first], want, &stamp)) &&
	    !fits(&c->way[zonefw_vc_next(first, 1)], want, &stamp) &&
	    !fits(&c->way[zonefw_vc_next(first, 2)], want, &stamp) &&
	    !fits(&c->way[zonefw_vc_next(first, 3)], want, &stamp))
		return false;
	zonefw_stat_known(zn);
	*cell = (u16)stamp;
	count = cells[*cell];
	this_cpu_inc(count->packets);
	this_cpu_add(count->bytes, len);
	slot = zonefw_vc_slot(stamp);
	if (!slot)
		return true;
	count = d->rules[slot - 1]->ident->count;
	this_cpu_inc(count->packets);
	this_cpu_add(count->bytes, len);
	return true;
}

/* A cell with the option may want the packet's flow in the flow table. */
static noinline void offload(const struct zonefw_ns *zn, const struct zonefw_cell *cell,
			     const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (cell->options & ZONEFW_CELL_OFFLOAD)
		zonefw_offload_seen(zn, skb, st);
}

/* A packet of a known flow whose verdict stands as long as policy and devices do. */
static __always_inline bool known(const struct zonefw_ns *zn, const struct sk_buff *skb,
				  const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	unsigned long nfct = skb_get_nfct((struct sk_buff *)skb);
	u32 cell;
	bool ok;

	if (!IS_ENABLED(CONFIG_64BIT))	/* words may be torn */
		return false;
	BUILD_BUG_ON(IP_CT_ESTABLISHED);
	if ((nfct & NFCT_INFOMASK) == IP_CT_ESTABLISHED_REPLY)
		ok = lookup(zn, d, (const struct nf_conn *)(nfct & NFCT_PTRMASK), skb,
			    way(d, st->out, st->in), d->mirror, v6, &cell);
	else
		ok = nfct && !(nfct & NFCT_INFOMASK) &&
		     lookup(zn, d, (const struct nf_conn *)nfct, skb,
			    way(d, st->in, st->out), d->cells, v6, &cell);
	if (unlikely(d->offload) && ok)
		offload(zn, &d->offload[cell], skb, st);
	return ok;
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

	if (!d || k->st->hook != NF_INET_FORWARD || cell->live || may_clamp(cell, ct) ||
	    netif_is_l3_master(k->st->in))
		return d ? d->salt : 0;
	return reply ? way(d, k->st->out, k->st->in) : way(d, k->st->in, k->st->out);
}

notrace unsigned int zonefw_forward4(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, false) ? NF_ACCEPT : zonefw_filter(priv, skb, st);
}

notrace unsigned int zonefw_forward6(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return known(priv, skb, st, true) ? NF_ACCEPT : zonefw_filter(priv, skb, st);
}

/* First bytes of IPv4 sources that are no martians; 0.0.0.0 is one that zonefw_martian() tells. */
static const u8 fine4[256] = { [1 ... 126] = 1, [128 ... 223] = 1 };

/* Sources that are surely no martians, and headers without options. */
static bool surely_fine4(const struct iphdr *ih)
{
	return *(const u8 *)ih == 0x45 && fine4[*(const u8 *)&ih->saddr];
}

/* 0::/8 holds loopback and the IPv4-mapped ones. */
static bool surely_fine6(const struct ipv6hdr *ih)
{
	return (ih->nexthdr == NEXTHDR_TCP || ih->nexthdr == NEXTHDR_UDP) &&
	       ih->saddr.s6_addr[0] - 1u < 0xfe;
}

/* Only the tag is left to do. */
static __always_inline bool tagged(const struct zonefw_ns *zn, struct sk_buff *skb,
				   const struct nf_hook_state *st, bool v6)
{
	const struct zonefw_devs *d = rcu_dereference(zn->fast);
	u32 ifindex = st->in->ifindex;
	u32 at = ifindex % ZONEFW_QUICK;

	BUILD_BUG_ON(!(PACKET_LOOPBACK & 4) || (PACKET_HOST | PACKET_BROADCAST | PACKET_MULTICAST |
						PACKET_OTHERHOST) & 4);
	if (d->quick[at] != ifindex || skb->pkt_type & 4 ||
	    !(v6 ? surely_fine6(ipv6_hdr(skb)) : surely_fine4(ip_hdr(skb))))
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
	t->quick[at] = dev->ifindex;
	t->tag[at] = ((u32)d->plain << p->opt.tag_shift) & p->opt.tag_mask;
}

/**
 * zonefw_fast_fill() - what the short ways need to know of a policy and its devices
 * @t: table with every device placed, and room for @p->nz * @p->nz in @t->cells and @t->mirror
 * @net: namespace, rtnl held
 * @p: policy
 */
void zonefw_fast_fill(struct zonefw_devs *t, struct net *net, const struct zonefw_policy *p)
{
	struct net_device *dev;
	u32 i, j;

	t->salt = get_random_u64() | 1;
	t->keep = ~p->opt.tag_mask;
	t->rules = p->rules;
	t->offload = p->offload ? p->cells : NULL;
	for (i = 0; i < p->nz; i++)
		for (j = 0; j < p->nz; j++) {
			t->cells[i * p->nz + j] = zonefw_cell(p, i, j)->ident->count;
			t->mirror[i * p->nz + j] = zonefw_cell(p, j, i)->ident->count;
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
