// SPDX-License-Identifier: GPL-2.0
/*
 * A compiled cell and a patch against the oracle: after each of many random
 * changes, the order of the rules is that of a plain list that was changed
 * alike, and each rule that matches is found, in that order, then none.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/patch.h"
#include "core/table.h"
#include "oracle.h"
#include "rulegen.h"
#include "table_test.h"

#define MORE	80u	/* slots for added rules */

/* The plain list. */
struct list {
	u32 slot[512], n;
	bool other[512];	/* by slot: the rule is of other zones */
};

static void list_put(struct list *l, u32 at, u32 slot)
{
	memmove(&l->slot[at + 1], &l->slot[at], (l->n - at) * sizeof(*l->slot));
	l->slot[at] = slot;
	l->n++;
}

static void list_take(struct list *l, u32 at)
{
	l->n--;
	memmove(&l->slot[at], &l->slot[at + 1], (l->n - at) * sizeof(*l->slot));
}

static void order_check(const struct zonefw_patch *p, const struct list *l)
{
	struct zonefw_turn t = { 0 };
	u32 place, i = 0;

	for (place = 0; place < p->base + p->nadded; place++) {
		u32 slot = zonefw_patch_slot(p, place);

		if (slot == ZONEFW_PATCH_NONE)
			continue;
		assert_true(i < l->n);
		assert_int_equal(slot, l->slot[i++]);
		assert_int_equal(zonefw_patch_place(p, slot), place);
		assert_int_equal(zonefw_patch_next(p, &t), slot);
		assert_int_equal(t.slot + t.added - 1, place);
	}
	assert_int_equal(i, l->n);
	assert_int_equal(zonefw_patch_next(p, &t), ZONEFW_PATCH_NONE);
}

static u32 lookup_check(const struct ruleset *s, const struct zonefw_cell *c, const struct list *l)
{
	struct zonefw_cursor cur;
	struct zonefw_key k;
	u32 i, found = 0;

	rulegen_key(s, &k);
	zonefw_cursor_init(&cur);
	for (i = 0; i < l->n; i++) {
		u32 slot = l->slot[i];

		if (l->other[slot] || !oracle_match(&s->rule[slot], &k))
			continue;
		found++;
		assert_ptr_equal(zonefw_cell_next(s->rules, c, &k, &cur), s->rules[slot]);
		assert_int_equal(cur.slot, slot + 1);
	}
	assert_null(zonefw_cell_next(s->rules, c, &k, &cur));
	assert_null(zonefw_cell_next(s->rules, c, &k, &cur));
	return found;
}

static struct zonefw_added added(struct list *l, u32 slot)
{
	struct zonefw_added a = { .slot = slot, .from = { 1u << 3 }, .to = { 0, 1u << 4 } };

	l->other[slot] = !rulegen_random(5);
	if (l->other[slot])
		a.from[0] = 1u << 4;
	return a;
}

/* One change, in the patch and in the list; false when there is no room for it. */
static bool change(struct zonefw_patch *p, struct list *l, u32 *next)
{
	u32 at = l->n ? rulegen_random(l->n) : 0, slot, place;
	struct zonefw_added a;

	if (l->n && rulegen_random(2)) {
		if (!zonefw_patch_del(p, zonefw_patch_place(p, l->slot[at])))
			return false;
		list_take(l, at);
		return true;
	}
	slot = (*next)++;
	a = added(l, slot);
	switch (l->n ? rulegen_random(4) : 0) {
	case 0:
		at = l->n;
		place = p->base + p->nadded;
		break;
	case 1:
		at = place = 0;
		break;
	case 2:
		place = zonefw_patch_place(p, l->slot[at]);
		break;
	default:
		place = zonefw_patch_place(p, l->slot[at++]) + 1;
	}
	if (!zonefw_patch_add(p, place, &a))
		return false;
	list_put(l, at, slot);
	return true;
}

static u32 changes(enum rulegen_kind kind, u32 n, u8 family)
{
	struct ruleset *s = rulegen_make(kind, n + MORE, family);
	struct zonefw_patch p = { .base = n };
	struct zonefw_cell c = { .patch = &p, .from = 3, .to = 36, .nrules = n };
	u32 *all = calloc(n + 1, sizeof(*all)), next = n, found = 0, i;
	struct zonefw_list in = { .rules = s->rules, .index = all, .n = n };
	struct list l = { .n = n };

	for (i = 0; i < n; i++)
		all[i] = l.slot[i] = i;
	c.tables[c.ntables++] = zonefw_table_build(&in);
	assert_non_null(c.tables[0]);
	do {
		order_check(&p, &l);
		for (i = 0; i < 10; i++)
			found += lookup_check(s, &c, &l);
	} while (next < n + MORE && change(&p, &l, &next));
	zonefw_table_free(c.tables[0]);
	free(all);
	rulegen_free(s);
	return found;
}

void test_patch_oracle(void **unused)
{
	static const u32 sizes[] = { 0, 1, 2, 7, 40, 300 };
	u32 found = 0;
	int kind, i;

	(void)unused;
	for (kind = 0; kind < RG_KINDS; kind++)
		for (i = 0; i < 6 * 4; i++)
			found += changes(kind, sizes[i % 6], i & 8 ? 6 : 4);
	assert_true(found > 1000);
}
