// SPDX-License-Identifier: GPL-2.0
/*
 * Compiling the rules of all cells; see share.h. Process context, may sleep;
 * each allocation may fail, and then nothing is left behind.
 */
#include "share.h"

#define MASK_WORDS	8u		/* 251 zones */
#define SHARE_MIN	32u		/* a class of so many rules has a table of its own */
#define SHARED_MAX	(ZONEFW_TABLES_MAX - 1)
#define COVER_MAX	(64u << 20)	/* classes times their cells */
#define NONE		(~0u)
#define LONG_BITS	(8 * (u32)sizeof(long))

struct mask {
	u32 w[MASK_WORDS];
};

/* Rules that cover the same pairs: @first of by_class, and the next ones. */
struct rule_class {
	struct mask from, to;
	u32 first, n, cells;
	bool shared, loose;
};

struct work {
	const struct zonefw_zoning *z;
	struct zonefw_cell *cells;
	struct zonefw_tables *out;
	struct mask *below;	/* by zone: itself and its sub-zones */
	struct rule_class *class;
	u32 nclass;
	u32 *hash, hash_mask;	/* class + 1, or 0 */
	u32 *of_rule;		/* class of each rule */
	u32 *by_class;		/* rules, class by class */
	u32 *start, *cover;	/* by cell: its classes without a table of their own */
	u32 *twin;		/* hash of cells by their classes: cell + 1, or 0 */
	u32 twin_mask;
	u32 *scratch;		/* a list of rules */
	u64 budget;		/* entries that tables of single cells may still have */
};

static bool has(const struct mask *m, u32 z)
{
	return m->w[z / 32] >> (z % 32) & 1;
}

static u32 weight(const struct mask *m, u32 nz)
{
	u32 z, n = 0;

	for (z = 0; z < nz; z++)
		n += has(m, z);
	return n;
}

static void below_fill(struct work *w)
{
	u32 z, up;

	for (z = 0; z < w->z->nz; z++) {
		w->below[z].w[z / 32] |= 1u << (z % 32);
		for (up = w->z->parent[z]; up; up = w->z->parent[up])
			w->below[up].w[z / 32] |= 1u << (z % 32);
	}
}

static void mask_of(const struct work *w, const u16 *list, u32 n, struct mask *m)
{
	u32 i, k;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < n; i++)
		for (k = 0; k < MASK_WORDS; k++)
			m->w[k] |= list[i] == ZONEFW_ZONE_ANY ? ~0u : w->below[list[i]].w[k];
	for (k = w->z->nz / 32; k < MASK_WORDS; k++)	/* no zone behind the last */
		m->w[k] &= k > w->z->nz / 32 ? 0 : (1u << w->z->nz % 32) - 1;
}

/* Where a rule stands; see zonefw_rule_between(). */
static void masks_of(const struct work *w, const struct zonefw_rule *r, struct mask *from,
		     struct mask *to)
{
	u32 z;

	mask_of(w, r->from, r->nfrom, from);
	mask_of(w, r->to, r->nto, to);
	for (z = 0; r->also_from && z < w->z->nz; z++)
		if (r->also_from[z])
			from->w[z / 32] |= 1u << (z % 32);
	if (r->action == ZONEFW_REDIRECT)
		*to = (struct mask){ { 1u << ZONEFW_ZONE_SELF } };
}

static u32 hash_words(const u32 *p, u32 n)
{
	u64 h = 0x9e3779b97f4a7c15ull;
	u32 i;

	for (i = 0; i < n; i++) {
		h = (h ^ p[i]) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

static u32 class_of(struct work *w, const struct mask *from, const struct mask *to)
{
	u32 h = hash_words(from->w, MASK_WORDS) ^ hash_words(to->w, MASK_WORDS) * 31;
	struct rule_class *c;

	for (h &= w->hash_mask; w->hash[h]; h = (h + 1) & w->hash_mask) {
		c = &w->class[w->hash[h] - 1];
		if (!memcmp(&c->from, from, sizeof(*from)) && !memcmp(&c->to, to, sizeof(*to)))
			return w->hash[h] - 1;
	}
	c = &w->class[w->nclass];
	c->from = *from;
	c->to = *to;
	c->cells = weight(from, w->z->nz) * weight(to, w->z->nz);
	w->hash[h] = ++w->nclass;
	return w->nclass - 1;
}

/**
 * zonefw_same_zones() - do two rules stand between the same zones by their words?
 * @a: rule, neither a redirect nor with a hairpin; likewise @b
 * @b: rule
 *
 * Return: true if so, as those of one block do; false when it is not plain.
 */
bool zonefw_same_zones(const struct zonefw_rule *a, const struct zonefw_rule *b)
{
	return a->action != ZONEFW_REDIRECT && b->action != ZONEFW_REDIRECT &&
	       !a->also_from && !b->also_from && a->nfrom == b->nfrom && a->nto == b->nto &&
	       !memcmp(a->from, b->from, a->nfrom * sizeof(*a->from)) &&
	       !memcmp(a->to, b->to, a->nto * sizeof(*a->to));
}

static void classes_fill(struct work *w)
{
	struct zonefw_rule *const *r = w->z->rules;
	struct mask from, to;
	u32 i, c = 0, pos = 0;

	for (i = 0; i < w->z->nrules; i++) {
		if (!i || !zonefw_same_zones(r[i], r[i - 1])) {
			masks_of(w, r[i], &from, &to);
			c = class_of(w, &from, &to);
		}
		w->of_rule[i] = c;
		w->class[c].n++;
		if (!(i & 255))
			zonefw_breathe();
	}
	for (c = 0; c < w->nclass; c++) {
		w->class[c].first = pos;
		pos += w->class[c].n;
		w->class[c].n = 0;
	}
	for (i = 0; i < w->z->nrules; i++) {
		struct rule_class *k = &w->class[w->of_rule[i]];

		w->by_class[k->first + k->n++] = i;
	}
}

/* The cells of a class in turn: from NONE to NONE. */
static u32 cell_after(const struct work *w, const struct rule_class *c, u32 cell)
{
	u32 nz = w->z->nz, f = cell == NONE ? 0 : cell / nz, t = cell == NONE ? 0 : cell % nz + 1;

	for (; f < nz; f++, t = 0) {
		if (!has(&c->from, f))
			continue;
		for (; t < nz; t++)
			if (has(&c->to, t))
				return f * nz + t;
	}
	return NONE;
}

static int table_add(struct work *w, const u32 *index, u32 n, const struct zonefw_table **t)
{
	struct zonefw_list l = { .rules = w->z->rules, .index = index, .n = n };

	*t = zonefw_table_build(&l);
	if (!*t)
		return ZONEFW_SHARE_NOMEM;
	w->out->table[w->out->n++] = *t;
	return 0;
}

static void cell_refer(struct zonefw_cell *cell, const struct zonefw_table *t)
{
	cell->tables[cell->ntables++] = t;
}

/* A table of its own for a large class, if its cells have room for one more. */
static int class_share(struct work *w, struct rule_class *c)
{
	const struct zonefw_table *t;
	u32 at;
	int err;

	if (c->n < SHARE_MIN || c->cells < 2)
		return 0;
	for (at = cell_after(w, c, NONE); at != NONE; at = cell_after(w, c, at))
		if (w->cells[at].ntables == SHARED_MAX)
			return 0;
	err = table_add(w, w->by_class + c->first, c->n, &t);
	if (err)
		return err;
	c->shared = true;
	for (at = cell_after(w, c, NONE); at != NONE; at = cell_after(w, c, at))
		cell_refer(&w->cells[at], t);
	return 0;
}

/* Counts the rules of each cell, shares what can be shared, and counts the rest. */
static int classes_share(struct work *w)
{
	u64 covers = 0;
	u32 i, at;
	int err;

	for (i = 0; i < w->nclass; i++)
		covers += w->class[i].cells;
	if (covers > COVER_MAX)
		return ZONEFW_SHARE_TOOBIG;
	for (i = 0; i < w->nclass; i++) {
		struct rule_class *c = &w->class[i];

		err = class_share(w, c);
		if (err)
			return err;
		for (at = cell_after(w, c, NONE); at != NONE; at = cell_after(w, c, at)) {
			w->cells[at].nrules += c->n;
			w->start[at + 1] += !c->shared;
		}
		zonefw_breathe();
	}
	return 0;
}

/* Lists, cell by cell, the classes that have no table of their own. */
static int cover_fill(struct work *w)
{
	u32 i, at, n = w->z->nz * w->z->nz;

	for (i = 0; i < n; i++)
		w->start[i + 1] += w->start[i];
	w->cover = zonefw_mem_get((w->start[n] + 1ull) * sizeof(*w->cover));
	if (!w->cover)
		return ZONEFW_SHARE_NOMEM;
	for (i = 0; i < w->nclass; i++) {
		struct rule_class *c = &w->class[i];

		if (c->shared)
			continue;
		for (at = cell_after(w, c, NONE); at != NONE; at = cell_after(w, c, at))
			w->cover[w->start[at]++] = i;
		zonefw_breathe();
	}
	for (i = n; i; i--)
		w->start[i] = w->start[i - 1];
	w->start[0] = 0;
	return 0;
}

/* An earlier cell that the same classes cover, or this one. */
static u32 twin_of(struct work *w, u32 cell)
{
	const u32 *list = w->cover + w->start[cell];
	u32 n = w->start[cell + 1] - w->start[cell], h = hash_words(list, n) & w->twin_mask, o;

	for (; w->twin[h]; h = (h + 1) & w->twin_mask) {
		o = w->twin[h] - 1;
		if (w->start[o + 1] - w->start[o] == n &&
		    !memcmp(w->cover + w->start[o], list, n * sizeof(*list)))
			return o;
	}
	w->twin[h] = cell + 1;
	return cell;
}

/* The rules of all classes of a cell that have no table of their own, ascending. */
static u32 rules_of(struct work *w, u32 cell)
{
	u32 i, k, n = 0;

	for (i = w->start[cell]; i < w->start[cell + 1]; i++) {
		const struct rule_class *c = &w->class[w->cover[i]];

		for (k = 0; k < c->n; k++)
			w->scratch[n++] = w->by_class[c->first + k];
	}
	if (w->start[cell + 1] - w->start[cell] > 1)
		zonefw_sort(w->scratch, n);
	return n;
}

static u64 entries_of(const struct work *w, u32 cell)
{
	u64 n = 0;
	u32 i;

	for (i = w->start[cell]; i < w->start[cell + 1]; i++)
		n += w->class[w->cover[i]].n;
	return n;
}

/* The table of what is left of a cell; or its rules go to the loose table. */
static int cell_own(struct work *w, u32 cell)
{
	u64 entries = entries_of(w, cell);
	const struct zonefw_table *t;
	u32 i;
	int err;

	if (entries <= w->budget) {
		w->budget -= entries;
		err = table_add(w, w->scratch, rules_of(w, cell), &t);
		if (!err)
			cell_refer(&w->cells[cell], t);
		return err;
	}
	for (i = w->start[cell]; i < w->start[cell + 1]; i++)
		w->class[w->cover[i]].loose = true;
	w->cells[cell].parent = w->z->parent;
	return 0;
}

static int cells_own(struct work *w)
{
	u32 i, twin, n = w->z->nz * w->z->nz;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		w->cells[i].from = i / w->z->nz;
		w->cells[i].to = i % w->z->nz;
		if (w->start[i + 1] == w->start[i])
			continue;
		twin = twin_of(w, i);
		if (twin == i)
			err = cell_own(w, i);
		else if (w->cells[twin].parent)
			w->cells[i].parent = w->z->parent;
		else
			cell_refer(&w->cells[i], w->cells[twin].tables[w->cells[twin].ntables - 1]);
		zonefw_breathe();
	}
	return err;
}

/* One table for all rules that found no place in a table of fewer cells. */
static int loose_build(struct work *w)
{
	u32 i, n = 0, cells = w->z->nz * w->z->nz;
	const struct zonefw_table *t;
	int err;

	for (i = 0; i < w->z->nrules; i++)
		if (w->class[w->of_rule[i]].loose)
			w->scratch[n++] = i;
	if (!n)
		return 0;
	err = table_add(w, w->scratch, n, &t);
	for (i = 0; i < cells && !err; i++)
		if (w->cells[i].parent)
			cell_refer(&w->cells[i], t);
	return err;
}

static u32 power_above(u32 n)
{
	u32 p = 16;

	while (p < n)
		p *= 2;
	return p;
}

static int work_alloc(struct work *w)
{
	size_t n = w->z->nrules + 1, cells = (size_t)w->z->nz * w->z->nz, word = sizeof(u32);

	w->hash_mask = power_above(2 * n) - 1;
	w->twin_mask = power_above(2 * cells) - 1;
	w->budget = 8ull * n + 65536;
	w->below = zonefw_mem_get(w->z->nz * sizeof(*w->below));
	w->class = zonefw_mem_get(n * sizeof(*w->class));
	w->hash = zonefw_mem_get((w->hash_mask + 1ull) * word);
	w->of_rule = zonefw_mem_get(n * word);
	w->by_class = zonefw_mem_get(n * word);
	w->scratch = zonefw_mem_get(n * word);
	w->start = zonefw_mem_get((cells + 2) * word);
	w->twin = zonefw_mem_get((w->twin_mask + 1ull) * word);
	/* each class and each cell has one at most, and there is the loose one */
	w->out->table = zonefw_mem_get((n + cells + 1) * sizeof(*w->out->table));
	return w->below && w->class && w->hash && w->of_rule && w->by_class && w->scratch &&
	       w->start && w->twin && w->out->table ? 0 : ZONEFW_SHARE_NOMEM;
}

static void work_free(struct work *w)
{
	zonefw_mem_put(w->below);
	zonefw_mem_put(w->class);
	zonefw_mem_put(w->hash);
	zonefw_mem_put(w->of_rule);
	zonefw_mem_put(w->by_class);
	zonefw_mem_put(w->scratch);
	zonefw_mem_put(w->start);
	zonefw_mem_put(w->cover);
	zonefw_mem_put(w->twin);
}

/**
 * zonefw_cells_compile() - compile the rules of all cells
 * @z: rules and zones
 * @cells: nz * nz, zeroed; their tables and counts are set here
 * @out: all tables; zonefw_tables_free() takes them, also after a failure
 *
 * Context: may sleep.
 * Return: 0, ZONEFW_SHARE_NOMEM, or ZONEFW_SHARE_TOOBIG when there are too many
 * different pairs of zone lists for so many zones.
 */
int zonefw_cells_compile(const struct zonefw_zoning *z, struct zonefw_cell *cells,
			 struct zonefw_tables *out)
{
	struct work w = { .z = z, .cells = cells, .out = out };
	int err;

	*out = (struct zonefw_tables){ };
	err = work_alloc(&w);
	if (!err) {
		below_fill(&w);
		classes_fill(&w);
		err = classes_share(&w);
	}
	if (!err)
		err = cover_fill(&w);
	if (!err)
		err = cells_own(&w);
	if (!err)
		err = loose_build(&w);
	work_free(&w);
	return err;
}

static void side_asked(const struct zonefw_side *s, u32 unit, unsigned long *rules)
{
	u32 i;

	for (i = 0; i < s->nboxes; i++) {
		const struct zonefw_box *b = zonefw_box_at(s->nodes, s->boxes + i * unit);

		if (!b->exact)
			rules[b->rule / LONG_BITS] |= 1ul << b->rule % LONG_BITS;
	}
}

/**
 * zonefw_tables_asked() - which rules are read when a packet is in one of their boxes?
 * @t: compiled rules
 * @rules: out: a bit per rule, zeroed
 */
void zonefw_tables_asked(const struct zonefw_tables *t, unsigned long *rules)
{
	u32 i;

	for (i = 0; i < t->n; i++) {
		side_asked(&t->table[i]->side[0], ZONEFW_BOX4, rules);
		side_asked(&t->table[i]->side[1], ZONEFW_BOX6, rules);
	}
}

void zonefw_tables_free(struct zonefw_tables *t)
{
	while (t->n)
		zonefw_table_free(t->table[--t->n]);
	zonefw_mem_put(t->table);
	t->table = NULL;
}
