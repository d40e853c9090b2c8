// SPDX-License-Identifier: GPL-2.0
/*
 * The short way of first packets: a TCP or UDP packet in FORWARD that opens a flow between
 * two devices that are each in one zone whatever the address, where the first rule that
 * matches says all by its fields (accept or drop, no log, nothing live), or none matches
 * and the default says so. Facts come from the conntrack entry, which holds what the packet
 * shows; verdict, counters and what is remembered are those of judge.c. A packet that does
 * not fit goes the long way (hook.c) from its beginning: nothing has been counted by then.
 * Softirq, RCU read side; const data and per-CPU counters.
 */
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include "core/table.h"
#include "drops.h"
#include "epoch.h"
#include "fast.h"
#include "first.h"
#include "hook.h"
#include "trace.h"
#include "vcache.h"

/* A packet on its way through; all of it is gone when the compiler is done. */
struct opening {
	struct zonefw_ns *zn;
	const struct zonefw_devs *d;
	const struct nf_conn *ct;
	struct sk_buff *skb;
	const struct nf_hook_state *st;
	const struct zonefw_cell *cell;
	const struct zonefw_rule *r;	/* if it is @ruled; else the default decides */
	u64 changes;	/* with the epoch, before the rules are asked */
	u32 at, slot, epoch;
	u16 from, to;
	bool v6, ruled;
};

/**
 * zonefw_first_cell() - may first packets of a cell take the short way?
 * @p: policy
 * @cell: of it
 *
 * Return: the cell, or NULL: sources are translated, the MSS is clamped, or its rules
 * are more than tables.
 */
const struct zonefw_cell *zonefw_first_cell(const struct zonefw_policy *p,
					    const struct zonefw_cell *cell)
{
	return p->snat || cell->patch || cell->parent ||
	       cell->options & ZONEFW_CELL_CLAMP_MSS ? NULL : cell;
}

/* First bytes of IPv4 addresses that are neither martian nor (in part) link-local. */
static const u8 plain4[256] = { [1 ... 126] = 1, [128 ... 168] = 1, [170 ... 223] = 1 };

/* No options, no martian; 169.254/16 is not forwarded, to other places of 169/8 leads the long way. */
static __always_inline bool plain(const struct sk_buff *skb, bool v6)
{
	const struct iphdr *ih = ip_hdr(skb);

	if (v6)
		return zonefw_fine6(ipv6_hdr(skb));
	return *(const u8 *)ih == 0x45 && plain4[*(const u8 *)&ih->saddr] &&
	       *(const u8 *)&ih->daddr != 169 &&
	       (ih->protocol == IPPROTO_TCP || ih->protocol == IPPROTO_UDP);
}

/* The first packet of a flow that nobody translates (yet), and no answer to another one's call. */
static __always_inline bool begins(const struct nf_conn *ct)
{
	return ct && !(READ_ONCE(ct->status) & (IPS_NAT_MASK | IPS_CONFIRMED | IPS_EXPECTED));
}

static __always_inline void half(const __be32 *a, u32 *v)
{
	u64 x = get_unaligned_be64(a);

	v[0] = x;
	v[1] = x >> 32;
}

/* What the flow's entry says of the packet, as zonefw_point() has it. */
static __always_inline void point(const struct nf_conn *ct, bool v6, u32 *v)
{
	const struct nf_conntrack_tuple *t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const __be32 *dst = t->dst.u3.ip6, *src = t->src.u3.ip6;

	v[ZONEFW_D_PROTO] = t->dst.protonum << 8;
	v[ZONEFW_D_DPORT] = ntohs(t->dst.u.all);
	v[ZONEFW_D_SPORT] = ntohs(t->src.u.all);
	v += ZONEFW_D_ADDR;
	if (!v6) {
		v[0] = ntohl(dst[0]);
		v[1] = ntohl(src[0]);
		return;
	}
	half(dst + 2, v);
	half(dst, v + 2);
	half(src + 2, v + 4);
	half(src, v + 6);
}

static __always_inline u8 reason(const struct opening *o)
{
	return o->ruled ? ZONEFW_R_RULE : ZONEFW_R_DEFAULT;
}

static __always_inline void count(const struct opening *o, bool flow)
{
	zonefw_stat(o->zn, reason(o));
	zonefw_count(o->cell->ident, o->skb->len);
	if (!o->ruled)
		return;
	zonefw_count(o->r->ident, o->skb->len);
	zonefw_ident_hit(o->r->ident, flow);
}

static __always_inline unsigned int let_in(const struct opening *o)
{
	struct zonefw_stamp s ZONEFW_UNSET;

	count(o, true);
	s.gen = o->d->p->gen;
	s.cell = o->at;
	s.slot = o->slot;
	s.offloads = o->cell->options & ZONEFW_CELL_OFFLOAD;
	s.epoch = o->epoch;
	s.way = zonefw_way(o->d, o->st->in, o->st->out, o->changes);
	if (zonefw_vcache_begin(o->zn->vcache, zonefw_vc_key(o->zn->vcache, o->ct, o->v6), &s))
		zonefw_stat(o->zn, ZONEFW_S_EVICTED);
	zonefw_stat(o->zn, ZONEFW_S_ACCEPTED);
	return NF_ACCEPT;
}

static __always_inline unsigned int drop(const struct opening *o)
{
	struct zonefw_pkt k ZONEFW_UNSET;

	count(o, false);
	zonefw_stat(o->zn, ZONEFW_S_DROPPED);
	k.zn = o->zn;
	k.p = o->d->p;
	k.skb = o->skb;
	k.st = o->st;
	k.from = o->from;
	k.to = o->to;
	k.rule = o->ruled ? o->r->ident->id : 0;
	k.logged = false;
	zonefw_drops_record(&k, o->ct, ZONEFW_DROP, reason(o));
	return NF_DROP;
}

static __always_inline unsigned int act(const struct opening *o, u8 action)
{
	if (action == ZONEFW_ACCEPT)
		return let_in(o);
	return action == ZONEFW_DROP ? drop(o) : zonefw_filter(o->zn, o->skb, o->st);
}

/* By the rule that decides, or the default, if that is all there is to say. Each has its own
 * copy of the code, which knows whether there is a rule.
 */
static __always_inline unsigned int decide(struct opening *o)
{
	const struct zonefw_celldef *def;
	const struct zonefw_box *b;
	u32 v[ZONEFW_DIMS] ZONEFW_UNSET;

	point(o->ct, o->v6, v);
	b = o->v6 ? zonefw_cell_first6(o->cell, v) : zonefw_cell_first4(o->cell, v);
	if (!b) {
		def = o->cell->def;
		o->ruled = false;
		return def && def->log ? zonefw_filter(o->zn, o->skb, o->st) :
					 act(o, def ? def->action : ZONEFW_DROP);
	}
	o->ruled = true;
	o->slot = b->rule + 1;
	o->r = o->d->rules[b->rule];
	return b->exact && (o->r->packed || (!o->r->log && !o->r->live)) ?
	       act(o, o->r->action) : zonefw_filter(o->zn, o->skb, o->st);
}

static __always_inline unsigned int judge(struct zonefw_ns *zn, struct sk_buff *skb,
					  const struct nf_hook_state *st, bool v6)
{
	struct opening o = { .zn = zn, .d = rcu_dereference(zn->fast), .skb = skb, .st = st, .v6 = v6 };
	u32 in = st->in->ifindex, out = st->out->ifindex;

	o.ct = (const struct nf_conn *)(skb_get_nfct(skb) & NFCT_PTRMASK);
	if (o.d->quick[in % ZONEFW_QUICK] != in || o.d->quick[out % ZONEFW_QUICK] != out ||
	    skb->pkt_type & 4 || !begins(o.ct) || !plain(skb, v6) || zonefw_tracing(zn))
		return zonefw_filter(zn, skb, st);
	o.from = o.d->zone[in % ZONEFW_QUICK];
	o.to = o.d->zone[out % ZONEFW_QUICK];
	o.at = zonefw_cell_at(o.d->p, o.from, o.to);
	o.cell = o.d->first[o.at];
	if (!o.cell)
		return zonefw_filter(zn, skb, st);
	o.changes = zonefw_changes(zn);
	if (o.d->live)
		o.epoch = zonefw_epoch(zn, o.ct);
	return decide(&o);
}

/**
 * zonefw_first4() - a packet of IPv4 in FORWARD that opens a flow
 * @zn: namespace
 * @skb: packet, whose flow is new to conntrack
 * @st: where it is
 *
 * Context: softirq, RCU read side.
 * Return: the verdict.
 */
unsigned int zonefw_first4(struct zonefw_ns *zn, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return judge(zn, skb, st, false);
}

/**
 * zonefw_first6() - likewise of IPv6
 * @zn: namespace
 * @skb: packet, whose flow is new to conntrack
 * @st: where it is
 *
 * Context: softirq, RCU read side.
 * Return: the verdict.
 */
unsigned int zonefw_first6(struct zonefw_ns *zn, struct sk_buff *skb, const struct nf_hook_state *st)
{
	return judge(zn, skb, st, true);
}
