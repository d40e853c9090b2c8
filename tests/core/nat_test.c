// SPDX-License-Identifier: GPL-2.0
/* What a translating rule selects, and what it recognises as its own work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "oracle.h"

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
