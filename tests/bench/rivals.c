// SPDX-License-Identifier: GPL-2.0
/*
 * rivals KIND RULES STRUCTURE: lookups of one rule set in one structure, to be run under callgrind, which counts what
 * lookups() takes. All give the first rule in order; the sum of the answers is printed, and is the same for all.
 *
 *   linear   the rules, one by one
 *   table    what the module does: core/table.h
 *   tuple    tuple space search: a hash per shape of rule (prefix lengths, protocol and port given or not), in the
 *            order of their best rule, so that a search ends when no later shape can do better; ranges of addresses
 *            become prefixes, ranges of ports are looked at in the entry
 *   bits     bit vectors: each of five fields has its elementary intervals by binary search, with a vector of the rules
 *            that hold there and one of its words that are not zero; the five are ANDed from the front
 */
#include <stdio.h>
#include <stdlib.h>
#include "core/share.h"
#include "rulegen.h"

#define PACKETS	4000
#define FIELDS	5

struct span { u32 lo, hi; };
struct flat { struct span f[FIELDS]; u32 rule; u8 need; };	/* source, destination, protocol, source and destination port */

static struct ruleset *set;
static struct zonefw_key key[PACKETS];
static struct flat *flat;
static u32 nflat;
static u64 bytes;

static void *room(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		exit(2);
	bytes += n;
	return p;
}

static u32 be(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void value(const struct zonefw_key *k, u32 *v)
{
	v[0] = be(k->src);
	v[1] = be(k->dst);
	v[2] = k->proto;
	v[3] = k->sport;
	v[4] = k->dport;
}

static bool holds(const struct flat *b, const u32 *v, const struct zonefw_key *k)
{
	int i;

	for (i = 0; i < FIELDS; i++)
		if (v[i] - b->f[i].lo > b->f[i].hi - b->f[i].lo)
			return false;
	return (b->need & k->flags) == b->need &&
	       zonefw_rule_match(set->rules[b->rule], (struct zonefw_key *)k);
}

/* What the core asks of its surroundings. */
void *zonefw_mem_get(size_t n)
{
	return calloc(1, n);
}

void zonefw_mem_put(const void *p)
{
	free((void *)p);
}

/* One box for each address pair and transport of a rule; what a box cannot say is left wide. */
static void flatten(void)
{
	static const struct span all[FIELDS] = { { 0, ~0u }, { 0, ~0u }, { 0, 255 }, { 0, 65535 }, { 0, 65535 } };
	u32 cap = 0, i, s, d, l;

	for (i = 0; i < set->n; i++) {
		const struct zonefw_rule *r = set->rules[i];
		bool ns = r->flags & ZONEFW_RULE_NEG_SRC, nd = r->flags & ZONEFW_RULE_NEG_DST;

		for (s = 0; s < (r->nsrc && !ns ? r->nsrc : 1u); s++)
			for (d = 0; d < (r->ndst && !nd ? r->ndst : 1u); d++)
				for (l = 0; l < (r->nl4 ? r->nl4 : 1u); l++) {
					struct flat b = { .rule = i };

					memcpy(b.f, all, sizeof(all));
					if (r->nsrc && !ns && !r->src[s].kind)
						b.f[0] = (struct span){ be(r->src[s].lo), be(r->src[s].hi) };
					if (r->ndst && !nd && !r->dst[d].kind)
						b.f[1] = (struct span){ be(r->dst[d].lo), be(r->dst[d].hi) };
					if (r->nl4 && (r->l4[l].flags & ZONEFW_L4_F_PROTO))
						b.f[2] = (struct span){ r->l4[l].proto, r->l4[l].proto };
					if (r->nl4 && (r->l4[l].flags & ZONEFW_L4_F_PORTS)) {
						b.f[3] = (struct span){ r->l4[l].sport_lo, r->l4[l].sport_hi };
						b.f[4] = (struct span){ r->l4[l].dport_lo, r->l4[l].dport_hi };
						b.need = ZONEFW_K_PORTS;
					}
					if (nflat == cap)
						flat = realloc(flat, (cap = cap ? 2 * cap : 1024) * sizeof(*flat));
					flat[nflat++] = b;
				}
	}
}

/* --- linear --- */

static u32 linear_find(struct zonefw_key *k)
{
	u32 i;

	for (i = 0; i < set->n; i++)
		if (zonefw_rule_match(set->rules[i], k))
			return i;
	return set->n;
}

/* --- table --- */

static struct zonefw_cell cell;
static struct zonefw_tables tables;

static void table_build(void)
{
	static const u16 parent[1];
	static const u16 any = ZONEFW_ZONE_ANY;
	struct zonefw_zoning z = { set->rules, set->n, parent, 1 };
	u32 i;

	for (i = 0; i < set->n; i++) {
		set->rule[i].from = set->rule[i].to = &any;
		set->rule[i].nfrom = set->rule[i].nto = 1;
	}
	if (zonefw_cells_compile(&z, &cell, &tables))
		exit(2);
	for (i = 0; i < tables.n; i++)
		bytes += tables.table[i]->bytes;
}

static u32 table_find(struct zonefw_key *k)
{
	struct zonefw_cursor cur;
	const struct zonefw_rule *r;

	zonefw_cursor_init(&cur);
	r = zonefw_cell_next(set->rules, &cell, k, &cur);
	return r ? r - set->rule : set->n;
}

/* --- tuple --- */

struct entry { struct flat b; u32 next; };
struct shape {
	u32 mask[FIELDS], best, buckets, *head, n;
};

static struct shape *shape;
static struct entry *entry;
static u32 nshape, nentry, entries_most;

static u32 shape_of(const u32 *mask)
{
	u32 i;

	for (i = 0; i < nshape; i++)
		if (!memcmp(shape[i].mask, mask, sizeof(shape[i].mask)))
			return i;
	shape = realloc(shape, (nshape + 1) * sizeof(*shape));
	memset(&shape[nshape], 0, sizeof(*shape));
	memcpy(shape[nshape].mask, mask, sizeof(shape[i].mask));
	shape[nshape].best = ~0u;
	return nshape++;
}

static u32 hash(const struct shape *s, const u32 *v)
{
	u32 h = 0, i;

	for (i = 0; i < FIELDS; i++)
		if (s->mask[i])
			h = (h ^ (v[i] & s->mask[i])) * 0x9e3779b1u;
	return (h ^ h >> 15) & (s->buckets - 1);
}

static void entry_add(const struct flat *b)
{
	u32 mask[FIELDS], i, s;

	for (i = 0; i < FIELDS; i++)
		mask[i] = i < 2 ? ~(b->f[i].hi - b->f[i].lo) : b->f[i].lo == b->f[i].hi ? ~0u : 0;
	s = shape_of(mask);
	shape[s].n++;
	if (b->rule < shape[s].best)
		shape[s].best = b->rule;
	if (nentry == entries_most)
		entry = realloc(entry, (entries_most = entries_most ? 2 * entries_most : 1024) * sizeof(*entry));
	entry[nentry].b = *b;
	entry[nentry++].next = s;	/* its shape, until it is chained */
}

/* An interval of addresses in one field becomes prefixes. */
static void by_prefix(struct flat b, int field)
{
	u64 lo, hi;

	if (field == 2) {
		entry_add(&b);
		return;
	}
	for (lo = b.f[field].lo, hi = b.f[field].hi; lo <= hi;) {
		u64 size = lo ? lo & -lo : 1ull << 32;
		struct flat part = b;

		while (size > hi - lo + 1)
			size /= 2;
		part.f[field] = (struct span){ lo, lo + size - 1 };
		by_prefix(part, field + 1);
		lo += size;
	}
}

static int by_best(const void *a, const void *b)
{
	return ((const struct shape *)a)->best < ((const struct shape *)b)->best ? -1 : 1;
}

static void tuple_build(void)
{
	u32 i, *place;

	for (i = 0; i < nflat; i++)
		by_prefix(flat[i], 0);
	place = calloc(nshape, sizeof(*place));
	for (i = 0; i < nshape; i++)
		shape[i].buckets = i;	/* where it stood */
	qsort(shape, nshape, sizeof(*shape), by_best);
	for (i = 0; i < nshape; i++) {
		place[shape[i].buckets] = i;
		for (shape[i].buckets = 2; shape[i].buckets < 2 * shape[i].n; shape[i].buckets *= 2)
			;
		shape[i].head = room(shape[i].buckets * sizeof(u32));
	}
	bytes += nshape * sizeof(*shape) + nentry * sizeof(*entry);
	for (i = nentry; i--;) {	/* so that chains are in rule order */
		struct shape *s = &shape[place[entry[i].next]];
		u32 v[FIELDS], f, h;

		for (f = 0; f < FIELDS; f++)
			v[f] = entry[i].b.f[f].lo;
		h = hash(s, v);
		entry[i].next = s->head[h];
		s->head[h] = i + 1;
	}
	free(place);
}

static u32 tuple_find(struct zonefw_key *k)
{
	u32 v[FIELDS], best = set->n, i, e;

	value(k, v);
	for (i = 0; i < nshape && shape[i].best < best; i++)
		for (e = shape[i].head[hash(&shape[i], v)]; e; e = entry[e - 1].next) {
			if (entry[e - 1].b.rule >= best)
				break;
			if (holds(&entry[e - 1].b, v, k)) {
				best = entry[e - 1].b.rule;
				break;
			}
		}
	return best;
}

/* --- bits --- */

static struct {
	u32 n, *start;
	u64 *bit, *sum;
} axis[FIELDS];
static u32 words, sums;

static int by_number(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b ? -1 : *(const u32 *)a > *(const u32 *)b;
}

static void axis_build(int f)
{
	u32 i, k, n = 0, *at = calloc(2 * nflat + 1, sizeof(*at));

	at[n++] = 0;
	for (i = 0; i < nflat; i++) {
		at[n++] = flat[i].f[f].lo;
		if (flat[i].f[f].hi != ~0u)
			at[n++] = flat[i].f[f].hi + 1;
	}
	qsort(at, n, sizeof(*at), by_number);
	axis[f].start = room(n * sizeof(u32));
	for (i = 0; i < n; i++)
		if (!i || at[i] != at[i - 1])
			axis[f].start[axis[f].n++] = at[i];
	free(at);
	axis[f].bit = room((size_t)axis[f].n * words * 8);
	axis[f].sum = room((size_t)axis[f].n * sums * 8);
	for (i = 0; i < axis[f].n; i++)
		for (k = 0; k < nflat; k++)
			if (axis[f].start[i] - flat[k].f[f].lo <= flat[k].f[f].hi - flat[k].f[f].lo) {
				axis[f].bit[(size_t)i * words + k / 64] |= 1ull << k % 64;
				axis[f].sum[(size_t)i * sums + k / 4096] |= 1ull << k / 64 % 64;
			}
}

static void bits_build(void)
{
	int f;

	words = nflat / 64 + 1;
	sums = words / 64 + 1;
	bytes += nflat * sizeof(*flat);
	for (f = 0; f < FIELDS; f++)
		axis_build(f);
}

static u32 interval(int f, u32 v)
{
	u32 lo = 0, hi = axis[f].n;

	while (hi - lo > 1) {
		u32 mid = (lo + hi) / 2;

		if (axis[f].start[mid] <= v)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static u32 bits_find(struct zonefw_key *k)
{
	const u64 *bit[FIELDS], *sum[FIELDS];
	u32 v[FIELDS], f, s;

	value(k, v);
	for (f = 0; f < FIELDS; f++) {
		u32 at = interval(f, v[f]);

		bit[f] = axis[f].bit + (size_t)at * words;
		sum[f] = axis[f].sum + (size_t)at * sums;
	}
	for (s = 0; s < sums; s++) {
		u64 some = sum[0][s] & sum[1][s] & sum[2][s] & sum[3][s] & sum[4][s];

		for (; some; some &= some - 1) {
			u32 w = s * 64 + __builtin_ctzll(some);
			u64 hit = bit[0][w] & bit[1][w] & bit[2][w] & bit[3][w] & bit[4][w];

			for (; hit; hit &= hit - 1) {
				const struct flat *b = &flat[w * 64 + __builtin_ctzll(hit)];

				if (holds(b, v, k))
					return b->rule;
			}
		}
	}
	return set->n;
}

static const struct rival {
	const char *name;
	void (*build)(void);
	u32 (*find)(struct zonefw_key *k);
} rivals[] = {
	{ "linear", NULL, linear_find }, { "table", table_build, table_find },
	{ "tuple", tuple_build, tuple_find }, { "bits", bits_build, bits_find },
};

__attribute__((noinline)) u64 lookups(const struct rival *r)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < PACKETS; i++)
		sum += r->find(&key[i]);
	return sum;
}

int main(int argc, char **argv)
{
	u32 kind, i;

	for (kind = 0; argc == 4 && kind < RG_KINDS && strcmp(rulegen_names[kind], argv[1]); kind++)
		;
	for (i = 0; argc == 4 && i < 4 && strcmp(rivals[i].name, argv[3]); i++)
		;
	if (argc != 4 || kind == RG_KINDS || i == 4) {
		fprintf(stderr, "rivals KIND RULES linear|table|tuple|bits\n");
		return 2;
	}
	rulegen_seed(7);
	set = rulegen_make(kind, atoi(argv[2]), 4);
	for (u32 k = 0; k < PACKETS; k++)
		rulegen_key(set, &key[k]);
	flatten();
	if (rivals[i].build)
		rivals[i].build();
	printf("packets %d sum %llu bytes %llu\n", PACKETS, (unsigned long long)lookups(&rivals[i]),
	       (unsigned long long)bytes);
	return 0;
}
