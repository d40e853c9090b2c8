// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the linked suites when something is written to the module's parameter
 * "kunit". Not kunit_test_suites(): 6.1 would run them before the module's
 * init, and the transaction suites need the module up.
 */
#include <linux/moduleparam.h>
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

static int start(void)
{
	void *init = __kunit_test_suites_init;

	return HAS_THREE ? ((init3)init)(suites, ARRAY_SIZE(suites), true) :
			   ((init2)init)(suites, ARRAY_SIZE(suites));
}

static int run(const char *val, const struct kernel_param *kp)
{
	int err = start();

	__kunit_test_suites_exit(suites, ARRAY_SIZE(suites));
	return err;
}

static const struct kernel_param_ops kunit_ops = { .set = run };
module_param_cb(kunit, &kunit_ops, NULL, 0200);
MODULE_PARM_DESC(kunit, "write anything to run the unit tests");
