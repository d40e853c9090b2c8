// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what a rule asks of the moment. Buckets: how much passes, whose bucket it
 * is, tokens that come back, two processors at one bucket, more addresses than
 * places. Clocks: times of the day, days, deadlines and who keeps them. Counts of
 * connections, or the refusal of a kernel that has none.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include "suites.h"
#include "msg.h"
#include "clock.h"
#include "conns.h"
#include "core/limiter.h"
#include "live.h"
#include "rate.h"

#define HOUR	(3600ull * NSEC_PER_SEC)	/* no token comes back while a test runs */
#define BASE	(1ull << 40)

struct take { const char *name; u64 full, now, cost, burst, next; bool ok; };

static const struct take takes[] = {
	{ "a new bucket", 0, BASE, 10, 30, BASE + 10, true },
	{ "the last token", BASE + 20, BASE, 10, 30, BASE + 30, true },
	{ "empty", BASE + 30, BASE, 10, 30, BASE + 30, false },
	{ "less than a token", BASE + 21, BASE, 10, 30, BASE + 21, false },
	{ "just one again", BASE + 30, BASE + 10, 10, 30, BASE + 40, true },
	{ "a moment early", BASE + 30, BASE + 9, 10, 30, BASE + 30, false },
	{ "full long since", BASE, 2 * BASE, 10, 30, 2 * BASE + 10, true },
	{ "the clock went back", 2 * BASE, BASE, 10, 30, BASE + 30, false },
	{ "one token in all", 0, BASE, 10, 10, BASE + 10, true },
	{ "the longest burst", 0, BASE, U64_MAX / 4, U64_MAX / 4, BASE + U64_MAX / 4, true },
};

static void take_name(const struct take *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(take, takes, take_name);

static void test_take(struct kunit *test)
{
	const struct take *t = test->param_value;
	u64 next = 0;

	KUNIT_EXPECT_EQ(test, zonefw_bucket_take(t->full, t->now, t->cost, t->burst, &next), t->ok);
	KUNIT_EXPECT_EQ(test, next, t->next);
}

/* Two packets that may share a bucket of one token, after one has taken it. */
struct share { const char *name; u8 by, family, src, dst, family2, src2, dst2; bool ok; };

static const struct share shares[] = {
	{ "one for all", 0, 4, 1, 1, 6, 2, 2, false },
	{ "same source", ZONEFW_BY_SRC, 4, 1, 1, 4, 1, 2, false },
	{ "other source", ZONEFW_BY_SRC, 4, 1, 1, 4, 2, 1, true },
	{ "same destination", ZONEFW_BY_DST, 4, 1, 1, 4, 2, 1, false },
	{ "other destination", ZONEFW_BY_DST, 4, 1, 1, 4, 1, 2, true },
	{ "same source, IPv6", ZONEFW_BY_SRC, 6, 1, 1, 6, 1, 2, false },
	{ "other source, IPv6", ZONEFW_BY_SRC, 6, 1, 1, 6, 2, 1, true },
	{ "other family", ZONEFW_BY_SRC, 4, 1, 1, 6, 1, 1, true },
};

static void share_name(const struct share *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(share, shares, share_name);

static struct zonefw_key packet(u8 family, u32 src, u32 dst)
{
	struct zonefw_key k = { .family = family, .ask = ZONEFW_ASK_NEW };
	u32 last = family == 4 ? 0 : 12;

	put_unaligned_be32(src, &k.src[last]);
	put_unaligned_be32(dst, &k.dst[last]);
	return k;
}

static void test_share(struct kunit *test)
{
	const struct share *t = test->param_value;
	const struct zonefw_limit l = { .cost = HOUR, .burst = HOUR, .by = t->by };
	const struct zonefw_key a = packet(t->family, t->src, t->dst);
	const struct zonefw_key b = packet(t->family2, t->src2, t->dst2);
	struct zonefw_rate *r = zonefw_rate_alloc(t->by);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	KUNIT_EXPECT_TRUE(test, zonefw_rate_within(r, &l, &a));
	KUNIT_EXPECT_FALSE(test, zonefw_rate_within(r, &l, &a));
	KUNIT_EXPECT_EQ(test, zonefw_rate_within(r, &l, &b), t->ok);
	KUNIT_EXPECT_FALSE(test, zonefw_rate_within(r, &l, &b));
	zonefw_rate_free(r);
}

static u32 passed(struct zonefw_rate *r, const struct zonefw_limit *l, u32 tries)
{
	const struct zonefw_key k = packet(4, 1, 1);
	u32 n = 0;

	while (tries--)
		n += zonefw_rate_within(r, l, &k);
	return n;
}

/* A rule that is kept and comes to count per address: new buckets beside the old one. */
static void test_keys_later(struct kunit *test)
{
	struct zonefw_limit l = { .cost = HOUR, .burst = 3 * HOUR };
	struct zonefw_rate *r = zonefw_rate_alloc(false);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	KUNIT_EXPECT_EQ(test, passed(r, &l, 10), 3u);
	KUNIT_EXPECT_TRUE(test, zonefw_rate_add_keys(r));
	KUNIT_EXPECT_EQ(test, passed(r, &l, 10), 0u);
	l.by = ZONEFW_BY_SRC;
	KUNIT_EXPECT_EQ(test, passed(r, &l, 10), 3u);
	KUNIT_EXPECT_TRUE(test, zonefw_rate_add_keys(r));	/* they are there: as they were */
	KUNIT_EXPECT_EQ(test, passed(r, &l, 10), 0u);
	zonefw_rate_free(r);
	zonefw_rate_free(NULL);
}

/* A token comes back, and not before its time. */
static void test_refill(struct kunit *test)
{
	const struct zonefw_limit l = { .cost = NSEC_PER_SEC / 5, .burst = NSEC_PER_SEC / 5 };
	struct zonefw_rate *r = zonefw_rate_alloc(false);
	u64 start = ktime_get_ns();
	u32 round, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	for (round = 0; round <= 2; round++) {
		for (i = 0; !passed(r, &l, 1) && i < 6000; i++)
			msleep(10);
		KUNIT_EXPECT_LT(test, i, 6000u);
		KUNIT_EXPECT_GE(test, ktime_get_ns() - start, round * l.cost);
	}
	zonefw_rate_free(r);
}

#define TOKENS	20000u

struct taker { struct zonefw_rate *r; struct zonefw_limit l; u32 got; struct completion done; };

static int taker(void *arg)
{
	struct taker *t = arg;

	t->got = passed(t->r, &t->l, TOKENS);
	complete(&t->done);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/* Both processors at one bucket take all of its tokens, and no more. */
static void test_both(struct kunit *test)
{
	struct zonefw_rate *r = zonefw_rate_alloc(true);
	struct taker t[2] = { };
	struct task_struct *k[2];
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	for (i = 0; i < 2; i++) {
		t[i].r = r;
		t[i].l = (struct zonefw_limit){ .cost = HOUR, .burst = TOKENS * HOUR,
						.by = ZONEFW_BY_SRC };
		init_completion(&t[i].done);
		k[i] = kthread_create(taker, &t[i], "zonefw_taker/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, k[i]);
		kthread_bind(k[i], i % num_online_cpus());
		wake_up_process(k[i]);
	}
	/* a thread that is stopped before it ran does not run at all */
	for (i = 0; i < 2; i++) {
		wait_for_completion(&t[i].done);
		kthread_stop(k[i]);
	}
	KUNIT_EXPECT_EQ(test, t[0].got + t[1].got, TOKENS);
	zonefw_rate_free(r);
}

/* Addresses without end get no more tokens than there are places. */
static void test_crowd(struct kunit *test)
{
	const struct zonefw_limit l = { .cost = HOUR, .burst = HOUR, .by = ZONEFW_BY_SRC };
	struct zonefw_rate *r = zonefw_rate_alloc(true);
	u32 i, got = 0, again = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	for (i = 0; i < 100000; i++) {
		const struct zonefw_key k = packet(4, i, 1);

		got += zonefw_rate_within(r, &l, &k);
		again += zonefw_rate_within(r, &l, &k);
		if (!(i % 1024))
			cond_resched();
	}
	KUNIT_EXPECT_LE(test, got, 16384u);
	KUNIT_EXPECT_GT(test, got, 16000u);
	KUNIT_EXPECT_EQ(test, again, 0u);
	zonefw_rate_free(r);
}

/* Minutes are counted from this one, days from today. */
struct hour { const char *name; int from, until, days; u32 flags; bool want; };

#define NOT_TIME	ZONEFW_LIVE_NEG_TIME
#define NOT_DAYS	ZONEFW_LIVE_NEG_DAYS
#define TODAY		1
#define OTHER_DAYS	2

static const struct hour hours[] = {
	{ "none", 0, 0, 0, 0, true }, { "now", -60, 60, 0, 0, true }, { "later", 60, 120, 0, 0, false },
	{ "earlier", -120, -60, 0, 0, false }, { "all but an hour", 120, 60, 0, 0, true },
	{ "not now", -60, 60, 0, NOT_TIME, false }, { "not later", 60, 120, 0, NOT_TIME, true },
	{ "today", 0, 0, TODAY, 0, true }, { "another day", 0, 0, OTHER_DAYS, 0, false },
	{ "not today", 0, 0, TODAY, NOT_DAYS, false }, { "not another day", 0, 0, OTHER_DAYS, NOT_DAYS, true },
	{ "today now", -60, 60, TODAY, 0, true }, { "today later", 60, 120, TODAY, 0, false },
	{ "another day now", -60, 60, OTHER_DAYS, 0, false }, { "any day", 0, 0, TODAY | OTHER_DAYS, 0, true },
};

static void hour_name(const struct hour *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(hour, hours, hour_name);

static void test_hour(struct kunit *test)
{
	const struct hour *t = test->param_value;
	struct zonefw_live l;
	u32 second, day, bit;
	bool res;

	do {	/* again when a day has ended meanwhile */
		day = div_u64_rem(ktime_get_real_seconds(), 86400, &second);
		bit = 1 << (day + 3) % 7;
		l = (struct zonefw_live){ .flags = t->flags };
		l.minutes[0] = (second / 60 + 1440 + t->from) % 1440;
		l.minutes[1] = (second / 60 + 1440 + t->until) % 1440;
		if (!t->from)
			l.minutes[1] = l.minutes[0];
		l.days = (t->days & TODAY ? bit : 0) | (t->days & OTHER_DAYS ? 0x7f & ~bit : 0);
		res = zonefw_live_now(&l);
	} while (day != div_u64_rem(ktime_get_real_seconds(), 86400, &second));
	KUNIT_EXPECT_EQ(test, res, t->want);
	KUNIT_EXPECT_EQ(test, zonefw_live_timed(&l), t->from || t->days);
	l.expires = 1;
	l.deadline = ktime_get_boottime_ns();	/* now, so over */
	KUNIT_EXPECT_FALSE(test, zonefw_live_now(&l));
	l.deadline += HOUR;
	KUNIT_EXPECT_TRUE(test, zonefw_live_timed(&l));
}

/* A step never overshoots, gets there, and is most of the way. */
static void test_step(struct kunit *test)
{
	static const unsigned long rows[] = { 0, 1, 7, 8, 100, HZ, 3600ul * HZ, 604800ul * HZ };
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long left = rows[i], step;

		for (n = 0; left && n < 500; n++, left -= step) {
			step = zonefw_clock_step(left);
			KUNIT_ASSERT_LE(test, step, left);
			KUNIT_ASSERT_GE(test, step, left / 8 * 7);
			KUNIT_ASSERT_GT(test, step, 0ul);
		}
		KUNIT_EXPECT_EQ(test, left, 0ul);
	}
}

static int apply(u32 expires, u32 id, u32 conns, struct netlink_ext_ack *extack)
{
	const struct twist t = { .id = id };
	struct nlattr *rule, *live;
	struct msg m;

	msg_begin(&m);
	rule = msg_nest(&m, ZONEFW_A_RULE);
	if (t.id)
		msg_u32(&m, ZONEFW_AR_ID, t.id);
	msg_u16(&m, ZONEFW_AR_FROM, 1);
	msg_u16(&m, ZONEFW_AR_TO, 2);
	msg_u8(&m, ZONEFW_AR_ACTION, ZONEFW_ACCEPT);
	live = msg_nest(&m, ZONEFW_AR_LIVE);
	if (expires)
		msg_u32(&m, ZONEFW_AL_EXPIRES, expires);
	if (conns)
		msg_u32(&m, ZONEFW_AL_CONNS, conns);
	msg_end(&m, live);
	msg_end(&m, rule);
	return msg_send(&m, extack);
}

/* Who keeps a deadline: the rule of the same id with the same time, in the very next policy. */
struct keep { const char *name; u32 expires; bool id, between, same; };

static const struct keep keeps[] = {
	{ "same rule", 600, true, false, true }, { "another time", 700, true, false, false },
	{ "another rule", 600, false, false, false }, { "not timed in between", 600, true, true, false },
};

static void keep_name(const struct keep *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(keep, keeps, keep_name);

static void test_keep(struct kunit *test)
{
	const struct keep *t = test->param_value;
	struct netlink_ext_ack extack;
	struct zonefw_policy *p;
	u64 deadline;
	u32 id;

	KUNIT_ASSERT_EQ(test, apply(600, 0, 0, &extack), 0);
	p = zonefw_policy_get(zn());
	id = p->rules[0]->ident->id;
	deadline = p->rules[0]->live->deadline;
	zonefw_policy_put(p);
	KUNIT_EXPECT_GT(test, deadline, ktime_get_boottime_ns() + 540ull * NSEC_PER_SEC);
	if (t->between)
		KUNIT_EXPECT_EQ(test, apply(0, id, 0, &extack), 0);
	msleep(2);
	KUNIT_ASSERT_EQ(test, apply(t->expires, t->id ? id : 0, 0, &extack), 0);
	p = zonefw_policy_get(zn());
	KUNIT_EXPECT_EQ(test, p->rules[0]->live->deadline == deadline, t->same);
	KUNIT_EXPECT_GE(test, p->rules[0]->live->deadline, deadline);
	KUNIT_EXPECT_EQ(test, p->rules[0]->live->kept->timed, zn()->gen);
	zonefw_policy_put(p);
	flush();
}

/* The end of a rule's time: not before it, and then the worker has told so. */
static void test_end(struct kunit *test)
{
	struct netlink_ext_ack extack;
	u64 start = ktime_get_boottime_ns();
	struct zonefw_policy *p;
	int i, epoch;

	KUNIT_ASSERT_EQ(test, apply(1, 0, 0, &extack), 0);
	epoch = atomic_read(&zn()->epoch);
	p = zonefw_policy_get(zn());
	for (i = 0; !READ_ONCE(zn()->clock_expired) && i < 6000; i++)
		msleep(10);
	KUNIT_EXPECT_GE(test, ktime_get_boottime_ns() - start, (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_TRUE(test, zonefw_live_expired(p->rules[0]));
	mutex_lock(&zn()->lock);
	KUNIT_EXPECT_EQ(test, zn()->clock_expired, 1u);
	KUNIT_EXPECT_NE(test, atomic_read(&zn()->epoch), epoch);
	mutex_unlock(&zn()->lock);
	zonefw_policy_put(p);
	flush();
}

/* Where the kernel counts connections, a rule has a count; where not, it is refused. */
static void test_conns(struct kunit *test)
{
	bool ready = zonefw_conns_ready();
	struct netlink_ext_ack extack;
	struct zonefw_policy *p;
	struct zonefw_conns *c;

	KUNIT_EXPECT_EQ(test, ready, IS_ENABLED(CONFIG_NETFILTER_CONNCOUNT));
	KUNIT_EXPECT_EQ(test, apply(0, 0, 5, &extack), ready ? 0 : -EINVAL);
	p = zonefw_policy_get(zn());
	KUNIT_EXPECT_EQ(test, !!p, ready);
	if (p)
		KUNIT_EXPECT_TRUE(test, p->rules[0]->live->kept->conns);
	else
		KUNIT_EXPECT_TRUE(test, extack._msg && strstr(extack._msg, "cannot count connections"));
	zonefw_policy_put(p);
	flush();
	c = zonefw_conns_alloc(&init_net);
	KUNIT_EXPECT_EQ(test, !!c, ready);
	zonefw_conns_free(c);
	zonefw_conns_free(NULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_take, take_gen_params),
	KUNIT_CASE_PARAM(test_share, share_gen_params),
	KUNIT_CASE(test_keys_later),
	KUNIT_CASE(test_refill),
	KUNIT_CASE(test_both),
	KUNIT_CASE(test_crowd),
	KUNIT_CASE_PARAM(test_hour, hour_gen_params),
	KUNIT_CASE(test_step),
	KUNIT_CASE_PARAM(test_keep, keep_gen_params),
	KUNIT_CASE(test_end),
	KUNIT_CASE(test_conns),
	{ }
};

ZONEFW_SUITE(limiter, cases, NULL, NULL);
