// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks: zones of a packet, its tag, known flows; fast.c stands before them
 * with what most packets need, judge.c has the rest. Softirq or process context with RCU read side held by netfilter.
 * Everything that is read is const or per-CPU; the policy is loaded once per
 * packet and passed down.
 *
 * PRE_ROUTING runs before conntrack (tag, antispoof, malformed packets) and before
 * defragmentation, which puts fragments of several devices together: each has its
 * source checked. The other three hooks run behind conntrack and right behind nftables' and
 * iptables' filter chains, so that they see the addresses after DNAT and
 * before SNAT.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include "early.h"
#include "epoch.h"
#include "fast.h"
#include "hook.h"
#include "judge.h"
#include "mss.h"
#include "offload.h"
#include "skbkey.h"
#include "trace.h"
#include "vcache.h"

/**
 * zonefw_real_iif() - the device a packet really came in by, also behind a VRF
 * @skb: packet
 * @st: where it is, with an ingress device
 *
 * Return: its index.
 */
int zonefw_real_iif(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (!netif_is_l3_master(st->in))
		return st->in->ifindex;
	return st->pf == NFPROTO_IPV4 ? IPCB(skb)->iif : IP6CB(skb)->iif;
}

/* Where the packet really goes: OUTPUT NAT may have routed it anew. */
static const struct net_device *out_of(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	if (st->hook == NF_INET_LOCAL_OUT && skb_dst(skb))
		return skb_dst(skb)->dev;
	return st->out;
}

/* What this router has sent to a group comes back (dev_loopback_xmit), for its own ears: where a
 * multicast router hands it on to another leg, it is a packet of this router.
 */
static bool is_echo(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_LOOPBACK;
}

/**
 * zonefw_on_loopback() - loopback, also of one's own multicast
 * @skb: packet
 * @st: where it is
 *
 * Return: true if no policy is about it.
 */
bool zonefw_on_loopback(const struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct net_device *out = out_of(skb, st);

	if (st->in && st->in->flags & IFF_LOOPBACK)
		return true;
	if (st->in && is_echo(skb) && st->hook != NF_INET_FORWARD)
		return true;
	/* what is forwarded there, by a null route, is of another leg */
	return out && (out->flags & IFF_LOOPBACK) && st->hook != NF_INET_FORWARD;
}

static void tag(struct sk_buff *skb, const struct zonefw_policy *p, u16 zone)
{
	skb->mark &= ~p->opt.tag_mask;
	if (p->opt.tag_mask && zone != ZONEFW_ZONE_NONE)
		skb->mark |= (u32)zone << p->opt.tag_shift;
}

/* Options of the cell through which the packet's flow was opened. */
static u32 options_of(const struct zonefw_pkt *k)
{
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(k->skb, &info);

	if (ct && CTINFO2DIR(info) == IP_CT_DIR_REPLY)
		return zonefw_cell(k->p, k->to, k->from)->options;
	return zonefw_cell(k->p, k->from, k->to)->options;
}

/* A packet of a flow that this policy let in between these zones? Counts it. */
static bool known_flow(const struct zonefw_pkt *k, const struct net_device *out)
{
	u8 family = k->st->pf == NFPROTO_IPV4 ? 4 : 6, len = family == 4 ? 4 : 16;
	u16 from, to = ZONEFW_ZONE_SELF;
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(k->skb, &info);
	const struct zonefw_cell *cell;
	enum zonefw_hit hit;
	u32 slot;
	const u8 *src;
	bool reply;

	if (!ct || !k->devs || (info != IP_CT_ESTABLISHED && info != IP_CT_ESTABLISHED_REPLY))
		return false;
	src = zonefw_skb_plain(k->skb, k->st);
	if (!src)
		return false;
	from = zonefw_zone_of(k->p, zonefw_real_iif(k->skb, k->st), family, src);
	if (k->st->hook != NF_INET_LOCAL_IN)
		to = zonefw_zone_of(k->p, out->ifindex, family, src + len);
	if (from == ZONEFW_ZONE_NONE || to == ZONEFW_ZONE_NONE)
		return false;
	reply = info == IP_CT_ESTABLISHED_REPLY;
	cell = reply ? zonefw_cell(k->p, to, from) : zonefw_cell(k->p, from, to);
	hit = zonefw_vcache_find(k->zn->vcache, ct, k->p->gen, cell - k->p->cells, &slot);
	if (hit != ZONEFW_HIT || slot > k->p->nrules)
		return false;
	if (cell->live && !zonefw_vcache_fresh(k->zn->vcache, ct, zonefw_epoch(k->zn, ct)))
		return false;
	if (!reply && k->st->hook == NF_INET_FORWARD)
		zonefw_vcache_quicken(k->zn->vcache, ct, zonefw_fast_way(k, ct, cell, false));
	if (cell->options & ZONEFW_CELL_CLAMP_MSS && k->st->hook == NF_INET_FORWARD)
		zonefw_mss_clamp(k->skb, k->st);
	zonefw_stat_known(k->zn);
	zonefw_count_cell(zonefw_cell(k->p, from, to)->ident,
			  slot ? k->p->rules[slot - 1]->ident : NULL, k->skb->len);
	if (cell->options & ZONEFW_CELL_OFFLOAD &&
	    zonefw_vcache_worth(k->zn->vcache, ct, CTINFO2DIR(info)))
		zonefw_offload_learn(k->zn, k->skb, k->st);
	return true;
}

/**
 * zonefw_filter() - the hook of LOCAL_IN, FORWARD and LOCAL_OUT
 * @priv: struct zonefw_ns
 * @skb: packet
 * @st: where it is
 *
 * Return: the verdict.
 */
unsigned int zonefw_filter(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	const struct net_device *out = out_of(skb, st);
	unsigned int verdict;
	struct zonefw_pkt k ZONEFW_UNSET;

	if (zonefw_on_loopback(skb, st))
		return NF_ACCEPT;
	if (st->hook == NF_INET_LOCAL_OUT && out && netif_is_l3_master(out))
		return NF_ACCEPT;	/* comes again with the port of the VRF */
	k.zn = priv;
	k.p = rcu_dereference(k.zn->policy);
	k.skb = skb;
	k.st = st;
	k.from = ZONEFW_ZONE_SELF;
	k.to = ZONEFW_ZONE_SELF;
	k.dev = 0;
	k.rule = 0;
	k.logged = false;
	if (READ_ONCE(k.zn->panic))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_PANIC);
	k.devs = k.p ? rcu_dereference(k.p->devs) : NULL;
	k.changes = zonefw_changes(k.zn);
	if (k.p && st->hook != NF_INET_LOCAL_OUT && !zonefw_tracing(k.zn) && known_flow(&k, out))
		return NF_ACCEPT;
	if (zonefw_skb_key(skb, st, &k.key) != ZONEFW_PARSED)
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_INVALID);
	if (out)
		k.key.out = out->name;
	if (!k.p)
		return zonefw_judge_without(&k);
	k.key.mark &= ~k.p->opt.tag_mask;	/* the tag is output, never input */
	k.dev = st->hook == NF_INET_LOCAL_OUT ? out->ifindex : zonefw_real_iif(skb, st);
	if (st->hook == NF_INET_LOCAL_OUT)
		tag(skb, k.p, ZONEFW_ZONE_SELF);
	else if (zonefw_martian(k.key.family, k.key.src))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	if (st->hook != NF_INET_LOCAL_OUT && !is_echo(skb))
		k.from = zonefw_zone_of(k.p, k.dev, k.key.family, k.key.src);
	if (st->hook != NF_INET_LOCAL_IN)
		k.to = zonefw_zone_of(k.p, out->ifindex, k.key.family, k.key.dst);
	verdict = zonefw_judge(&k);
	if (verdict == NF_ACCEPT && k.p->clamp && st->hook == NF_INET_FORWARD &&
	    k.from != ZONEFW_ZONE_NONE && k.to != ZONEFW_ZONE_NONE &&
	    options_of(&k) & ZONEFW_CELL_CLAMP_MSS)
		zonefw_mss_clamp(skb, st);
	return verdict;
}

/* What the row of the packet's zone denies first; a header with options takes the long way. */
static unsigned int early(struct zonefw_pkt *k, u8 family, const u8 *src)
{
	const struct zonefw_rule *r;

	if (!k->p->early || k->from == ZONEFW_ZONE_NONE || src == k->key.src ||
	    READ_ONCE(k->zn->panic))
		return NF_ACCEPT;
	r = zonefw_early_rule(k->p, &k->p->early[k->from], family, src);
	if (!r || zonefw_early_goes_on(&k->p->early[k->from], k->skb, k->st))
		return NF_ACCEPT;
	return zonefw_early_drop(k, r);
}

/**
 * zonefw_ingress() - the hook before conntrack: tag, antispoof, source routes
 * @priv: struct zonefw_ns
 * @skb: packet
 * @st: where it is
 *
 * Return: the verdict.
 */
unsigned int zonefw_ingress(void *priv, struct sk_buff *skb, const struct nf_hook_state *st)
{
	u8 family = st->pf == NFPROTO_IPV4 ? 4 : 6;
	const u8 *src;
	struct zonefw_pkt k;

	k.zn = priv;
	k.p = rcu_dereference(k.zn->policy);
	k.skb = skb;
	k.st = st;
	k.from = ZONEFW_ZONE_NONE;
	k.to = ZONEFW_ZONE_NONE;
	k.rule = 0;
	k.devs = NULL;
	k.logged = false;
	if (!k.p || zonefw_on_loopback(skb, st) || netif_is_l3_master(st->in))
		return NF_ACCEPT;
	src = zonefw_skb_plain(skb, st);
	if (!src) {
		if (zonefw_skb_key(skb, st, &k.key) != ZONEFW_PARSED)
			return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_INVALID);
		src = k.key.src;
	}
	if (zonefw_martian(family, src))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	k.from = zonefw_zone_of(k.p, st->in->ifindex, family, src);
	tag(skb, k.p, k.from);
	if (zonefw_antispoof(k.p, k.from, st->in, family, src) &&
	    zonefw_spoofed(st->net, k.p, k.from, st->in, family, src))
		return zonefw_refuse(&k, ZONEFW_DROP, 0, ZONEFW_R_SPOOFED);
	return early(&k, family, src);
}

#define OPS(fn, fam, num, prio) \
	{ .hook = fn, .pf = fam, .hooknum = num, .priority = prio }

#define INGRESS	2	/* the first ones, which a policy may not need */

static const struct nf_hook_ops zonefw_ops[ZONEFW_HOOKS] = {
	OPS(zonefw_ingress4, NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK_DEFRAG - 1),
	OPS(zonefw_ingress6, NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_CONNTRACK_DEFRAG - 1),
	OPS(zonefw_filter, NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_IP_PRI_FILTER + 1),
	OPS(zonefw_forward4, NFPROTO_IPV4, NF_INET_FORWARD, NF_IP_PRI_FILTER + 1),
	OPS(zonefw_filter, NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER + 1),
	OPS(zonefw_filter, NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP6_PRI_FILTER + 1),
	OPS(zonefw_forward6, NFPROTO_IPV6, NF_INET_FORWARD, NF_IP6_PRI_FILTER + 1),
	OPS(zonefw_filter, NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_FILTER + 1),
};

/**
 * zonefw_hooks_register() - switch conntrack, defragmentation and hooks on
 * @zn: namespace; those of ingress come with zonefw_ingress_register()
 *
 * Return: 0 or the error of the step that failed, with nothing left on.
 */
int zonefw_hooks_register(struct zonefw_ns *zn)
{
	int err = nf_ct_netns_get(zn->net, NFPROTO_INET), i;

	if (err)
		return err;
	for (i = 0; i < ZONEFW_HOOKS; i++) {
		zn->ops[i] = zonefw_ops[i];
		zn->ops[i].priv = zn;
	}
	err = nf_register_net_hooks(zn->net, zn->ops + INGRESS, ZONEFW_HOOKS - INGRESS);
	if (err)
		nf_ct_netns_put(zn->net, NFPROTO_INET);
	return err;
}

/**
 * zonefw_ingress_register() - switch the hooks before conntrack on, if they are off
 * @zn: namespace with the other hooks on
 *
 * Return: 0 or -errno.
 */
int zonefw_ingress_register(struct zonefw_ns *zn)
{
	int err = zn->ingress ? 0 : nf_register_net_hooks(zn->net, zn->ops, INGRESS);

	zn->ingress |= !err;
	return err;
}

void zonefw_ingress_unregister(struct zonefw_ns *zn)
{
	if (zn->ingress)
		nf_unregister_net_hooks(zn->net, zn->ops, INGRESS);
	zn->ingress = false;
}

void zonefw_hooks_unregister(struct zonefw_ns *zn)
{
	zonefw_ingress_unregister(zn);
	nf_unregister_net_hooks(zn->net, zn->ops + INGRESS, ZONEFW_HOOKS - INGRESS);
	nf_ct_netns_put(zn->net, NFPROTO_INET);
}
