// SPDX-License-Identifier: GPL-2.0
/*
 * Compiling a list of rules into a table, and its end; see table.h. Each
 * allocation may fail, and then nothing is left behind. May sleep.
 */
#include "table.h"

#define BOXES_MAX	(1u << 24)	/* of one family in one table */

static void parts_free(const struct zonefw_parts *p)
{
	zonefw_mem_put(p->nodes);
	zonefw_mem_put(p->items);
	zonefw_mem_put(p->boxes);
}

static int boxes_build(const struct zonefw_list *l, u8 family, struct zonefw_parts *p)
{
	u64 n = 0;
	u32 i, *to;

	for (i = 0; i < l->n; i++)
		n += zonefw_boxes_count(l->rules[l->index[i]], family);
	if (n > BOXES_MAX)
		return -1;
	p->nboxes = n;
	to = zonefw_mem_get((n + 1) * zonefw_box_size(family) * sizeof(u32));
	if (!to)
		return -1;
	p->boxes = to;
	((struct zonefw_box *)to)->rule = ZONEFW_END;
	to += zonefw_box_size(family);
	for (i = 0; i < l->n; i++) {
		u32 rule = l->index[i];

		to = zonefw_boxes_fill(l->rules[rule], family, rule, to);
		if (!(i & 255))
			zonefw_breathe();
	}
	return 0;
}

/* A side's block: where its leaves and its boxes begin, and its size, in u32. */
static u32 leaves_at(const struct zonefw_parts *p)
{
	return p->nnodes * (sizeof(*p->nodes) / sizeof(u32));
}

static u32 boxes_at(const struct zonefw_parts *p)
{
	return leaves_at(p) + p->nitems;
}

static size_t block_size(const struct zonefw_parts *p, u32 unit)
{
	return boxes_at(p) + (p->nboxes + 1ull) * unit;
}

/* Puts a side together at @at; returns what is behind it. */
static u32 *side_fill(struct zonefw_side *s, const struct zonefw_parts *p, u32 unit, u32 *at)
{
	struct zonefw_node *nodes = (struct zonefw_node *)at;
	u32 leaves = leaves_at(p), boxes = boxes_at(p), i;

	for (i = 0; i < p->nnodes; i++) {
		nodes[i] = p->nodes[i];
		nodes[i].base += nodes[i].mask ? 0 : leaves;
	}
	for (i = 0; i < p->nitems; i++)
		at[leaves + i] = boxes + p->items[i];
	memcpy(at + boxes, p->boxes, (p->nboxes + 1ull) * unit * sizeof(*at));
	*s = (struct zonefw_side){ nodes, p->ntrees, p->nboxes, boxes + unit };
	return at + block_size(p, unit);
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
	struct zonefw_parts v4 = { }, v6 = { };
	struct zonefw_table *t = NULL;
	size_t bytes;
	u32 *at;

	if (boxes_build(l, 4, &v4) || zonefw_trees_build(&v4, ZONEFW_WORDS4) ||
	    boxes_build(l, 6, &v6) || zonefw_trees_build(&v6, ZONEFW_WORDS6))
		goto out;
	bytes = sizeof(*t) + (block_size(&v4, ZONEFW_BOX4) + block_size(&v6, ZONEFW_BOX6)) * sizeof(*at);
	t = zonefw_mem_get(bytes);
	if (!t)
		goto out;
	t->bytes = bytes;
	at = side_fill(&t->side[0], &v4, ZONEFW_BOX4, (u32 *)(t + 1));
	side_fill(&t->side[1], &v6, ZONEFW_BOX6, at);
out:
	parts_free(&v4);
	parts_free(&v6);
	return t;
}

void zonefw_table_free(const struct zonefw_table *t)
{
	zonefw_mem_put(t);
}
