// SPDX-License-Identifier: GPL-2.0
/*
 * A policy made of another by a change of single rules. It borrows from the
 * stem, the policy that came whole, all that such a change leaves alone: zones,
 * defaults, options, sets. Rules are shared one by one. Process context; nobody
 * sees the new policy before publish.c stores the pointer.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <net/netlink.h>
#include "fork.h"
#include "live.h"

struct zonefw_rule *zonefw_rule_get(struct zonefw_rule *r)
{
	refcount_inc(&r->ref);
	return r;
}

static void borrow(struct zonefw_policy *p, struct zonefw_policy *stem)
{
	refcount_inc(&stem->kin);
	p->stem = stem;
	p->nz = stem->nz;
	p->zones = stem->zones;
	p->parent = stem->parent;
	p->defs = stem->defs;
	p->ndefs = stem->ndefs;
	p->opt = stem->opt;
	p->extra = stem->extra;
	p->sets = stem->sets;
	p->nsets = stem->nsets;
	p->elems = stem->elems;
	p->nelems = stem->nelems;
	p->frame_digest = stem->frame_digest;
	p->max_blob = stem->max_blob;
}

/**
 * zonefw_policy_fork() - a policy with the same rules, to be changed
 * @old: policy; the caller holds a reference
 * @room: rules that may be added
 *
 * A rule whose time is over does not come along.
 *
 * Return: the policy with one reference, or NULL.
 */
struct zonefw_policy *zonefw_policy_fork(struct zonefw_policy *old, u32 room)
{
	struct zonefw_policy *p = kvzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	u32 i, n = (u32)old->nz * old->nz;

	if (!p)
		return NULL;
	refcount_set(&p->ref, 1);
	borrow(p, old->stem);
	p->max_blob = old->max_blob;
	p->rules = kvcalloc(old->nrules + room + 1, sizeof(*p->rules), GFP_KERNEL_ACCOUNT);
	p->cells = kvcalloc(n, sizeof(*p->cells), GFP_KERNEL_ACCOUNT);
	if (!p->rules || !p->cells) {
		zonefw_policy_put(p);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		p->cells[i].ident = zonefw_ident_get(old->cells[i].ident);
		p->cells[i].def = old->cells[i].def;
	}
	for (i = 0; i < old->nrules; i++) {
		if (!zonefw_live_expired(old->rules[i]))
			p->rules[p->nrules++] = zonefw_rule_get(old->rules[i]);
		cond_resched();
	}
	return p;
}

static bool has_name(const struct zonefw_rule *r, const char *name)
{
	const struct nlattr *at = r->named ? nla_find_nested(r->blob, ZONEFW_AR_NAME) : NULL;

	return at && !strcmp(nla_data(at), name);
}

/**
 * zonefw_rule_find() - a rule of a policy
 * @p: policy
 * @id: its number, when @name is NULL
 * @name: its name
 *
 * Return: index, or -1.
 */
int zonefw_rule_find(const struct zonefw_policy *p, u32 id, const char *name)
{
	u32 i;

	for (i = 0; i < p->nrules; i++)
		if (name ? has_name(p->rules[i], name) : p->rules[i]->ident->id == id)
			return i;
	return -1;
}

/* Takes the caller's reference over; there is room. */
void zonefw_rule_insert(struct zonefw_policy *p, u32 at, struct zonefw_rule *r)
{
	memmove(&p->rules[at + 1], &p->rules[at], (p->nrules - at) * sizeof(*p->rules));
	p->rules[at] = r;
	p->nrules++;
}

/* Return: the rule with the policy's reference. */
struct zonefw_rule *zonefw_rule_take(struct zonefw_policy *p, u32 at)
{
	struct zonefw_rule *r = p->rules[at];

	p->nrules--;
	memmove(&p->rules[at], &p->rules[at + 1], (p->nrules - at) * sizeof(*p->rules));
	return r;
}
