// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the classifier's core in the kernel's own build: device patterns,
 * prefixes, facts that a reply does not show, and random rules against the
 * oracle that the userspace tests use too.
 */
#include <linux/prandom.h>
#include <linux/random.h>
#include "suites.h"
#include "core/table.h"
#include "../core/oracle.h"

struct pattern { const char *p, *n; bool want; };

static const struct pattern patterns[] = {
	{ "eth0", "eth0", true }, { "eth0", "eth00", false }, { "eth0", "eth", false },
	{ "wg*", "wg", true }, { "wg*", "wg12", true }, { "wg*", "xwg", false },
	{ "*", "lo", true }, { "?", "", false }, { "eth?", "eth1", true },
	{ "eth?", "eth10", false }, { "*0", "eth01", false }, { "a*b*c", "axxbyyc", true },
	{ "a*b*c", "axxbyy", false }, { "*a*a*", "a", false },
};

static void pattern_name(const struct pattern *t, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "'%s' '%s'", t->p, t->n);
}
KUNIT_ARRAY_PARAM(pattern, patterns, pattern_name);

static void test_pattern(struct kunit *test)
{
	const struct pattern *t = test->param_value;

	KUNIT_EXPECT_EQ(test, zonefw_dev_match(t->p, t->n), t->want);
}

struct prefix { const char *name; u8 family, addr[16]; int want; };

static const struct zonefw_net nets[] = {
	{ 4, 0, { 0 }, { 0 } }, { 4, 8, { 0 }, { 10 } }, { 4, 25, { 0 }, { 10, 0, 3, 128 } },
	{ 4, 32, { 0 }, { 10, 0, 3, 129 } },
	{ 6, 64, { 0 }, { 0x20, 1, 0xd, 0xb8 } }, { 6, 128, { 0 }, { 0x20, 1, 0xd, 0xb8, [15] = 7 } },
};

static const struct prefix prefixes[] = {
	{ "longest of three", 4, { 10, 0, 3, 200 }, 25 }, { "a host", 4, { 10, 0, 3, 129 }, 32 },
	{ "one bit short", 4, { 10, 0, 3, 127 }, 8 }, { "all", 4, { 11 }, 0 },
	{ "v6", 6, { 0x20, 1, 0xd, 0xb8, [8] = 1 }, 64 },
	{ "v6 host", 6, { 0x20, 1, 0xd, 0xb8, [15] = 7 }, 128 },
	{ "v6 outside", 6, { 0x20, 1, 0xd, 0xb9 }, -1 }, { "v4 bytes as v6", 6, { 10, 0, 3, 200 }, -1 },
};

static void prefix_name(const struct prefix *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(prefix, prefixes, prefix_name);

static void test_prefix(struct kunit *test)
{
	const struct prefix *t = test->param_value;

	KUNIT_EXPECT_EQ(test, zonefw_prefix_match(nets, ARRAY_SIZE(nets), t->family, t->addr), t->want);
}

static void test_reply(struct kunit *test)
{
	struct zonefw_rule r = { .has_mark = true, .mark = 1, .mask = 1, .action = ZONEFW_ACCEPT };
	struct zonefw_key k = { .family = 4, .flags = ZONEFW_K_REPLY };

	KUNIT_EXPECT_TRUE(test, zonefw_rule_match(&r, &k));
	KUNIT_EXPECT_TRUE(test, k.guessed);
	r.action = ZONEFW_DROP;
	KUNIT_EXPECT_FALSE(test, zonefw_rule_match(&r, &k));
}

#define RULES	24
#define LIST	2

struct random_set {
	struct rnd_state rnd;
	struct zonefw_rule rule[RULES], *list[RULES];
	struct zonefw_addr src[RULES][LIST], dst[RULES][LIST];
	struct zonefw_l4 l4[RULES][LIST];
	u32 index[RULES];
};

static u32 draw(struct random_set *s, u32 n)
{
	return prandom_u32_state(&s->rnd) % n;
}

static void random_addr(struct random_set *s, struct zonefw_addr *a)
{
	int i, len;

	memset(a, 0, sizeof(*a));
	a->family = draw(s, 2) ? 4 : 6;
	a->kind = !draw(s, 4);
	len = a->family == 4 ? 4 : 16;
	for (i = 0; i < len; i++) {
		a->lo[i] = draw(s, 4);
		a->hi[i] = a->kind ? draw(s, 256) : draw(s, 4);
		if (a->kind)
			a->lo[i] &= a->hi[i];
	}
	if (!a->kind && memcmp(a->lo, a->hi, len) > 0)
		memcpy(a->hi, a->lo, len);
}

static void random_rule(struct random_set *s, int i)
{
	struct zonefw_rule *r = &s->rule[i];
	int j;

	memset(r, 0, sizeof(*r));
	r->nsrc = draw(s, LIST + 1);
	r->ndst = draw(s, LIST + 1);
	r->nl4 = draw(s, LIST + 1);
	r->src = s->src[i];
	r->dst = s->dst[i];
	r->l4 = s->l4[i];
	r->flags = draw(s, 4) ? 0 : draw(s, ZONEFW_RULE_NEG_DST * 2);
	r->family = draw(s, 4) ? 0 : 4;
	for (j = 0; j < LIST; j++) {
		struct zonefw_l4 *b = &s->l4[i][j];

		random_addr(s, &s->src[i][j]);
		random_addr(s, &s->dst[i][j]);
		memset(b, 0, sizeof(*b));
		b->flags = draw(s, 8);
		b->proto = draw(s, 2) ? 6 : 17;
		b->sport_hi = draw(s, 2) ? 65535 : draw(s, 16);
		b->dport_lo = draw(s, 8);
		b->dport_hi = b->dport_lo + draw(s, 8);
		b->type_hi = draw(s, 4);
		b->code_hi = draw(s, 3);
	}
	s->index[i] = i;
	s->list[i] = r;
}

static void random_key(struct random_set *s, struct zonefw_key *k)
{
	int i;

	memset(k, 0, sizeof(*k));
	k->family = draw(s, 2) ? 4 : 6;
	k->proto = draw(s, 2) ? 6 : 17;
	k->flags = draw(s, 4);
	k->sport = draw(s, 16);
	k->dport = draw(s, 16);
	k->type = draw(s, 5);
	k->code = draw(s, 3);
	for (i = 0; i < (k->family == 4 ? 4 : 16); i++) {
		k->src[i] = draw(s, 4);
		k->dst[i] = draw(s, 4);
	}
}

static int by_oracle(const struct random_set *s, const struct zonefw_key *k)
{
	int i;

	for (i = 0; i < RULES; i++)
		if (oracle_match(&s->rule[i], k))
			return i;
	return -1;
}

/* The rules of one set, compiled, against the oracle; counts what went wrong. */
static u32 compare(struct kunit *test, struct random_set *s, u32 *hits)
{
	const struct zonefw_list l = { .rules = s->list, .index = s->index, .n = RULES };
	struct zonefw_cell cell = { .ntables = 1, .nrules = RULES };
	struct zonefw_table *t;
	u32 n, wrong = 0;

	for (n = 0; n < RULES; n++)
		random_rule(s, n);
	t = zonefw_table_build(&l);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	cell.tables[0] = t;
	for (n = 0; n < 200; n++) {
		const struct zonefw_rule *r;
		struct zonefw_cursor cur;
		struct zonefw_key k;
		int want;

		random_key(s, &k);
		want = by_oracle(s, &k);
		zonefw_cursor_init(&cur);
		r = zonefw_cell_next(s->list, &cell, &k, &cur);
		wrong += want < 0 ? !!r : r != &s->rule[want] || cur.slot != want + 1;
		*hits += want >= 0;
	}
	zonefw_table_free(t);
	return wrong;
}

static void test_oracle(struct kunit *test)
{
	struct random_set *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u64 seed = get_random_u32();
	u32 n, hits = 0, wrong = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	prandom_seed_state(&s->rnd, seed);
	kunit_info(test, "seed %llu", seed);
	for (n = 0; n < 100; n++)
		wrong += compare(test, s, &hits);
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, hits, 2000u);
	KUNIT_EXPECT_LT(test, hits, 20000u);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_pattern, pattern_gen_params),
	KUNIT_CASE_PARAM(test_prefix, prefix_gen_params),
	KUNIT_CASE(test_reply),
	KUNIT_CASE(test_oracle),
	{ }
};

ZONEFW_SUITE(match, cases, NULL, NULL);
