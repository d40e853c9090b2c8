// SPDX-License-Identifier: GPL-2.0
/*
 * What translation needs to know of a policy before it is in force: which
 * zones a publish reaches by its hairpin, in which cells such a rule stands,
 * which rules may translate what a zone sends, and the options of each cell.
 * Process context; part of zonefw_policy_build().
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "book.h"
#include "natplan.h"

static bool hairpin(const struct zonefw_rule *r)
{
	return r->action == ZONEFW_PUBLISH && r->nat[0].flags & ZONEFW_NAT_HAIRPIN;
}

static bool covers(const struct zonefw_policy *p, const u16 *list, u16 n, u16 zone)
{
	return zonefw_zone_covers(p->parent, list, n, zone);
}

static bool lets_some_pass(const struct zonefw_rule *r)
{
	return r->action == ZONEFW_ACCEPT || r->action == ZONEFW_QUEUE || r->action == ZONEFW_PUBLISH;
}

static void reach_rule(struct zonefw_policy *p, const struct zonefw_rule *r)
{
	u16 f, t;

	r = zonefw_rule_like(r);
	for (f = 0; f < p->nz; f++) {
		if (!covers(p, r->from, r->nfrom, f))
			continue;
		for (t = 0; t < p->nz; t++)
			if (covers(p, r->to, r->nto, t))
				__set_bit((u32)f * p->nz + t, p->reach);
	}
}

/* A hairpin without a list is for all zones that may reach TO at all. */
static int reach_build(struct zonefw_policy *p)
{
	u32 i, n = (u32)p->nz * p->nz;

	p->reach = kvcalloc(BITS_TO_LONGS(n), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!p->reach)
		return -ENOMEM;
	for (i = 0; i < p->nrules; i++) {
		if (lets_some_pass(p->rules[i]))
			reach_rule(p, p->rules[i]);
		cond_resched();
	}
	for (i = 0; i < n; i++)
		if (p->cells[i].def && p->cells[i].def->action == ZONEFW_ACCEPT)
			__set_bit(i, p->reach);
	return 0;
}

static int tozone_build(const struct zonefw_policy *p, struct zonefw_rule *r)
{
	u8 *to = r->tozone ? NULL : kvzalloc(p->nz, GFP_KERNEL_ACCOUNT);
	u16 z;

	if (r->tozone)
		return 0;	/* of an earlier policy with the same zones */
	if (!to)
		return -ENOMEM;
	for (z = 0; z < p->nz; z++)
		to[z] = covers(p, r->to, r->nto, z);
	r->tozone = to;
	return 0;
}

static bool reaches(const struct zonefw_policy *p, const struct zonefw_rule *r, u16 from)
{
	u16 t;

	for (t = 0; t < p->nz; t++)
		if (covers(p, r->to, r->nto, t) && test_bit((u32)from * p->nz + t, p->reach))
			return true;
	return false;
}

/* A hairpin is for the zones it names, or all that may reach TO, and for TO itself. */
static int also_from_build(const struct zonefw_policy *p, struct zonefw_rule *r)
{
	u8 *also = kvzalloc(p->nz, GFP_KERNEL_ACCOUNT);
	u16 z;

	if (!also)
		return -ENOMEM;
	for (z = 0; z < p->nz; z++) {
		if (covers(p, r->to, r->nto, z) ||
		    (r->nhairpin ? covers(p, r->hairpin, r->nhairpin, z) : reaches(p, r, z)))
			also[z] |= ZONEFW_HAIRPIN_ADDED;
		if (covers(p, r->from, r->nfrom, z))
			also[z] |= ZONEFW_HAIRPIN_FROM;
	}
	if (r->also_from) {	/* of an earlier policy, which may be in force */
		bool same = !memcmp(r->also_from, also, p->nz);

		kvfree(also);
		return same ? 0 : -EOPNOTSUPP;
	}
	r->also_from = also;
	return 0;
}

static int hairpins_build(struct zonefw_policy *p, bool reach)
{
	int err = reach ? reach_build(p) : 0;
	u32 i;

	for (i = 0; i < p->nrules && !err; i++) {
		if (hairpin(p->rules[i]))
			err = also_from_build(p, p->rules[i]);
		cond_resched();
	}
	kvfree(p->reach);
	p->reach = NULL;
	return err;
}

/**
 * zonefw_natplan_begin() - before the cells are compiled
 * @p: policy with its objects
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP when a rule shared with the policy in force
 * would stand in other cells.
 */
int zonefw_natplan_begin(struct zonefw_policy *p)
{
	bool reach = false;
	int err = 0;
	u32 i;

	for (i = 0; i < p->nrules && !err; i++) {
		struct zonefw_rule *r = p->rules[i];

		p->dnat |= zonefw_is_dnat(r);
		p->snat |= r->action == ZONEFW_SNAT || r->action == ZONEFW_PUBLISH;
		reach |= hairpin(r) && !r->nhairpin;
		if (r->action == ZONEFW_REDIRECT) {
			p->redirect = true;
			err = tozone_build(p, r);
		}
	}
	for (i = 0; i < p->ndefs; i++) {
		p->snat |= p->defs[i].options & (ZONEFW_CELL_MASQ4 | ZONEFW_CELL_MASQ6);
		p->clamp |= p->defs[i].options & ZONEFW_CELL_CLAMP_MSS;
		p->offload |= p->defs[i].options & ZONEFW_CELL_OFFLOAD;
	}
	p->hairpins = reach;
	return err ? err : hairpins_build(p, reach);
}

static bool sends(const struct zonefw_policy *p, const struct zonefw_rule *r, u16 from)
{
	return covers(p, r->from, r->nfrom, from) || (r->also_from && r->also_from[from]);
}

/* By ingress zone: the rules that may translate a destination, in order. */
static int lists_build(struct zonefw_policy *p)
{
	u32 i, n = 0, room = 0;
	u16 z;

	p->dnat_at = kvcalloc(p->nz + 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	if (!p->dnat_at)
		return -ENOMEM;
	for (z = 0; z < p->nz; z++) {
		p->dnat_at[z] = n;
		for (i = 0; i < p->nrules; i++) {
			if (!(i & 1023))
				cond_resched();
			if (!zonefw_is_dnat(p->rules[i]) || !sends(p, p->rules[i], z))
				continue;
			if (n == room) {
				u32 *more = kvmalloc_array(2 * room + 16, sizeof(u32), GFP_KERNEL_ACCOUNT);

				if (!more)
					return -ENOMEM;
				if (n)
					memcpy(more, p->dnat_list, n * sizeof(u32));
				kvfree(p->dnat_list);
				p->dnat_list = more;
				room = 2 * room + 16;
			}
			p->dnat_list[n++] = i;
		}
	}
	p->dnat_at[p->nz] = n;
	return 0;
}

/* Options add up: a pair has those of every block that covers it. */
static void options_build(struct zonefw_policy *p, const struct zonefw_celldef *d)
{
	u16 f, t;

	for (f = 0; d->options && f < p->nz; f++) {
		if (!covers(p, &d->from, 1, f))
			continue;
		for (t = 0; t < p->nz; t++)
			if (covers(p, &d->to, 1, t))
				zonefw_cell(p, f, t)->options |= d->options;
	}
}

/**
 * zonefw_natplan_end() - behind the cells
 * @p: policy with its cells filled
 *
 * Return: 0 or -ENOMEM.
 */
int zonefw_natplan_end(struct zonefw_policy *p)
{
	int err;
	u32 i;

	for (i = 0; i < p->ndefs; i++) {
		options_build(p, &p->defs[i]);
		cond_resched();
	}
	err = p->dnat ? lists_build(p) : 0;
	p->book->dnat_at = p->dnat_at;
	p->book->dnat_list = p->dnat_list;
	return err;
}

/**
 * zonefw_natplan_free() - what the above has allocated
 * @p: policy that goes
 */
void zonefw_natplan_free(struct zonefw_policy *p)
{
	kvfree(p->reach);	/* the rest is the book's */
}
