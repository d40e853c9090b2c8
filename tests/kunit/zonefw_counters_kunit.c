// SPDX-License-Identifier: GPL-2.0
/* KUnit: identities and their counters, written from both CPUs at once. */
#include <linux/kthread.h>
#include "suites.h"
#include "zonefw.h"

static void test_life(struct kunit *test)
{
	struct zonefw_ident *i = zonefw_ident_alloc(7);
	u64 packets, bytes;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, i);
	KUNIT_EXPECT_EQ(test, i->id, 7u);
	zonefw_count(i, 100);
	zonefw_count(i, 1400);
	zonefw_ident_read(i, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, packets, 2ull);
	KUNIT_EXPECT_EQ(test, bytes, 1500ull);
	KUNIT_EXPECT_PTR_EQ(test, zonefw_ident_get(i), i);
	zonefw_ident_put(i);
	zonefw_ident_read(i, &packets, &bytes);	/* still ours */
	KUNIT_EXPECT_EQ(test, packets, 2ull);
	zonefw_ident_zero(i);
	zonefw_ident_read(i, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, packets + bytes, 0ull);
	zonefw_ident_put(i);
	zonefw_ident_put(NULL);
}

#define ROUNDS	50000

static int counter(void *arg)
{
	int n;

	for (n = 0; n < ROUNDS; n++)
		zonefw_count(arg, 3);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void test_concurrent(struct kunit *test)
{
	struct zonefw_ident *i = zonefw_ident_alloc(0);
	struct task_struct *t[2];
	u64 packets = 0, bytes, last = 0;
	int n, backwards = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, i);
	for (n = 0; n < 2; n++) {
		t[n] = kthread_create(counter, i, "zonefw_count/%d", n);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[n]);
		kthread_bind(t[n], n % num_online_cpus());
		wake_up_process(t[n]);
	}
	for (n = 0; packets < 2 * ROUNDS && n < 1000000; n++) {
		zonefw_ident_read(i, &packets, &bytes);
		backwards += packets < last;
		last = packets;
		cond_resched();
	}
	for (n = 0; n < 2; n++)
		kthread_stop(t[n]);
	zonefw_ident_read(i, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, backwards, 0);
	KUNIT_EXPECT_EQ(test, packets, 2ull * ROUNDS);
	KUNIT_EXPECT_EQ(test, bytes, 6ull * ROUNDS);
	zonefw_ident_put(i);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_life),
	KUNIT_CASE(test_concurrent),
	{ }
};

ZONEFW_SUITE(counters, cases, NULL, NULL);
