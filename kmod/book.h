/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The book of rules: rules by slot, and their compiled form. It is shared by the
 * policies that differ in a few rules only (core/patch.h): a slot is written
 * once, and what a policy may look at is bounded by its own nrules.
 */
#ifndef ZONEFW_BOOK_H
#define ZONEFW_BOOK_H
#include "core/patch.h"
#include "zonefw.h"

/**
 * struct zonefw_book - rules and tables, shared by policies
 * @ref: policies
 * @used: slots that some policy has had; written under the namespace's lock
 * @room: slots there are
 * @tables: compiled rules of all cells
 * @dnat_at: see struct zonefw_policy, likewise @dnat_list
 * @rule: with a reference each
 */
struct zonefw_book {
	refcount_t ref;
	u32 used, room;
	struct zonefw_tables tables;
	u32 *dnat_at, *dnat_list;
	struct zonefw_rule *rule[];
};

/* Places in rule order, those of gone rules included. */
static inline u32 zonefw_places(const struct zonefw_policy *p)
{
	return p->patch ? p->patch->base + p->patch->nadded : p->nrules;
}

static inline u32 zonefw_rules_count(const struct zonefw_policy *p)
{
	return p->patch ? p->patch->base + p->patch->nadded - p->patch->ngone : p->nrules;
}

/* NULL: the rule of that place is gone. */
static inline struct zonefw_rule *zonefw_rule_at(const struct zonefw_policy *p, u32 place)
{
	u32 slot = p->patch ? zonefw_patch_slot(p->patch, place) : place;

	return slot == ZONEFW_PATCH_NONE ? NULL : p->rules[slot];
}

/* The next rule in rule order; @t begins zeroed. NULL at the end. */
static inline struct zonefw_rule *zonefw_rule_next(const struct zonefw_policy *p,
						   struct zonefw_turn *t)
{
	u32 slot;

	if (!p->patch)
		return t->slot < p->nrules ? p->rules[t->slot++] : NULL;
	slot = zonefw_patch_next(p->patch, t);
	return slot == ZONEFW_PATCH_NONE ? NULL : p->rules[slot];
}

struct zonefw_book *zonefw_book_alloc(u32 room);
void zonefw_book_put(struct zonefw_book *b);
u32 zonefw_rule_rank(const struct zonefw_policy *p, u32 slot);

/* shelf.c */
struct zonefw_shelf *zonefw_shelf_alloc(const struct zonefw_rule *like, const void *image,
					u32 bytes, u32 n);
void zonefw_shelf_put(struct zonefw_shelf *s);
const struct nlattr *zonefw_rule_sent(const struct zonefw_rule *r, u32 *buf);

#define ZONEFW_SPARE	64u	/* slots for rules that come by patches */

/* fork.c */
void zonefw_fork_free(struct zonefw_policy *p);
struct zonefw_policy *zonefw_policy_fork(struct zonefw_policy *old);
int zonefw_fork_flatten(struct zonefw_policy *p, u32 room);
bool zonefw_fork_rides(const struct zonefw_policy *p, const struct zonefw_rule *r);
struct zonefw_rule *zonefw_rule_get(struct zonefw_rule *r);
u8 zonefw_name_hash(const char *name);
int zonefw_rule_find(const struct zonefw_policy *p, u32 id, const char *name);
void zonefw_rule_insert(struct zonefw_policy *p, u32 place, struct zonefw_rule *r);
void zonefw_rule_remove(struct zonefw_policy *p, u32 place);

#endif
