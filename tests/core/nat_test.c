// SPDX-License-Identifier: GPL-2.0
/* What a translating rule selects, and what it recognises as its own work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/table.h"
#include "oracle.h"
#include "rulegen.h"

static const struct zonefw_nat to = { .family = 4, .flags = ZONEFW_NAT_PORT, .port_lo = 9000, .port_hi = 9010,
				      .addr = { 10, 0, 3, 81 } };
static const struct zonefw_l4 box = { .sport_hi = 65535, .dport_lo = 8000, .dport_hi = 8010, .proto = 6,
				      .type_hi = 255, .code_hi = 255,
				      .flags = ZONEFW_L4_F_PROTO | ZONEFW_L4_F_PORTS };
static const struct zonefw_addr on = { .family = 4, .lo = { 198, 51, 100, 1 }, .hi = { 198, 51, 100, 1 } };
static struct zonefw_rule rule = { .action = ZONEFW_PUBLISH, .nat = &to, .nnat = 1, .l4 = &box, .nl4 = 1 };

static const struct zonefw_key came = { .family = 4, .proto = 6, .flags = ZONEFW_K_PORTS, .sport = 1024,
					.dport = 8003, .src = { 203, 0, 113, 9 }, .dst = { 198, 51, 100, 1 } };
static const struct zonefw_key went = { .family = 4, .proto = 6, .flags = ZONEFW_K_PORTS | ZONEFW_K_DNAT | ZONEFW_K_OLOCAL,
					.sport = 1024, .dport = 9003, .src = { 203, 0, 113, 9 }, .dst = { 10, 0, 3, 81 },
					.odst = { 198, 51, 100, 1 }, .odport = 8003, .ozone = ZONEFW_ZONE_SELF };

void test_nat_selects(void **unused)
{
	struct zonefw_key k = came;

	(void)unused;
	rule.non = 0;
	assert_false(zonefw_nat_selects(&rule, &k));	/* not an address of the router */
	k.flags |= ZONEFW_K_OLOCAL;
	assert_true(zonefw_nat_selects(&rule, &k));
	assert_int_equal(zonefw_nat_port(&rule, &to, 8003), 9003);
	k.dport = 8011;
	assert_false(zonefw_nat_selects(&rule, &k));
	k = came;
	rule.on = &on;
	rule.non = 1;
	assert_true(zonefw_nat_selects(&rule, &k));	/* by name, whoever has the address */
	k.dst[3] = 2;
	assert_false(zonefw_nat_selects(&rule, &k));
	k = came;
	k.family = 6;
	assert_false(zonefw_nat_selects(&rule, &k));	/* no target of that family */
}

void test_nat_explains(void **unused)
{
	struct zonefw_key k = went;

	(void)unused;
	rule.non = 0;
	assert_true(zonefw_rule_match(&rule, &k));
	k.flags &= ~ZONEFW_K_DNAT;
	assert_false(zonefw_rule_match(&rule, &k));	/* straight to the host */
	k = went;
	k.dport = 9004;
	assert_false(zonefw_rule_match(&rule, &k));	/* another port than the rule's own mapping */
	k = went;
	k.odport = 8004;
	assert_false(zonefw_rule_match(&rule, &k));
	k = went;
	k.dst[3] = 80;
	assert_false(zonefw_rule_match(&rule, &k));	/* another host */
	k = went;
	k.flags &= ~ZONEFW_K_OLOCAL;
	assert_false(zonefw_rule_match(&rule, &k));	/* another table translated a foreign address */
	rule.on = &on;
	rule.non = 1;
	assert_true(zonefw_rule_match(&rule, &k));
	k.odst[3] = 2;
	assert_false(zonefw_rule_match(&rule, &k));
}

/* Compiled, each of them is found where a look at one after the other finds it: by where the packet went, not where it was sent. */
void test_nat_table(void **unused)
{
	static const struct zonefw_nat six = { .family = 6, .addr = { 0x20, 1 } }, here = { .flags = ZONEFW_NAT_PORT, .port_lo = 80, .port_hi = 80 };
	struct zonefw_rule r[] = { rule, rule, { .action = ZONEFW_REDIRECT, .nat = &here, .nnat = 1, .l4 = &box, .nl4 = 1 },
				   { .action = ZONEFW_ACCEPT, .l4 = &box, .nl4 = 1 } };
	struct zonefw_rule *rules[] = { &r[0], &r[1], &r[2], &r[3] };
	const u32 index[] = { 0, 1, 2, 3 };
	struct zonefw_list l = { .rules = rules, .index = index, .n = 4 };
	struct zonefw_cell c = { .nrules = 4, .ntables = 1 };
	long round, found[4] = { 0 };

	(void)unused;
	r[0].non = r[1].non = 0;
	r[1].nat = &six;		/* nothing of IPv4 */
	c.tables[0] = zonefw_table_build(&l);
	assert_non_null(c.tables[0]);
	for (round = 0; round < 20000; round++) {
		struct zonefw_key k = went;
		struct zonefw_cursor cur;

		k.dst[3] -= rulegen_random(2);
		k.odport += rulegen_random(2);
		k.dport = rulegen_random(4) ? rulegen_random(2) ? k.odport + 1000u : 80 : 7999 + rulegen_random(14);
		if (!rulegen_random(8))
			k.flags ^= rulegen_random(2) ? ZONEFW_K_DNAT : ZONEFW_K_OLOCAL;
		zonefw_cursor_init(&cur);
		for (u32 i = 0; i < 4; i++) {
			if (!zonefw_rule_match(&r[i], &k))
				continue;
			assert_ptr_equal(zonefw_cell_next(rules, &c, &k, &cur), &r[i]);
			found[i]++;
		}
		assert_null(zonefw_cell_next(rules, &c, &k, &cur));
	}
	assert_true(found[0] && !found[1] && found[2] && found[3]);
	zonefw_table_free(c.tables[0]);
}
