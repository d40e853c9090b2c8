// SPDX-License-Identifier: GPL-2.0
/*
 * The pure core under cmocka and sanitizers: pattern matching, prefixes,
 * defaults of sub-zones; table_test.c has the classifier. SEED=N repeats a run.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
#include "core/limiter.h"
#include "oracle.h"
#include "rulegen.h"
#include "table_test.h"

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

/* The default of a pair of these zones. */
static const struct zonefw_celldef *default_of(const struct zonefw_celldef *d, u32 n, u16 from, u16 to)
{
	const struct zonefw_celldef *exact[6 * 6] = { NULL };
	struct zonefw_cell cells[5 * 5];

	zonefw_defaults_fill(d, n, parent, 5, exact, cells);
	return cells[from * 5 + to].def;
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
	assert_ptr_equal(default_of(d, 5, 3, 4), &d[3]);	/* nearest parents */
	assert_ptr_equal(default_of(d, 5, 2, 0), &d[2]);	/* FROM -> any */
	assert_ptr_equal(default_of(d, 5, 0, 4), &d[1]);	/* any -> TO */
	assert_ptr_equal(default_of(d, 5, 0, 1), &d[0]);
	assert_null(default_of(d + 1, 4, 0, 1));
}

/* All at once is the same as one by one: random parents, defaults of zones, of any, and some that have none. */
static void test_defaults_fill(void **unused)
{
	static const struct zonefw_celldef *exact[31 * 31];
	static struct zonefw_celldef d[60];
	static struct zonefw_cell cells[30 * 30];
	u16 up[30] = { 0 }, nz, z;
	u32 round, n, i;

	(void)unused;
	srand(20261124);
	for (round = 0; round < 2000; round++) {
		nz = 1 + rand() % 30;
		n = rand() % 60;
		for (z = 1; z < nz; z++)
			up[z] = rand() % 3 ? rand() % z : 0;
		for (i = 0; i < n; i++)
			d[i] = (struct zonefw_celldef){ .from = rand() % 4 ? rand() % nz : ZONEFW_ZONE_ANY,
							.to = rand() % 4 ? rand() % nz : ZONEFW_ZONE_ANY,
							.has_default = rand() % 8 };
		memset(exact, 0, sizeof(exact));
		zonefw_defaults_fill(d, n, up, nz, exact, cells);
		for (i = 0; i < (u32)nz * nz; i++)
			assert_ptr_equal(cells[i].def, oracle_default(d, n, up, i / nz, i % nz));
	}
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

/* Devices, hardware addresses, marks, DSCP: listed, not listed, unknown; and each of them negated. */
static void test_conditions(void **unused)
{
	static const char eth[2][ZONEFW_DEVNAME] = { "wg*", "eth0" };
	static const u8 mac[1][6] = { { 2, 0, 0, 0, 0, 1 } };
	static const struct { struct zonefw_rule r; u32 neg; } t[] = {
		{ { .in = eth, .nin = 2 }, ZONEFW_RULE_NEG_IN }, { { .out = eth, .nout = 2 }, ZONEFW_RULE_NEG_OUT },
		{ { .mac = mac, .nmac = 1 }, ZONEFW_RULE_NEG_MAC },
		{ { .has_mark = true, .mark = 1, .mask = 3 }, ZONEFW_RULE_NEG_MARK },
		{ { .has_dscp = true, .dscp = 46 }, ZONEFW_RULE_NEG_DSCP },
	};
	struct zonefw_key in = { .family = 4, .flags = ZONEFW_K_MAC, .in = "eth0", .out = "wg7", .mark = 5, .dscp = 46,
				 .mac = { 2, 0, 0, 0, 0, 1 } };
	struct zonefw_key not = { .family = 4, .flags = ZONEFW_K_MAC, .in = "eth01", .out = "eth1", .mark = 2, .dscp = 0 };
	struct zonefw_key unknown = { .family = 4 };	/* of what was not seen, neither the list nor its complement holds */

	(void)unused;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct zonefw_rule r = t[i].r;

		assert_false(zonefw_rule_plain(&r));
		assert_true(zonefw_rule_match(&r, &in));
		assert_false(zonefw_rule_match(&r, &not));
		assert_false(zonefw_rule_match(&r, &unknown));
		r.flags = t[i].neg;
		assert_false(zonefw_rule_match(&r, &in));
		assert_true(zonefw_rule_match(&r, &not));
		if (i < 3)	/* a mark and a DSCP are always known */
			assert_false(zonefw_rule_match(&r, &unknown));
	}
}

/* Against a bucket of whole tokens: never more than burst at once, nor more than the rate. */
static void test_limiter(void **unused)
{
	(void)unused;
	for (int run = 0; run < 200; run++) {
		u64 cost = 1 + rulegen_random(1000), size = 1 + rulegen_random(20);
		u64 now = 1000000, start = now, full = 0, taken = 0, next;

		for (int i = 0; i < 500; i++) {
			bool ok = zonefw_bucket_take(full, now, cost, cost * size, &next);

			taken += ok;
			assert_true(taken <= size + (now - start) / cost);
			assert_true(ok || next - now + cost > cost * size);
			full = next;
			now += rulegen_random(3) ? rulegen_random(cost / 2 + 1) : 0;
		}
		now += cost * size;
		for (u64 i = 0; i < size; i++, full = next)	/* full again */
			assert_true(zonefw_bucket_take(full, now, cost, cost * size, &next));
		assert_false(zonefw_bucket_take(full, now, cost, cost * size, &next));
		/* a clock that went back holds nobody up for longer than a whole bucket */
		assert_false(zonefw_bucket_take(full, now / 2, cost, cost * size, &next));
		assert_true(next <= now / 2 + cost * size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_covers), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_defaults_fill),
		cmocka_unit_test(test_reply_key), cmocka_unit_test(test_conditions), cmocka_unit_test(test_limiter), cmocka_unit_test(test_table_memory),
		cmocka_unit_test(test_table_no_memory), cmocka_unit_test(test_table_guessed),
		cmocka_unit_test(test_share_memory), cmocka_unit_test(test_share_no_memory),
		cmocka_unit_test(test_share_oracle),
		cmocka_unit_test(test_pack), cmocka_unit_test(test_patch_oracle), cmocka_unit_test(test_table_oracle),
		cmocka_unit_test(test_nat_selects), cmocka_unit_test(test_nat_explains), cmocka_unit_test(test_nat_table),
	};

	u64 seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : (u64)time(NULL);

	printf("# SEED=%llu\n", (unsigned long long)seed);
	rulegen_seed(seed);
	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
