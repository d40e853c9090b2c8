// SPDX-License-Identifier: GPL-2.0
/*
 * Trees over boxes; see table.h. Built level by level without recursion: a
 * node waits with its list of boxes, is cut into children that wait on the next
 * level, or becomes a leaf. Used when a policy is built; may sleep, and gives
 * the processor up now and then.
 */
#include "table.h"

#define LINEAR		3u	/* so few boxes are a leaf: measured, see docs/classifier.md */
#define BITS_MAX	12u
#define LEVELS_MAX	10u
#define SAMPLE		512u	/* boxes of a node that a cut is judged by */
#define SUBSETS		3u

/* A field of a dimension. */
struct cut {
	u32 dim, shift, bits;
};

struct level {
	u32 *list, used;
};

struct builder {
	struct zonefw_parts *p;
	struct zonefw_node *nodes;
	u32 *items, *wait;		/* wait: by node, boxes that it waits with */
	struct level now, next;
	u32 *count;			/* boxes by child */
	u32 *lo, *hi, sampled;		/* of a node's boxes, in the dimension at hand */
	u32 words, unit;
	u32 max_nodes, max_copies;	/* copies: boxes and lengths in leaves, boxes waiting */
	u32 pending;			/* boxes that wait on this level */
};

static const struct zonefw_box *box_of(const struct builder *t, u32 place)
{
	return zonefw_box_at(t->p->boxes, place);
}

/* First and last value of a box in a dimension. */
static void ends_of(const struct builder *t, u32 place, u32 dim, u32 *lo, u32 *hi)
{
	const struct zonefw_box *b = box_of(t, place);
	u32 word = dim - ZONEFW_D_ADDR;
	u64 from, to;

	if (dim < ZONEFW_D_ADDR) {
		*lo = b->lo[dim];
		*hi = *lo + b->len[dim];
	} else if (t->words == ZONEFW_WORDS4) {
		*lo = b->addr[2 * word];
		*hi = *lo + b->addr[2 * word + 1];
	} else {
		from = zonefw_wide_at(&b->addr[4 * (word / 2)]);
		to = from + zonefw_wide_at(&b->addr[4 * (word / 2) + 2]);
		*lo = word & 1 ? from >> 32 : from >> 32 == to >> 32 ? from : 0;
		*hi = word & 1 ? to >> 32 : from >> 32 == to >> 32 ? to : ~0u;
	}
}

/* Children that a box belongs to: @first and the next ones, round and round. */
static u32 children_of(const struct builder *t, u32 place, const struct cut *c, u32 *first)
{
	u32 mask = (1u << c->bits) - 1, lo, hi;

	ends_of(t, place, c->dim, &lo, &hi);
	lo >>= c->shift;
	hi >>= c->shift;
	*first = lo & mask;
	return hi - lo >= mask ? mask + 1 : hi - lo + 1;
}

/* Boxes left for a packet that is in one of the boxes, in sixteenths of a box. */
static u64 cost_of(struct builder *t, u32 step, const struct cut *c, u64 *copies)
{
	u32 size = 1u << c->bits, all = 0, i, at, k;
	u64 sum = 0, sq = 0;

	memset(t->count, 0, size * sizeof(*t->count));
	for (i = 0; i < t->sampled; i++) {
		at = t->lo[i] >> c->shift;
		k = (t->hi[i] >> c->shift) - at;
		if (k >= size - 1) {
			all++;
			continue;
		}
		do
			t->count[at++ & (size - 1)]++;
		while (k--);
	}
	for (i = 0; i < size; i++) {
		sum += t->count[i];
		sq += (u64)t->count[i] * (t->count[i] + all);
	}
	*copies = (sum + (u64)all * size) * step;
	/* a box copied k times is met k times in sq, as it should: it is that much wider */
	sq += (u64)all * (sum / size + all);
	return (sum + all) ? 16 * sq * step / (sum + all) : ~0ull;
}

/* Looks at a dimension: does it tell the boxes apart, and in which bits? */
static u32 varying(struct builder *t, const u32 *list, u32 n, u32 step, u32 dim)
{
	u32 bits = 0, i, m = 0;
	bool wide = true;

	for (i = 0; i < n; i += step, m++) {
		ends_of(t, list[i], dim, &t->lo[m], &t->hi[m]);
		bits |= (t->lo[m] ^ t->lo[0]) | (t->hi[m] ^ t->lo[0]);
		wide &= t->hi[m] - t->lo[m] == (dim < ZONEFW_D_ADDR ? 0xffff : ~0u);
	}
	t->sampled = m;
	return wide ? 0 : bits;
}

static u32 log2_of(u32 n)
{
	u32 b = 0;

	while (n >>= 1)
		b++;
	return b;
}

static bool affordable(const struct builder *t, u32 n, const struct cut *c, u64 copies)
{
	return copies <= 2ull * n + 8 && t->p->nnodes + (1u << c->bits) <= t->max_nodes &&
	       t->p->nitems + t->pending + t->next.used + copies <= t->max_copies;
}

/* The best fields of one dimension with @bits; keeps the best in @best. */
static void try_dim(struct builder *t, u32 n, u32 step, struct cut c, u32 vary,
		    struct cut *best, u64 *cost)
{
	u32 top = log2_of(vary), low = 0;
	u64 copies, now;

	while (!(vary >> low & 1))
		low++;
	for (c.shift = low; c.shift == low || c.shift + c.bits <= top + 1; c.shift++) {
		now = cost_of(t, step, &c, &copies);
		if (now < *cost && affordable(t, n, &c, copies)) {
			*cost = now;
			*best = c;
		}
	}
}

/* Finds a cut that leaves at least one and a half boxes less to look at. */
static bool best_cut(struct builder *t, const u32 *list, u32 n, struct cut *best)
{
	u32 step = n > SAMPLE ? n / SAMPLE : 1, bits = log2_of(n), dim, vary;
	u64 start = 16ull * n - 24, cost = start;

	if (n <= LINEAR)
		return false;
	bits = bits > BITS_MAX ? BITS_MAX : bits;
	for (dim = 0; dim < ZONEFW_D_ADDR + t->words; dim++) {
		vary = varying(t, list, n, step, dim);
		if (!vary)
			continue;
		try_dim(t, n, step, (struct cut){ dim, 0, bits }, vary, best, &cost);
		if (bits > 2)
			try_dim(t, n, step, (struct cut){ dim, 0, bits / 2 }, vary, best, &cost);
		try_dim(t, n, step, (struct cut){ dim, 0, 1 }, vary, best, &cost);
	}
	return cost < start;
}

/* A run of equal leaves, as a wide box makes them between narrow ones, is one leaf. */
static void leaf(struct builder *t, struct zonefw_node *node, const u32 *list, u32 n, u32 *last)
{
	if (!n) {
		node->base = 0;
	} else if (!t->items[*last + n] && !memcmp(&t->items[*last], list, n * sizeof(*list))) {
		node->base = *last;
	} else {
		node->base = *last = t->p->nitems;
		memcpy(&t->items[*last], list, n * sizeof(*list));
		t->p->nitems += n + 1;
	}
}

static void divide(struct builder *t, u32 at, const u32 *list, u32 n, const struct cut *c)
{
	u32 size = 1u << c->bits, base = t->p->nnodes, i, k, first, pos = t->next.used;

	t->nodes[at] = (struct zonefw_node){ base, size - 1, c->shift, c->dim };
	t->p->nnodes += size;
	memset(&t->wait[base], 0, size * sizeof(*t->wait));
	for (i = 0; i < n; i++)
		for (k = children_of(t, list[i], c, &first); k--; first++)
			t->wait[base + (first & (size - 1))]++;
	for (i = 0; i < size; i++) {
		t->nodes[base + i] = (struct zonefw_node){ .base = pos };
		t->count[i] = pos;
		pos += t->wait[base + i];
	}
	for (i = 0; i < n; i++)
		for (k = children_of(t, list[i], c, &first); k--; first++)
			t->next.list[t->count[first & (size - 1)]++] = list[i];
	t->next.used = pos;
}

/* The judgement was on a sample: count the copies of a cut before it is made. */
static u64 copies_of(const struct builder *t, const u32 *list, u32 n, const struct cut *c)
{
	u64 sum = 0;
	u32 i, first;

	for (i = 0; i < n; i++)
		sum += children_of(t, list[i], c, &first);
	return sum;
}

static void grow(struct builder *t, u32 roots)
{
	u32 from = 0, to = roots, depth, last = 0, i;
	struct level swap;
	struct cut c;

	for (depth = 0; from < to; depth++) {
		for (i = from; i < to; i++) {
			const u32 *list = t->now.list + t->nodes[i].base;
			u32 n = t->wait[i];

			t->pending -= n;
			if (depth < LEVELS_MAX && best_cut(t, list, n, &c) &&
			    affordable(t, n, &c, copies_of(t, list, n, &c)))
				divide(t, i, list, n, &c);
			else
				leaf(t, &t->nodes[i], list, n, &last);
			zonefw_breathe();
		}
		from = to;
		to = t->p->nnodes;
		swap = t->now;
		t->now = t->next;
		t->next = swap;
		t->next.used = 0;
		t->pending = t->now.used;
	}
}

/* Narrow enough to be told apart by this address: at most a /12, or in IPv6 a /28. */
static bool narrow(const struct builder *t, const struct zonefw_box *b, u32 address)
{
	return t->words == ZONEFW_WORDS4 ? b->addr[2 * address + 1] < 1u << 20 :
	       b->addr[8 * address + 7] < 1u << 4;
}

static u32 subset_of(const struct builder *t, const struct zonefw_box *b)
{
	return narrow(t, b, 0) ? 0 : narrow(t, b, 1) ? 1 : 2;
}

/* The roots: one per subset that has boxes; a small cell has one for all. */
static void plant(struct builder *t)
{
	struct zonefw_parts *p = t->p;
	u32 i, k, n = 0, before;
	bool one = p->nboxes <= LINEAR;

	for (k = 0; k < (one ? 1 : SUBSETS); k++) {
		before = n;
		for (i = 1; i <= p->nboxes; i++)
			if (one || subset_of(t, box_of(t, i * t->unit)) == k)
				t->now.list[n++] = i * t->unit;
		if (n == before)
			continue;
		t->nodes[p->ntrees].base = before;
		t->wait[p->ntrees++] = n - before;
	}
	p->nnodes = p->ntrees;
	p->nitems = 1;	/* the empty leaf */
	t->pending = n;
}

/**
 * zonefw_trees_build() - the trees of one family
 * @p: boxes filled in; nodes and items are allocated here and are the caller's
 * @words: ZONEFW_WORDS4 or ZONEFW_WORDS6
 *
 * Context: may sleep.
 * Return: 0, or -1 when memory is short; what was allocated is the caller's too.
 */
int zonefw_trees_build(struct zonefw_parts *p, u32 words)
{
	struct builder t = { .p = p, .words = words, .unit = 5 + 2 * words };
	u32 n = p->nboxes;
	int err = -1;

	t.max_nodes = 2 * n + 64;
	t.max_copies = 4 * n + 64;
	t.nodes = zonefw_mem_get((size_t)t.max_nodes * sizeof(*t.nodes));
	/* what still waits when the budget is spent needs its lengths, too */
	t.items = zonefw_mem_get(((size_t)t.max_copies + t.max_nodes) * sizeof(*t.items));
	t.wait = zonefw_mem_get((size_t)t.max_nodes * sizeof(*t.wait));
	t.now.list = zonefw_mem_get((size_t)t.max_copies * sizeof(u32));
	t.next.list = zonefw_mem_get((size_t)t.max_copies * sizeof(u32));
	t.count = zonefw_mem_get((sizeof(u32) << BITS_MAX) + 4 * SAMPLE * sizeof(u32));
	p->nodes = t.nodes;
	p->items = t.items;
	if (t.nodes && t.items && t.wait && t.now.list && t.next.list && t.count) {
		t.lo = t.count + (1u << BITS_MAX);
		t.hi = t.lo + 2 * SAMPLE;
		plant(&t);
		grow(&t, p->ntrees);
		err = 0;
	}
	zonefw_mem_put(t.wait);
	zonefw_mem_put(t.now.list);
	zonefw_mem_put(t.next.list);
	zonefw_mem_put(t.count);
	return err;
}
