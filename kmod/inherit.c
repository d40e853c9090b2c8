// SPDX-License-Identifier: GPL-2.0
/*
 * What a policy takes over from the one before: the identities, with their
 * counters, of rules whose ids it names and of cells between zones of the same
 * name. Process context; the policy before is held by a reference, no lock.
 */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "zonefw.h"

/* Identities of the policy before, by id: open addressing, at most half full. */
struct place {
	struct zonefw_ident *ident;
	bool taken;
};

struct places {
	struct place *v;
	u32 bits;
};

static struct place *place_of(const struct places *t, u32 id)
{
	u32 i = hash_32(id, t->bits), mask = (1u << t->bits) - 1;

	while (t->v[i].ident && t->v[i].ident->id != id)
		i = (i + 1) & mask;
	return &t->v[i];
}

static int places_fill(struct places *t, const struct zonefw_policy *old)
{
	u32 i;

	t->bits = 4;
	while (old && 1u << t->bits < 2 * old->nrules)
		t->bits++;
	t->v = kvcalloc(1u << t->bits, sizeof(*t->v), GFP_KERNEL_ACCOUNT);
	if (!t->v)
		return -ENOMEM;
	for (i = 0; old && i < old->nrules; i++)
		place_of(t, old->rules[i]->ident->id)->ident = old->rules[i]->ident;
	return 0;
}

/* A kept id takes its counters along; each id may be taken once. */
static int rules_idents(struct zonefw_policy *p, const struct zonefw_policy *old, const u32 *want,
			u32 next_id, struct netlink_ext_ack *extack)
{
	struct places t;
	int err = places_fill(&t, old);
	u32 i;

	for (i = 0; i < p->nrules && !err; i++) {
		struct place *at = want[i] ? place_of(&t, want[i]) : NULL;

		if (at && (!at->ident || at->taken)) {
			NL_SET_ERR_MSG(extack, "a rule names an id that is not in force, or twice");
			err = -EINVAL;
			break;
		}
		if (at)
			at->taken = true;
		p->rules[i]->ident = at ? zonefw_ident_get(at->ident) : zonefw_ident_alloc(next_id++);
		if (!p->rules[i]->ident)
			err = -ENOMEM;
		cond_resched();
	}
	kvfree(t.v);
	return err;
}

static int zone_find(const struct zonefw_policy *p, const char *name)
{
	u16 z;

	for (z = 0; p && z < p->nz; z++)
		if (!strcmp(p->zones[z].name, name))
			return z;
	return -1;
}

/* Counters follow the names of the zones, not their numbers. */
static int cells_idents(struct zonefw_policy *p, const struct zonefw_policy *old)
{
	s16 was[ZONEFW_ZONES_MAX + 1];
	u16 f, t;

	for (f = 0; f < p->nz; f++)
		was[f] = zone_find(old, p->zones[f].name);
	for (f = 0; f < p->nz; f++)
		for (t = 0; t < p->nz; t++) {
			struct zonefw_cell *c = zonefw_cell(p, f, t);

			c->ident = was[f] >= 0 && was[t] >= 0 ?
				zonefw_ident_get(zonefw_cell(old, was[f], was[t])->ident) :
				zonefw_ident_alloc(0);
			if (!c->ident)
				return -ENOMEM;
			cond_resched();
		}
	return 0;
}

/**
 * zonefw_inherit() - identities for all rules and cells of a policy
 * @p: policy with its objects filled in
 * @old: the policy before, or NULL
 * @want: per rule the id to keep, or 0 for a new one
 * @next_id: the first of as many ids as @want has zeroes
 * @extack: refusal
 *
 * Return: 0, -ENOMEM or -EINVAL; zonefw_disinherit() undoes also a part of it.
 */
int zonefw_inherit(struct zonefw_policy *p, const struct zonefw_policy *old, const u32 *want,
		   u32 next_id, struct netlink_ext_ack *extack)
{
	int err = rules_idents(p, old, want, next_id, extack);

	return err ? err : cells_idents(p, old);
}

/**
 * zonefw_disinherit() - give the identities back
 * @p: policy that nobody sees
 */
void zonefw_disinherit(struct zonefw_policy *p)
{
	u32 i;

	for (i = 0; i < p->nrules; i++)
		if (p->rules[i]) {
			zonefw_ident_put(p->rules[i]->ident);
			p->rules[i]->ident = NULL;
			cond_resched();
		}
	for (i = 0; p->cells && i < (u32)p->nz * p->nz; i++) {
		zonefw_ident_put(p->cells[i].ident);
		p->cells[i].ident = NULL;
	}
}
