// SPDX-License-Identifier: GPL-2.0
/*
 * The compiled form of rules against the oracle: each rule that matches, in rule
 * order, then none, on rule sets of every shape, dealt over one to four tables.
 * Also its memory, and what becomes of it when memory fails. LOOKUPS=N in all.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "core/share.h"
#include "oracle.h"
#include "rulegen.h"
#include "table_test.h"

static long mem_left = -1;	/* allocations that succeed; -1: all */
static long mem_live;

void *zonefw_mem_get(size_t n)
{
	if (!mem_left)
		return NULL;
	if (mem_left > 0)
		mem_left--;
	mem_live++;
	return calloc(1, n ? n : 1);
}

void zonefw_mem_put(const void *p)
{
	mem_live -= !!p;
	free((void *)p);
}

/* Deals the rules at random over as many tables. */
static int cell_make(const struct ruleset *s, u32 tables, struct zonefw_cell *c)
{
	u32 *index = calloc(s->n + 1, sizeof(*index)), *deal = calloc(s->n + 1, sizeof(*deal)), i, k;
	int err = 0;

	*c = (struct zonefw_cell){ .nrules = s->n };
	for (i = 0; i < s->n; i++)
		deal[i] = rulegen_random(tables);
	for (k = 0; k < tables && !err; k++) {
		struct zonefw_list l = { .rules = s->rules, .index = index };

		for (i = 0; i < s->n; i++)
			if (deal[i] == k)
				index[l.n++] = i;
		c->tables[k] = zonefw_table_build(&l);
		err = !c->tables[k];
		c->ntables += !err;
	}
	free(index);
	free(deal);
	return err;
}

static void cell_free(struct zonefw_cell *c)
{
	while (c->ntables)
		zonefw_table_free(c->tables[--c->ntables]);
}

/* The one look of first packets agrees with rule @first, the first that matches (s->n: none). */
static void compare_first(const struct ruleset *s, const struct zonefw_cell *c,
			  const struct zonefw_key *k, u32 first)
{
	const struct zonefw_box *b;
	u32 v[ZONEFW_DIMS];

	if ((k->flags & (ZONEFW_K_PORTS | ZONEFW_K_TYPE)) != ZONEFW_K_PORTS ||
	    (k->proto != 6 && k->proto != 17))
		return;
	zonefw_point(k, v);
	b = k->family == 6 ? zonefw_cell_first6(c, v) : zonefw_cell_first4(c, v);
	if (!b)
		assert_int_equal(first, s->n);
	else if (b->exact)
		assert_int_equal(b->rule, first);
	else
		assert_true(b->rule <= first);
}

/* Every match in turn; returns how many there were. */
static u32 compare(const struct ruleset *s, const struct zonefw_cell *c, struct zonefw_key *k)
{
	struct zonefw_cursor cur;
	u32 i, found = 0, first = s->n;

	zonefw_cursor_init(&cur);
	for (i = 0; i < s->n; i++) {
		const struct zonefw_rule *r;

		if (!oracle_match(&s->rule[i], k))
			continue;
		if (!found++)
			first = i;
		r = zonefw_cell_next(s->rules, c, k, &cur);
		if (r != s->rules[i] || cur.slot != i + 1)
			print_error("%s: rule %u of %u is not found\n", rulegen_names[s->kind], i, s->n);
		assert_ptr_equal(r, s->rules[i]);
		assert_int_equal(cur.slot, i + 1);
	}
	assert_null(zonefw_cell_next(s->rules, c, k, &cur));
	assert_null(zonefw_cell_next(s->rules, c, k, &cur));
	compare_first(s, c, k, first);
	return found;
}

static long compare_many(enum rulegen_kind kind, u32 n, u8 family, long lookups)
{
	struct ruleset *s = rulegen_make(kind, n, family);
	struct zonefw_cell c;
	long hits = 0, i;

	assert_int_equal(cell_make(s, 1 + rulegen_random(ZONEFW_TABLES_MAX), &c), 0);
	for (i = 0; i < lookups; i++) {
		struct zonefw_key k;

		rulegen_key(s, &k);
		hits += compare(s, &c, &k) > 0;
	}
	cell_free(&c);
	rulegen_free(s);
	return hits;
}

void test_table_oracle(void **unused)
{
	long lookups = getenv("LOOKUPS") ? atol(getenv("LOOKUPS")) : 10000000, done = 0, hits = 0;
	static const u32 sizes[] = { 1, 2, 5, 6, 7, 12, 16, 24 };
	int kind, family;

	(void)unused;
	for (kind = 0; kind < RG_KINDS; kind++)
		for (family = 4; family <= 6; family += 2) {
			hits += compare_many(kind, 3000 + rulegen_random(1000), family, 150);
			hits += compare_many(kind, 400, family, 500);
			done += 650;
		}
	while (done < lookups) {
		kind = rulegen_random(RG_KINDS);
		hits += compare_many(kind, sizes[rulegen_random(8)], rulegen_random(2) ? 4 : 6, 1000);
		done += 1000;
	}
	printf("# %ld lookups, %ld of them matched a rule\n", done, hits);
	assert_true(hits > done / 10 && hits < done);
	assert_int_equal(mem_live, 0);
}

/* Linear in what the rules say, for every shape, the hostile ones included. */
void test_table_memory(void **unused)
{
	int kind, family;

	(void)unused;
	for (kind = 0; kind < RG_KINDS; kind++)
		for (family = 4; family <= 6; family += 2) {
			struct ruleset *s = rulegen_make(kind, kind == RG_LISTS ? 1000 : 20000, family);
			size_t words = 0, boxes;
			struct zonefw_cell c;
			u32 i;

			for (i = 0; i < s->n; i++)
				words += s->rule[i].nsrc + s->rule[i].ndst + s->rule[i].nl4;
			assert_int_equal(cell_make(s, 1, &c), 0);
			boxes = c.tables[0]->side[0].nboxes + c.tables[0]->side[1].nboxes;
			assert_true(boxes <= 2 * (words + 16 * s->n));
			/* a box of IPv6, its copies and nodes at their most */
			assert_true(c.tables[0]->bytes <= (84 + 4 * 4 + 2 * 8 + 2 * 4) * boxes + 4096);
			if (kind >= RG_TEXTBOOK && kind <= RG_IPC)
				assert_true(c.tables[0]->bytes <= (family == 4 ? 80 : 140) * s->n);
			cell_free(&c);
			rulegen_free(s);
		}
	assert_int_equal(mem_live, 0);
}

/* Whichever allocation fails, there is no table, and nothing is left behind. */
void test_table_no_memory(void **unused)
{
	struct ruleset *s = rulegen_make(RG_FW, 500, 4);
	u32 all[500], i;
	struct zonefw_list l = { .rules = s->rules, .index = all, .n = s->n };
	const struct zonefw_table *t = NULL;
	long n;

	(void)unused;
	for (i = 0; i < s->n; i++)
		all[i] = i;
	for (n = 0; !t; n++) {
		mem_left = n;
		t = zonefw_table_build(&l);
		mem_left = -1;
		assert_int_equal(mem_live, t ? 1 : 0);
	}
	assert_true(n > 10);
	printf("# %ld allocations, each failed once\n", n - 1);
	zonefw_table_free(t);
	rulegen_free(s);
}

/* A reply's key: the same rules, and the same rules asked for what it does not show. */
void test_table_guessed(void **unused)
{
	int set, n;

	(void)unused;
	for (set = 0; set < 50; set++) {
		struct ruleset *s = rulegen_make(RG_TINY, 30, 4);
		struct zonefw_cell c;

		assert_int_equal(cell_make(s, 2, &c), 0);
		for (n = 0; n < 500; n++) {
			const struct zonefw_rule *want = NULL;
			struct zonefw_cursor cur;
			struct zonefw_key k, l;
			u32 i;

			rulegen_key(s, &k);
			k.flags |= ZONEFW_K_REPLY;
			l = k;
			for (i = 0; i < s->n && !want; i++)
				if (zonefw_rule_match(&s->rule[i], &l))
					want = &s->rule[i];
			zonefw_cursor_init(&cur);
			assert_ptr_equal(zonefw_cell_next(s->rules, &c, &k, &cur), want);
			assert_int_equal(k.guessed, l.guessed);
		}
		cell_free(&c);
		rulegen_free(s);
	}
}

/* Zone lists at random on the rules of a set, of parents and of any, too. */
static u16 *zone_lists(struct ruleset *s, u32 nz, u32 distinct, u32 most)
{
	u16 *pool = calloc((size_t)distinct * most, sizeof(*pool));
	u32 i, k;

	for (i = 0; i < distinct * most; i++)
		pool[i] = rulegen_random(12) ? rulegen_random(nz) : ZONEFW_ZONE_ANY;
	for (i = 0; i < s->n; i++) {
		k = rulegen_random(distinct);
		s->rule[i].from = pool + k * most;
		s->rule[i].nfrom = 1 + k % most;
		s->rule[i].to = pool + (k * 7 % distinct) * most;
		s->rule[i].nto = 1 + k * 3 % most;
	}
	return pool;
}

static bool in_zones(const u16 *parent, const u16 *list, u16 n, u16 zone)
{
	bool found = false;
	u16 i, z;

	for (i = 0; i < n; i++)
		for (z = zone;; z = parent[z]) {
			found = found || list[i] == ZONEFW_ZONE_ANY || list[i] == z;
			if (!parent[z])
				break;
		}
	return found;
}

static void compare_cells(const struct ruleset *s, const struct zonefw_zoning *z,
			  const struct zonefw_cell *cells, long lookups)
{
	while (lookups--) {
		u16 from = rulegen_random(z->nz), to = rulegen_random(z->nz);
		const struct zonefw_cell *c = &cells[from * z->nz + to];
		struct zonefw_cursor cur;
		struct zonefw_key k;
		u32 i, in_cell = 0;

		rulegen_key(s, &k);
		zonefw_cursor_init(&cur);
		for (i = 0; i < s->n; i++) {
			const struct zonefw_rule *r = &s->rule[i];

			if (!in_zones(z->parent, r->from, r->nfrom, from) ||
			    !in_zones(z->parent, r->to, r->nto, to))
				continue;
			in_cell++;
			if (oracle_match(r, &k))
				assert_ptr_equal(zonefw_cell_next(s->rules, c, &k, &cur), r);
		}
		assert_null(zonefw_cell_next(s->rules, c, &k, &cur));
		assert_int_equal(c->nrules, in_cell);
	}
}

struct share_size { u32 n, nz, distinct, most; };

/* One rule set against the oracle. Return: whether some of it went to the loose table. */
static bool share_once(enum rulegen_kind kind, const struct share_size *t, const u16 *parent)
{
	struct ruleset *s = rulegen_make(kind, t->n, 4);
	u16 *pool = zone_lists(s, t->nz, t->distinct, t->most);
	struct zonefw_cell *cells = calloc(t->nz * t->nz, sizeof(*cells));
	struct zonefw_zoning z = { s->rules, s->n, parent, t->nz };
	struct zonefw_tables tables;
	bool loose = false;
	u32 i;

	assert_int_equal(zonefw_cells_compile(&z, cells, &tables), 0);
	compare_cells(s, &z, cells, 2000);
	for (i = 0; i < t->nz * t->nz; i++)
		loose |= !!cells[i].parent;
	zonefw_tables_free(&tables);
	free(cells);
	free(pool);
	rulegen_free(s);
	return loose;
}

/* Cells whose rules are shared, merged, or loose: each finds its own, in order. */
void test_share_oracle(void **unused)
{
	static const struct share_size t[] = {
		{ 1, 1, 1, 1 }, { 30, 5, 4, 2 }, { 300, 5, 4, 2 }, { 300, 12, 3, 3 }, { 400, 12, 200, 3 },
		{ 300, 60, 300, 40 }, { 3000, 8, 6, 2 }, { 50, 251, 20, 2 },
	};
	u16 parent[251] = { 0 };
	bool loose = false;
	u32 i, k, round;

	(void)unused;
	for (i = 1; i < 251; i++)
		parent[i] = rulegen_random(3) ? 0 : rulegen_random(i);
	/* whether rules find no place but the loose table is up to chance: until it was seen */
	for (round = 0; round < 50 && !loose; round++)
		for (k = 0; k < sizeof(t) / sizeof(*t); k++)
			loose |= share_once(k % 2 ? RG_TINY : RG_FW, &t[k], parent);
	assert_true(loose);
	assert_int_equal(mem_live, 0);
}

static size_t tables_bytes(const struct zonefw_tables *t)
{
	size_t sum = 0;
	u32 i;

	for (i = 0; i < t->n; i++)
		sum += t->table[i]->bytes;
	return sum;
}

/* 64 zones: 1,000 rules from any to any, without and with 5 rules for each pair. */
void test_share_memory(void **unused)
{
	enum { NZ = 64, ANY = 1000, PAIRS = NZ * NZ * 5 };
	static const u16 any = ZONEFW_ZONE_ANY;
	static u16 zone[NZ];
	u16 parent[NZ] = { 0 };
	u32 with, i;

	(void)unused;
	for (i = 0; i < NZ; i++)
		zone[i] = i;
	for (with = 0; with < 2; with++) {
		struct ruleset *s = rulegen_make(RG_ACL, ANY + with * PAIRS, 4);
		struct zonefw_cell *cells = calloc(NZ * NZ, sizeof(*cells));
		struct zonefw_zoning z = { s->rules, s->n, parent, NZ };
		struct zonefw_tables tables;

		for (i = 0; i < s->n; i++) {
			s->rule[i].from = i < ANY ? &any : &zone[i % NZ];
			s->rule[i].to = i < ANY ? &any : &zone[i / NZ % NZ];
			s->rule[i].nfrom = s->rule[i].nto = 1;
		}
		assert_int_equal(zonefw_cells_compile(&z, cells, &tables), 0);
		printf("# %u rules of 4096 cells: %u tables, %zu bytes\n", s->n, tables.n,
		       tables_bytes(&tables));
		assert_true(tables_bytes(&tables) < 200u * s->n);
		assert_int_equal(tables.n, with ? NZ * NZ + 1 : 1);
		compare_cells(s, &z, cells, 20);
		zonefw_tables_free(&tables);
		free(cells);
		rulegen_free(s);
	}
}

void test_share_no_memory(void **unused)
{
	struct ruleset *s = rulegen_make(RG_ACL, 200, 4);
	u16 parent[4] = { 0 }, *pool = zone_lists(s, 4, 3, 2);
	struct zonefw_zoning z = { s->rules, s->n, parent, 4 };
	struct zonefw_tables tables;
	int err = -1;
	long n;

	(void)unused;
	for (n = 0; err; n++) {
		struct zonefw_cell cells[16];

		memset(cells, 0, sizeof(cells));
		mem_left = n;
		err = zonefw_cells_compile(&z, cells, &tables);
		mem_left = -1;
		assert_true(!err || err == ZONEFW_SHARE_NOMEM);
		zonefw_tables_free(&tables);
		assert_int_equal(mem_live, 0);
	}
	assert_true(n > 20);
	free(pool);
	rulegen_free(s);
}
