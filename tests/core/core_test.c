// SPDX-License-Identifier: GPL-2.0
/*
 * The pure core under cmocka and sanitizers: pattern matching, prefixes,
 * defaults of sub-zones, and the classifier against the oracle on random rules.
 * SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "oracle.h"

static u64 state;

static u32 rnd(u32 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

static void test_patterns(void **unused)
{
	static const struct { const char *p, *n; bool want; } t[] = {
		{ "eth0", "eth0", true }, { "eth0", "eth00", false }, { "eth0", "eth", false },
		{ "wg*", "wg", true }, { "wg*", "wg12", true }, { "wg*", "xwg", false },
		{ "*", "", true }, { "*", "lo", true }, { "?", "", false }, { "eth?", "eth1", true },
		{ "eth?", "eth10", false }, { "*0", "eth0", true }, { "*0", "eth01", false },
		{ "a*b*c", "axxbyyc", true }, { "a*b*c", "axxbyy", false },
		{ "**", "x", true }, { "*a*a*", "aa", true }, { "*a*a*", "a", false },
	};
	(void)unused;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_int_equal(zonefw_dev_match(t[i].p, t[i].n), t[i].want);
}

static void test_prefixes(void **unused)
{
	const struct zonefw_net n[] = {
		{ 4, 0, { 0 }, { 0 } }, { 4, 8, { 0 }, { 10 } }, { 4, 25, { 0 }, { 10, 0, 3, 128 } },
		{ 6, 64, { 0 }, { 0x20, 1, 0xd, 0xb8 } },
	};
	const u8 a[16] = { 10, 0, 3, 200 }, b[16] = { 10, 0, 3, 100 }, c[16] = { 11 };
	const u8 d[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 1 };

	(void)unused;
	assert_int_equal(zonefw_prefix_match(n, 4, 4, a), 25);
	assert_int_equal(zonefw_prefix_match(n, 4, 4, b), 8);
	assert_int_equal(zonefw_prefix_match(n, 4, 4, c), 0);
	assert_int_equal(zonefw_prefix_match(n + 1, 3, 4, c), -1);
	assert_int_equal(zonefw_prefix_match(n, 4, 6, d), 64);
	assert_int_equal(zonefw_prefix_match(n, 4, 6, a), -1);
}

/* zones: 0 self, 1 inside, 2 guests in inside, 3 lab in guests, 4 dmz */
static const u16 parent[] = { 0, 0, 1, 2, 0 };

static void test_covers(void **unused)
{
	const u16 inside[] = { 1 }, any[] = { ZONEFW_ZONE_ANY }, two[] = { 4, 2 };

	(void)unused;
	assert_true(zonefw_zone_covers(parent, inside, 1, 3));
	assert_true(zonefw_zone_covers(parent, inside, 1, 1));
	assert_false(zonefw_zone_covers(parent, inside, 1, 4));
	assert_false(zonefw_zone_covers(parent, inside, 1, 0));
	assert_true(zonefw_zone_covers(parent, any, 1, 0));
	assert_true(zonefw_zone_covers(parent, two, 2, 3));
	assert_false(zonefw_zone_covers(parent, two, 2, 1));
}

static void test_defaults(void **unused)
{
	const struct zonefw_celldef d[] = {
		{ .from = ZONEFW_ZONE_ANY, .to = ZONEFW_ZONE_ANY, .has_default = true },
		{ .from = ZONEFW_ZONE_ANY, .to = 4, .has_default = true },
		{ .from = 2, .to = ZONEFW_ZONE_ANY, .has_default = true },
		{ .from = 1, .to = 4, .has_default = true },
		{ .from = 3, .to = 4, .has_default = false },
	};

	(void)unused;
	assert_ptr_equal(zonefw_default_of(d, 5, parent, 3, 4), &d[3]);	/* nearest parents */
	assert_ptr_equal(zonefw_default_of(d, 5, parent, 2, 0), &d[2]);	/* FROM -> any */
	assert_ptr_equal(zonefw_default_of(d, 5, parent, 0, 4), &d[1]);	/* any -> TO */
	assert_ptr_equal(zonefw_default_of(d, 5, parent, 0, 1), &d[0]);
	assert_null(zonefw_default_of(d + 1, 4, parent, 0, 1));
}

static void random_addr(struct zonefw_addr *a)
{
	u8 x[16];

	memset(a, 0, sizeof(*a));
	a->family = rnd(2) ? 4 : 6;
	a->kind = rnd(4) == 0;
	for (int i = 0; i < 16; i++) {
		a->lo[i] = rnd(4);
		x[i] = rnd(4);
		a->hi[i] = a->kind ? (u8)rnd(256) : x[i];
		if (a->kind)
			a->lo[i] &= a->hi[i];
	}
	if (!a->kind && memcmp(a->lo, a->hi, 16) > 0) {
		memcpy(x, a->lo, 16);
		memcpy(a->lo, a->hi, 16);
		memcpy(a->hi, x, 16);
	}
	/* a v4 range may not be reversed in its own four bytes either */
	if (!a->kind && memcmp(a->lo, a->hi, 4) > 0)
		memcpy(a->hi, a->lo, 4);
}

#define NRULES	40
static struct zonefw_addr src[NRULES][3], dst[NRULES][3];
static struct zonefw_l4 l4[NRULES][3];
static struct zonefw_rule rules[NRULES];

static void random_box(struct zonefw_l4 *b)
{
	memset(b, 0, sizeof(*b));
	b->flags = rnd(8);
	b->proto = (u8[]){ 1, 6, 17, 58 }[rnd(4)];
	b->sport_lo = rnd(8);
	b->sport_hi = b->sport_lo + rnd(8);
	b->dport_lo = rnd(8);
	b->dport_hi = b->dport_lo + rnd(8);
	b->type_lo = rnd(4);
	b->type_hi = b->type_lo + rnd(4);
	b->code_hi = rnd(3);
}

static void random_rule(int i)
{
	struct zonefw_rule *r = &rules[i];

	memset(r, 0, sizeof(*r));
	r->nsrc = rnd(4);
	r->ndst = rnd(4);
	r->nl4 = rnd(4);
	r->src = src[i];
	r->dst = dst[i];
	r->l4 = l4[i];
	for (int j = 0; j < 3; j++) {
		random_addr(&src[i][j]);
		random_addr(&dst[i][j]);
		random_box(&l4[i][j]);
	}
	r->flags = rnd(4) ? 0 : rnd(256);
	r->family = (u8[]){ 0, 0, 4, 6 }[rnd(4)];
	r->has_dscp = rnd(4) == 0;
	r->dscp = rnd(2);
	r->has_mark = rnd(4) == 0;
	r->mask = rnd(4);
	r->mark = rnd(4) & r->mask;
}

static void random_key(struct zonefw_key *k)
{
	memset(k, 0, sizeof(*k));
	k->family = rnd(2) ? 4 : 6;
	k->proto = (u8[]){ 1, 6, 17, 58 }[rnd(4)];
	k->flags = rnd(4);
	k->type = rnd(6);
	k->code = rnd(3);
	k->sport = rnd(16);
	k->dport = rnd(16);
	k->dscp = rnd(2);
	k->mark = rnd(4);
	for (int i = 0; i < (k->family == 4 ? 4 : 16); i++) {
		k->src[i] = rnd(4);
		k->dst[i] = rnd(4);
	}
}

static int oracle_first(const struct zonefw_key *k)
{
	for (int i = 0; i < NRULES; i++)
		if (oracle_match(&rules[i], k))
			return i;
	return -1;
}

static void test_against_oracle(void **unused)
{
	long lookups = getenv("LOOKUPS") ? atol(getenv("LOOKUPS")) : 10000000, hits = 0;
	u32 index[NRULES];
	struct zonefw_cell cell = { .rules = index, .nrules = NRULES };
	struct zonefw_rule *list[NRULES];

	(void)unused;
	for (int i = 0; i < NRULES; i++)
		list[index[i] = i] = &rules[i];
	for (long n = 0; n < lookups; n++) {
		const struct zonefw_rule *r;
		struct zonefw_key k;
		struct zonefw_cursor cur = { 0 };
		int want;

		if (n % 500 == 0)
			for (int i = 0; i < NRULES; i++)
				random_rule(i);
		random_key(&k);
		want = oracle_first(&k);
		r = zonefw_cell_next(list, &cell, &k, &cur);
		assert_int_equal(r ? (int)cur.slot - 1 : -1, want);
		assert_true(!r || r == &rules[want]);
		hits += want >= 0;
	}
	printf("# %ld lookups, %ld of them matched a rule\n", lookups, hits);
	assert_true(hits > lookups / 10 && hits < lookups);
}

/* Facts that a reply does not show: an accept holds, a drop does not strike. */
static void test_reply_key(void **unused)
{
	struct zonefw_rule r = { .has_mark = true, .mark = 1, .mask = 1, .action = ZONEFW_ACCEPT };
	struct zonefw_key k = { .family = 4, .flags = ZONEFW_K_REPLY };

	(void)unused;
	assert_true(zonefw_rule_match(&r, &k));
	r.action = ZONEFW_DROP;
	assert_false(zonefw_rule_match(&r, &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_covers), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_reply_key), cmocka_unit_test(test_against_oracle),
	};

	state = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : (u64)time(NULL);
	printf("# SEED=%llu\n", (unsigned long long)state);
	state = state * 2654435761u + 88172645463325252ull;
	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
