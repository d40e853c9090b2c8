// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a commit that waits for its confirmation. From each state that may stand
 * before it (a policy, none, closed) to each of its ends (confirmed, rolled back,
 * timed out, flushed, its namespace gone), and what is refused in between.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "suites.h"
#include "msg.h"
#include "candidate.h"

#define LONG	600	/* seconds that no test waits for */

enum before { POLICY, NONE, CLOSED };
enum after { CONFIRM, ROLLBACK, TIMEOUT, FLUSH, EXIT };

struct way { const char *name; enum before before; enum after after; };

static const struct way ways[] = {
	{ "policy, confirmed", POLICY, CONFIRM }, { "policy, rolled back", POLICY, ROLLBACK },
	{ "policy, timed out", POLICY, TIMEOUT }, { "policy, flushed", POLICY, FLUSH },
	{ "policy, namespace gone", POLICY, EXIT },
	{ "none, confirmed", NONE, CONFIRM }, { "none, rolled back", NONE, ROLLBACK },
	{ "none, timed out", NONE, TIMEOUT }, { "none, flushed", NONE, FLUSH },
	{ "closed, confirmed", CLOSED, CONFIRM }, { "closed, rolled back", CLOSED, ROLLBACK },
	{ "closed, timed out", CLOSED, TIMEOUT },
};

static void way_name(const struct way *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(way, ways, way_name);

static int apply(u32 confirm, u32 id, u32 flags, struct netlink_ext_ack *extack)
{
	const struct twist t = { .id = id };
	struct msg m;

	msg_begin(&m);
	if (confirm)
		msg_u32(&m, ZONEFW_A_CONFIRM, confirm);
	if (flags)
		msg_u32(&m, ZONEFW_A_FLAGS, flags);
	msg_rule(&m, &t);
	return msg_send(&m, extack);
}

static const struct zonefw_policy *in_force(void)
{
	return rcu_access_pointer(zn()->policy);
}

static void set_before(struct kunit *test, enum before b)
{
	struct netlink_ext_ack extack;

	if (b == POLICY)
		KUNIT_ASSERT_EQ(test, apply(0, 0, 0, &extack), 0);
	if (b != CLOSED)
		return;
	rtnl_lock();
	mutex_lock(&zn()->lock);
	KUNIT_EXPECT_EQ(test, zonefw_hooks_update(zn(), true), 0);
	zn()->closed = true;
	mutex_unlock(&zn()->lock);
	rtnl_unlock();
}

/* Until the timer has done its work; never before its time. */
static void wait_timer(struct kunit *test)
{
	unsigned long deadline = zn()->pending.deadline;
	int i;

	for (i = 0; READ_ONCE(zn()->pending.on) && i < 6000; i++)
		msleep(10);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(zn()->pending.on));
	KUNIT_EXPECT_FALSE(test, time_before(jiffies, deadline));
	mutex_lock(&zn()->lock);	/* it has ended */
	mutex_unlock(&zn()->lock);
}

static int end(enum after a)
{
	struct netlink_ext_ack extack;

	switch (a) {
	case CONFIRM:
		return msg_command(ZONEFW_CMD_CONFIRM, &extack);
	case ROLLBACK:
		return msg_command(ZONEFW_CMD_ROLLBACK, &extack);
	case FLUSH:
		return msg_command(ZONEFW_CMD_FLUSH, &extack);
	case EXIT:
		zonefw_pending_exit(zn());
		return 0;
	default:
		return 0;
	}
}

/* What stands after the change has ended: the new policy, the one before, or none. */
static void check(struct kunit *test, const struct way *w, const struct zonefw_policy *before,
		  const struct zonefw_policy *after)
{
	bool back = w->after == ROLLBACK || w->after == TIMEOUT;
	const struct zonefw_policy *want = w->after == FLUSH ? NULL : back ? before : after;

	KUNIT_EXPECT_PTR_EQ(test, in_force(), want);
	KUNIT_EXPECT_EQ(test, zn()->closed, back && w->before == CLOSED);
	KUNIT_EXPECT_EQ(test, zn()->hooks, want || zn()->closed);
	KUNIT_EXPECT_EQ(test, zonefw_pending_left(zn()), 0u);
	KUNIT_EXPECT_PTR_EQ(test, zn()->pending.before, (struct zonefw_policy *)NULL);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&zn()->pending.timer));
	if (want)
		KUNIT_EXPECT_EQ(test, want->gen, zn()->gen);
}

static void test_way(struct kunit *test)
{
	const struct way *w = test->param_value;
	struct zonefw_policy *before, *after;
	struct netlink_ext_ack extack;
	int modules = module_refcount(THIS_MODULE);
	u32 gen, id = 0;

	set_before(test, w->before);
	before = zonefw_policy_get(zn());
	KUNIT_ASSERT_EQ(test, !!before, w->before == POLICY);
	if (before)
		id = before->rules[0]->ident->id;
	KUNIT_ASSERT_EQ(test, apply(w->after == TIMEOUT ? 1 : LONG, id, 0, &extack), 0);
	after = zonefw_policy_get(zn());
	gen = after->gen;
	KUNIT_EXPECT_PTR_NE(test, after, before);
	KUNIT_EXPECT_FALSE(test, zn()->closed);
	KUNIT_EXPECT_EQ(test, end(w->after), 0);
	if (w->after == TIMEOUT)
		wait_timer(test);
	check(test, w, before, after);
	settle();
	KUNIT_EXPECT_EQ(test, zn()->gen, gen + (w->after != CONFIRM && w->after != EXIT));
	if (before)	/* the rule's counters are shared, whichever policy is in force */
		KUNIT_EXPECT_PTR_EQ(test, before->rules[0]->ident, after->rules[0]->ident);
	KUNIT_EXPECT_EQ(test, refcount_read(&after->ref), 1u + (in_force() == after));
	if (before)
		KUNIT_EXPECT_EQ(test, refcount_read(&before->ref), 1u + (in_force() == before));
	KUNIT_EXPECT_EQ(test, msg_command(ZONEFW_CMD_CONFIRM, &extack), -ENOENT);
	KUNIT_EXPECT_EQ(test, msg_command(ZONEFW_CMD_ROLLBACK, &extack), -ENOENT);
	KUNIT_EXPECT_TRUE(test, extack._msg && strstr(extack._msg, "no change is waiting"));
	zonefw_policy_put(before);
	zonefw_policy_put(after);
	flush();
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules);
	KUNIT_EXPECT_FALSE(test, zn()->hooks);
}

struct refusal { const char *name; u8 cmd; u32 confirm, flags; int err; };

static const struct refusal refusals[] = {
	{ "commit", ZONEFW_CMD_APPLY, 0, 0, -EBUSY },
	{ "commit that would wait", ZONEFW_CMD_APPLY, 5, 0, -EBUSY },
	{ "rehearsal", ZONEFW_CMD_APPLY, 0, ZONEFW_APPLY_DRY, -EBUSY },
	{ "edit", ZONEFW_CMD_EDIT_RULES, 0, 0, -EBUSY },
	{ "a candidate is none", ZONEFW_CMD_APPLY, 0, ZONEFW_APPLY_KEEP, 0 },
};

static void refusal_name(const struct refusal *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(refusal, refusals, refusal_name);

static int edit(struct netlink_ext_ack *extack)
{
	struct msg m;

	msg_edit_del(&m, in_force()->rules[0]->ident->id);
	return msg_send(&m, extack);
}

static void test_meanwhile(struct kunit *test)
{
	const struct refusal *t = test->param_value;
	const struct zonefw_policy *before, *p;
	struct netlink_ext_ack extack;
	u32 gen, next_id;

	KUNIT_ASSERT_EQ(test, apply(0, 0, 0, &extack), 0);
	before = in_force();
	KUNIT_ASSERT_EQ(test, apply(LONG, 0, 0, &extack), 0);
	p = in_force();
	gen = zn()->gen;
	next_id = zn()->next_id;
	KUNIT_EXPECT_EQ(test, t->cmd == ZONEFW_CMD_APPLY ? apply(t->confirm, 0, t->flags, &extack) :
			edit(&extack), t->err);
	if (t->err)
		KUNIT_EXPECT_TRUE(test, extack._msg && strstr(extack._msg, "waiting to be confirmed"));
	KUNIT_EXPECT_PTR_EQ(test, in_force(), p);
	KUNIT_EXPECT_EQ(test, zn()->gen, gen);
	KUNIT_EXPECT_EQ(test, zn()->next_id, next_id);
	KUNIT_EXPECT_TRUE(test, zn()->pending.on);
	KUNIT_EXPECT_EQ(test, msg_command(ZONEFW_CMD_ROLLBACK, &extack), 0);
	KUNIT_EXPECT_PTR_EQ(test, in_force(), before);
	mutex_lock(&zn()->lock);
	zonefw_candidates_exit(zn());
	mutex_unlock(&zn()->lock);
	flush();
}

struct span { const char *name; u32 seconds; int err; };

static const struct span spans[] = {
	{ "0 s", 0, -EINVAL }, { "1 s", 1, 0 }, { "7 days", ZONEFW_CONFIRM_MAX, 0 },
	{ "7 days and 1 s", ZONEFW_CONFIRM_MAX + 1, -EINVAL }, { "all ones", U32_MAX, -EINVAL },
};

static void span_name(const struct span *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(span, spans, span_name);

static void test_span(struct kunit *test)
{
	const struct span *t = test->param_value;
	const struct twist plain = { };
	struct netlink_ext_ack extack;
	unsigned long start = jiffies;
	struct msg m;

	msg_begin(&m);
	msg_rule(&m, &plain);
	msg_u32(&m, ZONEFW_A_CONFIRM, t->seconds);
	KUNIT_EXPECT_EQ(test, msg_send(&m, &extack), t->err);
	KUNIT_EXPECT_EQ(test, !!in_force(), !t->err);
	if (t->err) {
		KUNIT_EXPECT_TRUE(test, extack._msg && strstr(extack._msg, "1 second to 7 days"));
		KUNIT_EXPECT_FALSE(test, zn()->pending.on);
	} else if (t->seconds > 1) {
		u32 left = zonefw_pending_left(zn()), gone = (jiffies - start) / HZ + 1;

		KUNIT_EXPECT_LE(test, left, t->seconds);
		KUNIT_EXPECT_GE(test, left + gone, t->seconds);
		KUNIT_EXPECT_TRUE(test, delayed_work_pending(&zn()->pending.timer));
	}
	flush();
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&zn()->pending.timer));
}

/* The second before the end still counts as one; past it, until the timer has come, too. */
static void test_left(struct kunit *test)
{
	static const struct { long left; u32 want; } rows[] = {
		{ 10 * HZ, 10 }, { 9 * HZ + HZ / 2, 10 }, { HZ, 1 }, { 1, 1 }, { 0, 1 }, { -5 * HZ, 1 },
	};
	struct zonefw_ns *fake = kvzalloc(sizeof(*fake), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake);
	KUNIT_EXPECT_EQ(test, zonefw_pending_left(fake), 0u);
	fake->pending.on = true;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake->pending.deadline = jiffies + rows[i].left;
		KUNIT_EXPECT_EQ(test, zonefw_pending_left(fake), rows[i].want);
	}
	kvfree(fake);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_way, way_gen_params),
	KUNIT_CASE_PARAM(test_meanwhile, refusal_gen_params),
	KUNIT_CASE_PARAM(test_span, span_gen_params),
	KUNIT_CASE(test_left),
	{ }
};

ZONEFW_SUITE(confirm, cases, NULL, NULL);
