// SPDX-License-Identifier: GPL-2.0
/* Books of rules; see book.h. Process context, may sleep. */
#include <linux/mm.h>
#include <linux/sched.h>
#include "book.h"

/**
 * zonefw_book_alloc() - an empty book
 * @room: slots
 *
 * Return: the book with one reference, or NULL.
 */
struct zonefw_book *zonefw_book_alloc(u32 room)
{
	struct zonefw_book *b = kvzalloc(struct_size(b, rule, room), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	refcount_set(&b->ref, 1);
	b->room = room;
	return b;
}

void zonefw_book_put(struct zonefw_book *b)
{
	u32 i;

	if (!b || !refcount_dec_and_test(&b->ref))
		return;
	for (i = 0; i < b->room; i++) {
		zonefw_rule_put(b->rule[i]);
		if (!(i & 255))
			cond_resched();
	}
	zonefw_tables_free(&b->tables);
	kvfree(b->dnat_at);
	kvfree(b->dnat_list);
	kvfree(b);
}

/**
 * zonefw_rule_rank() - a rule's number in rule order
 * @p: policy
 * @slot: its slot + 1, or 0
 *
 * Return: its number from 1, or 0.
 */
u32 zonefw_rule_rank(const struct zonefw_policy *p, u32 slot)
{
	u32 place, i, gone = 0;

	if (!slot || !p->patch)
		return slot;
	place = zonefw_patch_place(p->patch, slot - 1);
	for (i = 0; i < p->patch->ngone; i++)
		gone += zonefw_patch_place(p->patch, p->patch->gone[i]) < place;
	return place - gone + 1;
}
