// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the linked suites when something is written to the module's parameter
 * "kunit". Not kunit_test_suites(): 6.1 would run them before the module's
 * init, and the transaction suites need the module up.
 */
#include <linux/moduleparam.h>
#include <linux/string.h>
#include "suites.h"

#define S(area) extern struct kunit_suite zonefw_##area##_suite;
SUITES
#undef S
#define S(area) &zonefw_##area##_suite,
static struct kunit_suite *suites[] = { SUITES };

/* a third argument, "run them?", came after 6.12 */
typedef int (*init2)(struct kunit_suite *const *const, int);
typedef int (*init3)(struct kunit_suite *const *const, int, bool);
#define HAS_THREE	__builtin_types_compatible_p(typeof(&__kunit_test_suites_init), init3)

static int start(struct kunit_suite **list, int n)
{
	void *init = __kunit_test_suites_init;
	int err = HAS_THREE ? ((init3)init)(list, n, true) : ((init2)init)(list, n);

	__kunit_test_suites_exit(list, n);
	return err;
}

/* The name of a suite runs that one, anything else runs all. */
static int run(const char *val, const struct kernel_param *kp)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (sysfs_streq(val, suites[i]->name))
			return start(&suites[i], 1);
	return start(suites, ARRAY_SIZE(suites));
}

static const struct kernel_param_ops kunit_ops = { .set = run };
module_param_cb(kunit, &kunit_ops, NULL, 0200);
MODULE_PARM_DESC(kunit, "write anything to run the unit tests, or the name of a suite");
