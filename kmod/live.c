// SPDX-License-Identifier: GPL-2.0
/*
 * Predicates that cannot be compiled in: whether a rule that matches a packet
 * by its plain fields matches it now. The classifier names candidates in rule
 * order, and each is asked here. Softirq or process context, RCU read side; no
 * allocation, no lock but those of what a rule counts.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "live.h"
#include "set.h"
#include "setuse.h"

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

/* Flows of the cells that the rule stands in must watch the epoch. */
static void cells_mark(struct zonefw_policy *p, const struct zonefw_rule *r)
{
	u16 f, t;

	for (f = 0; f < p->nz; f++) {
		if (!zonefw_zone_covers(p->parent, r->from, r->nfrom, f))
			continue;
		for (t = 0; t < p->nz; t++)
			if (zonefw_zone_covers(p->parent, r->to, r->nto, t))
				zonefw_cell(p, f, t)->live = true;
	}
}

/**
 * zonefw_live_build() - tie the live rules of a policy to their objects
 * @p: policy whose sets are built
 *
 * Return: 0 or -ENOMEM. Context: may sleep; nobody sees the policy yet.
 */
int zonefw_live_build(struct zonefw_policy *p)
{
	int err = 0;
	u32 i, k;

	for (i = 0; i < p->nrules; i++) {
		struct zonefw_live *l = p->rules[i]->live;

		if (!l)
			continue;
		for (k = 0; k < ZONEFW_PICKS && !err; k++)
			err = pick_build(&l->pick[k], p);
		if (err)
			return err;
		cells_mark(p, p->rules[i]);
		cond_resched();
	}
	return 0;
}

static bool addr_holds(const struct zonefw_pick *p, bool neg, u8 family, const u8 *x)
{
	const struct zonefw_addr *a = p->list;
	u16 i;

	if (!p->nset)
		return true;
	for (i = 0; i < p->n; i++)
		if (zonefw_addr_in(&a[i], family, x))
			return !neg;
	for (i = 0; i < p->nset; i++)
		if (zonefw_set_has(p->set[i], family, x))
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
		if (zonefw_set_has(p->set[i], 0, be))
			return !neg;
	return neg;
}

/**
 * zonefw_live_holds() - do a candidate's live predicates hold?
 * @r: rule with live predicates, whose plain fields match
 * @k: packet
 *
 * Return: true if all do.
 */
bool zonefw_live_holds(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	const struct zonefw_live *l = r->live;

	return addr_holds(&l->pick[ZONEFW_PICK_SRC], l->flags & ZONEFW_LIVE_NEG_SRC,
			  k->family, k->src) &&
	       addr_holds(&l->pick[ZONEFW_PICK_DST], l->flags & ZONEFW_LIVE_NEG_DST,
			  k->family, k->dst) &&
	       port_holds(&l->pick[ZONEFW_PICK_SPORT], l->flags & ZONEFW_LIVE_NEG_SPORT,
			  k, k->sport) &&
	       port_holds(&l->pick[ZONEFW_PICK_DPORT], l->flags & ZONEFW_LIVE_NEG_DPORT,
			  k, k->dport);
}
