// SPDX-License-Identifier: GPL-2.0
/*
 * Predicates that cannot be compiled in: whether a rule that matches a packet
 * by its plain fields matches it now. The classifier names candidates in rule
 * order, and each is asked here. Softirq or process context, RCU read side; no
 * allocation, no lock but those of what a rule counts.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include "conns.h"
#include "live.h"
#include "rate.h"
#include "set.h"
#include "setuse.h"

static void kept_put(struct zonefw_kept *k)
{
	if (!k || !refcount_dec_and_test(&k->ref))
		return;
	zonefw_rate_free(k->rate);
	zonefw_conns_free(k->conns);
	kfree(k);
}

/**
 * zonefw_live_inherit() - a rule goes on with the identity of an earlier one
 * @r: rule that nobody sees yet
 * @old: the earlier one
 */
void zonefw_live_inherit(struct zonefw_rule *r, const struct zonefw_rule *old)
{
	struct zonefw_live *to = zonefw_rule_live(r), *from = zonefw_rule_live(old);

	r->ident = zonefw_ident_get(old->ident);
	if (!to || !from || !from->kept)
		return;
	to->kept = from->kept;
	refcount_inc(&to->kept->ref);
}

void zonefw_live_free(struct zonefw_live *l)
{
	u32 i, k;

	if (!l)
		return;
	for (i = 0; i < ZONEFW_PICKS; i++) {
		for (k = 0; l->pick[i].set && k < l->pick[i].nset; k++)
			zonefw_set_put(l->pick[i].set[k]);
		kfree(l->pick[i].set);
		kfree(l->pick[i].use);
	}
	zonefw_set_put(l->add);
	kept_put(l->kept);
	zonefw_helpers_put(l);
	kfree(l);
}

static int pick_build(struct zonefw_pick *k, const struct zonefw_policy *p)
{
	u16 i;

	if (!k->use)
		return 0;	/* no sets, or built with an earlier policy */
	k->set = kcalloc(k->nset, sizeof(*k->set), GFP_KERNEL_ACCOUNT);
	if (!k->set)
		return -ENOMEM;
	for (i = 0; i < k->nset; i++)
		k->set[i] = zonefw_set_get(p->sets[k->use[i]].set);
	kfree(k->use);
	k->use = NULL;
	return 0;
}

/* What outlives the policy: buckets, counts, and a deadline that was set before. */
static int state_build(struct zonefw_ns *zn, struct zonefw_live *l)
{
	struct zonefw_kept *k = l->kept;

	if (!k && !l->limit.cost && !l->has_conns && !l->expires)
		return 0;
	if (!k) {
		k = kzalloc(sizeof(*k), GFP_KERNEL_ACCOUNT);
		if (!k)
			return -ENOMEM;
		refcount_set(&k->ref, 1);
		l->kept = k;
	}
	if (l->limit.cost && !k->rate)
		k->rate = zonefw_rate_alloc(l->limit.by);
	if (l->limit.cost && (!k->rate || (l->limit.by && !zonefw_rate_add_keys(k->rate))))
		return -ENOMEM;
	if (l->has_conns && !k->conns)
		k->conns = zonefw_conns_alloc(zn->net);
	if (l->has_conns && !k->conns)
		return -ENOMEM;
	if (l->expires)
		l->deadline = k->expires == l->expires && k->timed == zn->gen ? k->deadline :
			      ktime_get_boottime_ns() + (u64)l->expires * NSEC_PER_SEC;
	return 0;
}

/* Flows of the cells that the rule stands in must watch the epoch. */
static void cells_mark(struct zonefw_policy *p, const struct zonefw_rule *r)
{
	u16 f, t;

	for (f = 0; f < p->nz; f++) {
		if (!zonefw_zone_covers(p->parent, r->from, r->nfrom, f) &&
		    !(r->also_from && r->also_from[f]))
			continue;
		for (t = 0; t < p->nz; t++)
			if (zonefw_rule_between(p->parent, r, f, t))
				zonefw_cell(p, f, t)->live = true;
	}
}

/**
 * zonefw_live_build() - tie the live rules of a policy to their objects
 * @zn: namespace, its lock held
 * @p: policy whose sets and identities are built
 *
 * Return: 0 or -ENOMEM. Context: may sleep; nobody sees the policy yet.
 */
int zonefw_live_build(struct zonefw_ns *zn, struct zonefw_policy *p)
{
	int err = 0;
	u32 i, k;

	for (i = 0; i < p->nrules; i++) {
		struct zonefw_live *l = zonefw_rule_live(p->rules[i]);

		if (!l)
			continue;
		for (k = 0; k < ZONEFW_PICKS && !err; k++)
			err = pick_build(&l->pick[k], p);
		if (!err)
			err = state_build(zn, l);
		if (err)
			return err;
		if (l->add_by && !l->add)
			l->add = zonefw_set_get(p->sets[l->add_use].set);
		p->ntimed += zonefw_live_timed(l);
		cells_mark(p, p->rules[i]);
		cond_resched();
	}
	return 0;
}

static bool addr_holds(const struct zonefw_pick *p, bool neg, u8 view, u8 family, const u8 *x)
{
	const struct zonefw_addr *a = p->list;
	u16 i;

	if (!p->nset)
		return true;
	for (i = 0; i < p->n; i++)
		if (zonefw_addr_in(&a[i], family, x))
			return !neg;
	for (i = 0; i < p->nset; i++)
		if (zonefw_set_has(p->set[i], view, family, x))
			return !neg;
	return neg;
}

static bool port_holds(const struct zonefw_pick *p, bool neg, const struct zonefw_key *k, u16 port)
{
	const u8 be[2] = { port >> 8, port & 0xff };
	const u16 (*range)[2] = p->list;
	u16 i;

	if (!p->nset)
		return true;
	if (!(k->flags & ZONEFW_K_PORTS))
		return false;
	for (i = 0; i < p->n; i++)
		if (port >= range[i][0] && port <= range[i][1])
			return !neg;
	for (i = 0; i < p->nset; i++)
		if (zonefw_set_has(p->set[i], k->view, 0, be))
			return !neg;
	return neg;
}

/* UTC: the kernel does not know the machine's time zone, nor its summer time. */
static bool clock_holds(const struct zonefw_live *l)
{
	u32 day, minute, second;
	bool in;

	day = div_u64_rem(ktime_get_real_seconds(), 86400, &second);
	minute = second / 60;
	in = l->minutes[0] <= l->minutes[1] ?
	     minute >= l->minutes[0] && minute < l->minutes[1] :
	     minute >= l->minutes[0] || minute < l->minutes[1];	/* over midnight */
	if (l->minutes[0] != l->minutes[1] && in == !!(l->flags & ZONEFW_LIVE_NEG_TIME))
		return false;
	in = l->days & (1 << (day + 3) % 7);	/* 1 January 1970 was a Thursday */
	return !l->days || in != !!(l->flags & ZONEFW_LIVE_NEG_DAYS);
}

/**
 * zonefw_live_now() - do time, days and deadline of a rule hold at this moment?
 * @l: its live predicates
 *
 * Return: true if so.
 */
bool zonefw_live_now(const struct zonefw_live *l)
{
	if (l->expires && ktime_get_boottime_ns() >= l->deadline)
		return false;
	return clock_holds(l);
}

/**
 * zonefw_live_expired() - is the rule no more?
 * @r: rule
 *
 * Return: true when it had a deadline, which is past.
 */
bool zonefw_live_expired(const struct zonefw_rule *r)
{
	const struct zonefw_live *l = zonefw_rule_live(r);

	return l && l->expires && ktime_get_boottime_ns() >= l->deadline;
}

static bool picks_hold(const struct zonefw_live *l, const struct zonefw_key *k)
{
	return addr_holds(&l->pick[ZONEFW_PICK_SRC], l->flags & ZONEFW_LIVE_NEG_SRC,
			  k->view, k->family, k->src) &&
	       addr_holds(&l->pick[ZONEFW_PICK_DST], l->flags & ZONEFW_LIVE_NEG_DST,
			  k->view, k->family, k->dst) &&
	       port_holds(&l->pick[ZONEFW_PICK_SPORT], l->flags & ZONEFW_LIVE_NEG_SPORT,
			  k, k->sport) &&
	       port_holds(&l->pick[ZONEFW_PICK_DPORT], l->flags & ZONEFW_LIVE_NEG_DPORT,
			  k, k->dport);
}

/**
 * zonefw_live_source() - do the predicates hold of a rule that looks at the source only?
 * @l: its live predicates: source and clock, no others
 * @view: of the policy, on its sets
 * @family: 4 or 6
 * @src: source
 *
 * Return: true if they do.
 */
bool zonefw_live_source(const struct zonefw_live *l, u8 view, u8 family, const u8 *src)
{
	return (!zonefw_live_timed(l) || zonefw_live_now(l)) &&
	       addr_holds(&l->pick[ZONEFW_PICK_SRC], l->flags & ZONEFW_LIVE_NEG_SRC, view, family,
			  src);
}

/* A flow that was let in is within what let it in, and never grounds for a refusal. */
static bool amounts_hold(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	const struct zonefw_live *l = r->live;

	if (!l->limit.cost && !l->has_conns)
		return true;
	if (k->ask == ZONEFW_ASK_FLOW)
		return r->action != ZONEFW_DROP && r->action != ZONEFW_REJECT;
	if (k->ask != ZONEFW_ASK_NEW)
		return true;
	if (l->has_conns && !zonefw_conns_within(l->kept->conns, l, k))
		return false;
	return !l->limit.cost || zonefw_rate_within(l->kept->rate, &l->limit, k);
}

/**
 * zonefw_live_holds() - do a candidate's live predicates hold?
 * @r: rule with live predicates, whose plain fields match
 * @k: packet
 *
 * What counts comes last, so that only a packet that meets all else counts.
 *
 * Return: true if all do.
 */
bool zonefw_live_holds(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	if (zonefw_live_timed(r->live) && !zonefw_live_now(r->live))
		return false;
	return picks_hold(r->live, k) && amounts_hold(r, k);
}

/**
 * zonefw_live_add() - a rule has matched a packet: into the set with its address
 * @r: rule
 * @k: packet that opens a connection
 *
 * A set that is full counts what it refused. Softirq.
 */
void zonefw_live_add(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	const struct zonefw_live *l = r->live;
	struct zonefw_elem e = { .family = k->family, .timeout = l->add_timeout };

	e.len = k->family == 4 ? 32 : 128;
	memcpy(e.addr, l->add_by == ZONEFW_BY_SRC ? k->src : k->dst, e.len / 8);
	zonefw_set_add(l->add, &e, GFP_ATOMIC);
}
