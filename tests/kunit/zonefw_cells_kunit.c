// SPDX-License-Identifier: GPL-2.0
/* KUnit: sub-zones, and which default a zone pair has. */
#include "suites.h"
#include "core/model.h"

/* zones: 0 self, 1 inside, 2 guests in inside, 3 lab in guests, 4 dmz */
static const u16 parent[] = { 0, 0, 1, 2, 0 };

struct cover { const char *name; u16 list[2]; u32 n; u16 zone; bool want; };

static const struct cover covers[] = {
	{ "grandparent", { 1 }, 1, 3, true }, { "itself", { 1 }, 1, 1, true },
	{ "another", { 1 }, 1, 4, false }, { "self is not inside", { 1 }, 1, 0, false },
	{ "child does not cover parent", { 2 }, 1, 1, false },
	{ "any", { ZONEFW_ZONE_ANY }, 1, 0, true }, { "second of two", { 4, 2 }, 2, 3, true },
	{ "empty list", { 0 }, 0, 0, false },
};

static void cover_name(const struct cover *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(cover, covers, cover_name);

static void test_cover(struct kunit *test)
{
	const struct cover *t = test->param_value;

	KUNIT_EXPECT_EQ(test, zonefw_zone_covers(parent, t->list, t->n, t->zone), t->want);
}

static const struct zonefw_celldef defs[] = {
	{ .from = ZONEFW_ZONE_ANY, .to = ZONEFW_ZONE_ANY, .has_default = true },
	{ .from = ZONEFW_ZONE_ANY, .to = 4, .has_default = true },
	{ .from = 2, .to = ZONEFW_ZONE_ANY, .has_default = true },
	{ .from = 1, .to = 4, .has_default = true },
	{ .from = 3, .to = 4, .has_default = false },
	{ .from = 4, .to = 4, .has_default = true },
};

struct def { const char *name; u16 from, to; int want; };

static const struct def lookups[] = {
	{ "nearest parents before any", 3, 4, 3 }, { "FROM -> any", 2, 0, 2 },
	{ "FROM -> any of a parent", 3, 0, 2 }, { "any -> TO", 0, 4, 1 },
	{ "any -> any", 0, 1, 0 }, { "exact", 4, 4, 5 },
};

static void def_name(const struct def *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(def, lookups, def_name);

/* The default of a pair of these zones. */
static const struct zonefw_celldef *default_of(const struct zonefw_celldef *d, u32 n, u16 from, u16 to)
{
	const struct zonefw_celldef *exact[6 * 6] = { };
	static struct zonefw_cell cells[5 * 5];	/* more than a frame may have; the tests run one by one */

	BUILD_BUG_ON(ARRAY_SIZE(parent) != 5);
	zonefw_defaults_fill(d, n, parent, 5, exact, cells);
	return cells[from * 5 + to].def;
}

static void test_default(struct kunit *test)
{
	const struct def *t = test->param_value;

	KUNIT_EXPECT_PTR_EQ(test, default_of(defs, ARRAY_SIZE(defs), t->from, t->to),
			    &defs[t->want]);
}

static void test_no_default(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, default_of(defs + 1, 4, 0, 1),
			    (const struct zonefw_celldef *)NULL);
	KUNIT_EXPECT_PTR_EQ(test, default_of(NULL, 0, 0, 1),
			    (const struct zonefw_celldef *)NULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_cover, cover_gen_params),
	KUNIT_CASE_PARAM(test_default, def_gen_params),
	KUNIT_CASE(test_no_default),
	{ }
};

ZONEFW_SUITE(cells, cases, NULL, NULL);
