/* SPDX-License-Identifier: GPL-2.0 */
/* What a suite's file ends with; start.c has the list of those that are linked. */
#ifndef KUNIT_SUITES_H
#define KUNIT_SUITES_H
#include <kunit/test.h>

#define ZONEFW_SUITE(area, list, before, after)					\
	extern struct kunit_suite zonefw_##area##_suite;			\
	struct kunit_suite zonefw_##area##_suite = {				\
		.name = "zonefw_" #area, .test_cases = list, .init = before, .exit = after }

#endif
