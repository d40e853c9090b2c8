// SPDX-License-Identifier: GPL-2.0
/*
 * Compiling a list of rules into a table, and its end; see table.h. Each
 * allocation may fail, and then nothing is left behind. May sleep.
 */
#include "table.h"

#define BOXES_MAX	(1u << 24)	/* of one family in one table */

static u32 unit_of(u8 family)
{
	return family == 4 ? ZONEFW_BOX4 : ZONEFW_BOX6;
}

static void side_free(const struct zonefw_side *s)
{
	zonefw_mem_put(s->nodes);
	zonefw_mem_put(s->items);
	zonefw_mem_put(s->boxes);
}

static int boxes_build(const struct zonefw_list *l, u8 family, struct zonefw_side *s)
{
	u64 n = 0;
	u32 i, *to;

	for (i = 0; i < l->n; i++)
		n += zonefw_boxes_count(l->rules[l->index[i]], family);
	if (n > BOXES_MAX)
		return -1;
	s->nboxes = n;
	to = zonefw_mem_get((n ? n : 1) * unit_of(family) * sizeof(u32));
	if (!to)
		return -1;
	s->boxes = to;
	for (i = 0; i < l->n; i++) {
		u32 rule = l->index[i];

		to = zonefw_boxes_fill(l->rules[rule], family, rule, to);
		if (!(i & 255))
			zonefw_breathe();
	}
	return 0;
}

static size_t side_bytes(const struct zonefw_side *s, u32 unit)
{
	return (s->nnodes * sizeof(*s->nodes)) +
	       ((size_t)s->nitems + (size_t)s->nboxes * unit) * sizeof(u32);
}

/* Moves a side into the table's one block, at @at. */
static u8 *side_move(struct zonefw_side *to, const struct zonefw_side *from, u32 unit, u8 *at)
{
	size_t nodes = from->nnodes * sizeof(*from->nodes);
	size_t items = from->nitems * sizeof(u32), boxes = (size_t)from->nboxes * unit * sizeof(u32);

	*to = *from;
	to->nodes = memcpy(at, from->nodes, nodes);
	to->items = memcpy(at + nodes, from->items, items);
	to->boxes = memcpy(at + nodes + items, from->boxes, boxes);
	return at + nodes + items + boxes;
}

/**
 * zonefw_table_build() - compile a list of rules
 * @l: rules, ascending
 *
 * Context: may sleep.
 * Return: the table, or NULL when memory is short.
 */
struct zonefw_table *zonefw_table_build(const struct zonefw_list *l)
{
	struct zonefw_side v4 = { }, v6 = { };
	struct zonefw_table *t = NULL;
	size_t bytes;
	u8 *at;

	if (boxes_build(l, 4, &v4) || zonefw_trees_build(&v4, ZONEFW_WORDS4) ||
	    boxes_build(l, 6, &v6) || zonefw_trees_build(&v6, ZONEFW_WORDS6))
		goto out;
	bytes = sizeof(*t) + side_bytes(&v4, ZONEFW_BOX4) + side_bytes(&v6, ZONEFW_BOX6);
	t = zonefw_mem_get(bytes);
	if (!t)
		goto out;
	t->bytes = bytes;
	at = side_move(&t->side[0], &v4, ZONEFW_BOX4, (u8 *)(t + 1));
	side_move(&t->side[1], &v6, ZONEFW_BOX6, at);
out:
	side_free(&v4);
	side_free(&v6);
	return t;
}

void zonefw_table_free(const struct zonefw_table *t)
{
	zonefw_mem_put(t);
}
