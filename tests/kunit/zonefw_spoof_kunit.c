// SPDX-License-Identifier: GPL-2.0
/* KUnit: sources that no packet on a wire may have. */
#include "suites.h"
#include "zonefw.h"

struct source { const char *name; u8 family, addr[16]; bool martian; };

static const struct source sources[] = {
	{ "0.0.0.0, DHCP", 4, { 0 }, false }, { "0.0.0.1", 4, { 0, 0, 0, 1 }, true },
	{ "0.1.0.0", 4, { 0, 1 }, true }, { "1.0.0.0", 4, { 1 }, false },
	{ "126.255.255.255", 4, { 126, 255, 255, 255 }, false },
	{ "127.0.0.1", 4, { 127, 0, 0, 1 }, true }, { "127.255.255.255", 4, { 127, 255, 255, 255 }, true },
	{ "128.0.0.0", 4, { 128 }, false }, { "223.255.255.255", 4, { 223, 255, 255, 255 }, false },
	{ "224.0.0.1", 4, { 224, 0, 0, 1 }, true }, { "240.0.0.1", 4, { 240, 0, 0, 1 }, true },
	{ "255.255.255.255", 4, { 255, 255, 255, 255 }, true },
	{ "::", 6, { 0 }, false }, { "::1", 6, { [15] = 1 }, true }, { "::2", 6, { [15] = 2 }, false },
	{ "::ffff:10.0.0.1", 6, { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 }, true },
	{ "ff02::1", 6, { 0xff, 2, [15] = 1 }, true }, { "fe80::1", 6, { 0xfe, 0x80, [15] = 1 }, false },
	{ "2001:2::1", 6, { 0x20, 1, 0, 2, [15] = 1 }, false },
};

static void source_name(const struct source *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(source, sources, source_name);

static void test_martian(struct kunit *test)
{
	const struct source *t = test->param_value;

	KUNIT_EXPECT_EQ(test, zonefw_martian(t->family, t->addr), t->martian);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_martian, source_gen_params),
	{ }
};

ZONEFW_SUITE(spoof, cases, NULL, NULL);
