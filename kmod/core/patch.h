/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A few changes to a compiled list of rules, without compiling it again.
 *
 * Rules are known by slots: the compiled ones by their index, those added since
 * by the slots behind. A patch says which compiled rules are gone, and which
 * rules were added in front of which compiled one. A lookup takes from both in
 * rule order: the compiled part by its trees, the few added rules one by one.
 *
 * A place is a rule's position in rule order, counted over compiled rules, gone
 * ones included, and added ones. Example: of rules 0 1 2, rule 1 is gone, and
 * slot 3 was added in front of it: places 0 to 3 are slots 0, 3, (1), 2.
 */
#ifndef ZONEFW_PATCH_H
#define ZONEFW_PATCH_H

#include "model.h"

#define ZONEFW_PATCH_MAX	32u	/* added rules, and gone ones; more are compiled */
#define ZONEFW_PATCH_WORDS	8u	/* 251 zones */
#define ZONEFW_PATCH_NONE	(~0u)

/* An added rule: in front of compiled rule @before, and the zones it covers. */
struct zonefw_added {
	u32 before, slot;
	u32 from[ZONEFW_PATCH_WORDS], to[ZONEFW_PATCH_WORDS];
};

/**
 * struct zonefw_patch - what has changed since the rules were compiled
 * @base: slots below are those of compiled rules
 * @added: in rule order
 * @gone: compiled rules, ascending
 */
struct zonefw_patch {
	u32 base, nadded, ngone;
	struct zonefw_added added[ZONEFW_PATCH_MAX];
	u32 gone[ZONEFW_PATCH_MAX];
};

/* A walk over all rules in rule order, from zeroes on. */
struct zonefw_turn {
	u32 slot, added, gone;
};

static inline bool zonefw_patch_covers(const struct zonefw_added *a, u16 from, u16 to)
{
	return a->from[from / 32] >> from % 32 & a->to[to / 32] >> to % 32 & 1;
}

bool zonefw_patch_gone(const struct zonefw_patch *p, u32 slot);
u32 zonefw_patch_slot(const struct zonefw_patch *p, u32 place);
u32 zonefw_patch_place(const struct zonefw_patch *p, u32 slot);
u32 zonefw_patch_next(const struct zonefw_patch *p, struct zonefw_turn *t);
bool zonefw_patch_add(struct zonefw_patch *p, u32 place, const struct zonefw_added *a);
bool zonefw_patch_del(struct zonefw_patch *p, u32 place);

#endif
