// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of a cell that match a packet, in rule order: down the trees of the
 * cell's tables once, then along their leaves together. Const data, no lock, no
 * allocation, no sleeping; the stack is the caller's cursor. See table.h.
 */
#include "patch.h"
#include "table.h"

static u32 be32_at(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/**
 * zonefw_point() - a packet as a point
 * @k: packet
 * @v: out: ZONEFW_DIMS coordinates; of IPv4 the first five
 */
void zonefw_point(const struct zonefw_key *k, u32 *v)
{
	u32 i;

	v[ZONEFW_D_PROTO] = k->proto << 8 | k->type;
	v[ZONEFW_D_DPORT] = k->dport;
	v[ZONEFW_D_SPORT] = k->sport;
	v += ZONEFW_D_ADDR;
	if (k->family == 4) {
		v[0] = be32_at(k->dst);
		v[1] = be32_at(k->src);
		return;
	}
	for (i = 0; i < 4; i++) {
		v[i] = be32_at(k->dst + 12 - 4 * i);
		v[4 + i] = be32_at(k->src + 12 - 4 * i);
	}
}

static inline const u32 *leaf_of(const struct zonefw_side *s, const struct zonefw_node *n,
				 const u32 *v)
{
	while (n->mask)
		n = &s->nodes[n->base + (v[n->dim] >> n->shift & n->mask)];
	return (const u32 *)s->nodes + n->base;
}

static void start(const struct zonefw_cell *cell, const struct zonefw_key *key,
		  struct zonefw_cursor *cur)
{
	u32 i, k;

	zonefw_point(key, cur->v);
	cur->started = true;
	cur->base = 0;
	cur->added = 0;
	for (i = 0; i < cell->ntables; i++) {
		const struct zonefw_side *s = &cell->tables[i]->side[key->family == 6];

		for (k = 0; k < s->ntrees; k++)
			cur->strand[cur->n++] =
				(struct zonefw_strand){ s->nodes, leaf_of(s, &s->nodes[k], cur->v) };
	}
}

/* In 16 bits, which are fewer instructions than 32. */
static inline bool port_in(const struct zonefw_box *b, const u32 *v, u32 d)
{
	return (u16)(v[d] - b->lo[d]) <= b->len[d];
}

static inline bool ports_in(const struct zonefw_box *b, const u32 *v)
{
	return port_in(b, v, ZONEFW_D_DPORT) && port_in(b, v, ZONEFW_D_PROTO) &&
	       port_in(b, v, ZONEFW_D_SPORT);
}

static inline bool word_in(const struct zonefw_box *b, const u32 *v, u32 i)
{
	return v[ZONEFW_D_ADDR + i] - b->addr[2 * i] <= b->addr[2 * i + 1];
}

static inline bool box_has4(const struct zonefw_box *b, const u32 *v)
{
	return word_in(b, v, 0) && word_in(b, v, 1) && ports_in(b, v);
}

/* Half an address: the destination's lower is 0, the source's higher is 3. */
static inline bool half_in(const struct zonefw_box *b, const u32 *v, u32 i)
{
	return zonefw_wide_at(&v[ZONEFW_D_ADDR + 2 * i]) - zonefw_wide_at(&b->addr[4 * i]) <=
	       zonefw_wide_at(&b->addr[4 * i + 2]);
}

static inline bool box_has6(const struct zonefw_box *b, const u32 *v)
{
	return half_in(b, v, 1) && half_in(b, v, 3) && half_in(b, v, 0) && ports_in(b, v) &&
	       half_in(b, v, 2);
}

/* To the strand's next box that has the packet; not past rule @max. */
static const struct zonefw_box *advance(struct zonefw_strand *s, const struct zonefw_cursor *cur,
					const struct zonefw_key *key, u32 max)
{
	for (;; s->at++) {
		const struct zonefw_box *b = zonefw_box_at(s->from, *s->at);

		if (b->rule >= max)
			return NULL;
		if (b->rule < cur->base)	/* another box of a rule that was served */
			continue;
		if ((key->family == 4 ? box_has4(b, cur->v) : box_has6(b, cur->v)) &&
		    !(b->need & ~key->flags))
			return b;
	}
}

/* The next compiled rule that matches: @cur->base - 1. */
static const struct zonefw_rule *compiled_next(struct zonefw_rule *const *rules,
					       const struct zonefw_cell *cell,
					       struct zonefw_key *key, struct zonefw_cursor *cur)
{
	const struct zonefw_box *best, *b;
	u32 i;

	if (!cur->started)
		start(cell, key, cur);
	for (;;) {
		best = NULL;
		for (i = 0; i < cur->n; i++) {
			b = advance(&cur->strand[i], cur, key, best ? best->rule : ZONEFW_END);
			if (b)
				best = b;
		}
		if (!best)
			return NULL;
		cur->base = best->rule + 1;
		if (cell->parent && !zonefw_rule_between(cell->parent, rules[best->rule],
							 cell->from, cell->to))
			continue;	/* of a loose table; see share.h */
		if (best->exact || zonefw_rule_match(rules[best->rule], key))
			return rules[best->rule];
	}
}

/* From both the compiled and the added rules, in rule order; see patch.h. */
static const struct zonefw_rule *patched_next(struct zonefw_rule *const *rules,
					      const struct zonefw_cell *cell,
					      struct zonefw_key *key, struct zonefw_cursor *cur)
{
	const struct zonefw_patch *p = cell->patch;
	const struct zonefw_rule *r;

	while (!cur->waits) {
		r = compiled_next(rules, cell, key, cur);
		if (!r)
			cur->base = p->base + 1;	/* behind the last */
		cur->waits = !r || !zonefw_patch_gone(p, cur->base - 1);
	}
	while (cur->added < p->nadded && p->added[cur->added].before < cur->base) {
		const struct zonefw_added *a = &p->added[cur->added++];

		if (!zonefw_patch_covers(a, cell->from, cell->to) ||
		    !zonefw_rule_match(rules[a->slot], key))
			continue;
		cur->slot = a->slot + 1;
		return rules[a->slot];
	}
	if (cur->base > p->base)
		return NULL;
	cur->waits = false;
	cur->slot = cur->base;
	return rules[cur->slot - 1];
}

/**
 * zonefw_cell_next() - the next rule of a cell that matches, in rule order
 * @rules: all rules of the policy
 * @cell: the zone pair's cell
 * @key: packet
 * @cur: where to go on; zonefw_cursor_init() at first
 *
 * Return: the rule, or NULL when none is left: the cell's default decides.
 */
const struct zonefw_rule *zonefw_cell_next(struct zonefw_rule *const *rules,
					   const struct zonefw_cell *cell,
					   struct zonefw_key *key, struct zonefw_cursor *cur)
{
	const struct zonefw_rule *r;

	if (cell->patch)
		return patched_next(rules, cell, key, cur);
	r = compiled_next(rules, cell, key, cur);
	if (r)
		cur->slot = cur->base;
	return r;
}

static __always_inline const struct zonefw_box *first(const struct zonefw_cell *cell, const u32 *v,
						      bool v6)
{
	const struct zonefw_table *const *t;
	const struct zonefw_box *best = NULL, *b;
	const struct zonefw_node *root;
	u32 before = ZONEFW_END, k;
	const u32 *at;

	for (t = cell->tables; *t; t++) {
		const struct zonefw_side *s = &(*t)->side[v6];

		for (k = s->ntrees, root = s->nodes; k; k--, root++)
			for (at = leaf_of(s, root, v);; at++) {
				b = zonefw_box_at(s->nodes, *at);
				if (b->rule >= before)
					break;
				if (!(v6 ? box_has6(b, v) : box_has4(b, v)))
					continue;
				before = b->rule;
				best = b;
				break;
			}
	}
	return best;
}

/**
 * zonefw_cell_first4() - the first box of a cell that has a packet of TCP or UDP over IPv4
 * @cell: the zone pair's cell, without a patch or loose table
 * @v: the packet as a point
 *
 * Return: the box, whose rule decides if it is exact and has no live predicates; NULL:
 * no rule matches. Nothing is known of rules behind a box that is not exact.
 */
const struct zonefw_box *zonefw_cell_first4(const struct zonefw_cell *cell, const u32 *v)
{
	return first(cell, v, false);
}

/* Likewise of IPv6. Each family has its own copy of the code. */
const struct zonefw_box *zonefw_cell_first6(const struct zonefw_cell *cell, const u32 *v)
{
	return first(cell, v, true);
}
