// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: named sets. What a member is, which addresses it holds (against a plain
 * list), how members come and go by command and by time, how many there may be,
 * and what the two views see while a policy comes into force.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include "suites.h"
#include "msg.h"
#include "set.h"
#include "setuse.h"

#define V0	ZONEFW_VIEW(0)
#define V1	ZONEFW_VIEW(1)

struct member { const char *name; struct zonefw_elem e; bool port, ok; };

static const struct member members[] = {
	{ "host", { 4, 32, 0, 0, { 10, 0, 0, 1 } }, false, true },
	{ "network", { 4, 9, 0, 0, { 10, 128 } }, false, true },
	{ "everything", { 4, 0 }, false, true }, { "v6 host", { 6, 128, 0, 0, { [15] = 1 } }, false, true },
	{ "v6 network", { 6, 33, 0, 0, { [4] = 0x80 } }, false, true },
	{ "piece of a range", { 4, 32, ZONEFW_ELEM_RANGE, 0, { 10 } }, false, true },
	{ "port", { 0, 16, 0, 0, { 0, 80 } }, true, true }, { "ports", { 0, 8, 0, 0, { 4 } }, true, true },
	{ "host bits", { 4, 9, 0, 0, { 10, 64 } }, false, false },
	{ "bits behind a v4 host", { 4, 32, 0, 0, { 10, 0, 0, 1, 1 } }, false, false },
	{ "host bits of a port", { 0, 8, 0, 0, { 4, 1 } }, true, false },
	{ "33 bits", { 4, 33 }, false, false }, { "129 bits", { 6, 129 }, false, false },
	{ "17 bits", { 0, 17 }, true, false }, { "family 5", { 5, 32 }, false, false },
	{ "unknown flag", { 4, 32, 2 }, false, false }, { "kernel's mark", { 4, 32, 0x80 }, false, false },
	{ "port among addresses", { 0, 16, 0, 0, { 0, 80 } }, false, false },
	{ "address among ports", { 4, 32, 0, 0, { 10 } }, true, false },
};

static void member_name(const struct member *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(member, members, member_name);

static void test_member(struct kunit *test)
{
	const struct member *t = test->param_value;

	KUNIT_EXPECT_EQ(test, zonefw_elem_ok(&t->e, t->port), t->ok);
}

static struct zonefw_set *set_make(struct kunit *test, bool port, u32 max)
{
	struct zonefw_set *s;

	mutex_lock(&zn()->lock);
	s = zonefw_set_alloc(zn(), "kunit", port);
	mutex_unlock(&zn()->lock);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	s->max = max;
	return s;
}

static struct zonefw_elem host(u32 n, u32 timeout)
{
	struct zonefw_elem e = { .family = 4, .len = 32, .timeout = timeout };
	__be32 a = htonl(0xc6120000 + n);

	memcpy(e.addr, &a, 4);
	return e;
}

static int add(struct zonefw_set *s, const struct zonefw_elem *e)
{
	int tries, err = -EBUSY;

	for (tries = 0; err == -EBUSY && tries < 1000; tries++) {
		err = zonefw_set_add(s, e, GFP_KERNEL);
		if (err == -EBUSY)	/* the table grows */
			msleep(1);
	}
	return err;
}

static bool has(const struct zonefw_set *s, u8 view, const struct zonefw_elem *e)
{
	bool res;

	rcu_read_lock();
	res = zonefw_set_has(s, view, e->family, e->addr);
	rcu_read_unlock();
	return res;
}

/* Nothing is left: no member, no length that a lookup would probe. */
static void expect_empty(struct kunit *test, struct zonefw_set *s)
{
	KUNIT_EXPECT_EQ(test, s->count, 0u);
	KUNIT_EXPECT_EQ(test, s->nnamed, 0u);
	KUNIT_EXPECT_EQ(test, atomic_read(&s->ht.nelems), 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(s->lens, ZONEFW_SET_LENS));
}

static void test_life(struct kunit *test)
{
	struct zonefw_set *s = set_make(test, false, 10);
	struct zonefw_elem a = host(1, 0), b = host(2, 0);
	struct zonefw_elem net = { .family = 4, .len = 16, .addr = { 0xc6, 0x12 } };

	KUNIT_EXPECT_FALSE(test, has(s, V0, &a));
	KUNIT_EXPECT_EQ(test, add(s, &a), 0);
	KUNIT_EXPECT_EQ(test, add(s, &a), 0);
	KUNIT_EXPECT_EQ(test, s->count, 1u);
	KUNIT_EXPECT_TRUE(test, has(s, V0, &a));
	KUNIT_EXPECT_TRUE(test, has(s, V1, &a));
	KUNIT_EXPECT_FALSE(test, has(s, V0, &b));
	KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &b), -ENOENT);
	KUNIT_EXPECT_EQ(test, add(s, &net), 0);
	KUNIT_EXPECT_TRUE(test, has(s, V0, &b));
	KUNIT_EXPECT_FALSE(test, zonefw_set_is_member(s, &b));	/* held, but not named */
	KUNIT_EXPECT_TRUE(test, zonefw_set_is_member(s, &net));
	KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &b), -ENOENT);
	KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &net), 0);
	KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &net), -ENOENT);
	KUNIT_EXPECT_FALSE(test, has(s, V0, &b));
	KUNIT_EXPECT_TRUE(test, has(s, V0, &a));
	zonefw_set_flush(s);
	KUNIT_EXPECT_FALSE(test, has(s, V0, &a));
	expect_empty(test, s);
	zonefw_set_put(s);
}

static void test_covers(struct kunit *test)
{
	struct zonefw_set *s = set_make(test, false, 10);
	const struct zonefw_elem in = { .family = 4, .len = 9, .addr = { 10, 128 } };
	static const struct { struct zonefw_elem e; bool want; } rows[] = {
		{ { 4, 9, 0, 0, { 10, 128 } }, true }, { { 4, 32, 0, 0, { 10, 255, 255, 255 } }, true },
		{ { 4, 8, 0, 0, { 10 } }, false }, { { 4, 0 }, false }, { { 4, 9, 0, 0, { 10 } }, false },
		{ { 6, 32, 0, 0, { 10, 128 } }, false },
	};
	int i;

	KUNIT_EXPECT_EQ(test, add(s, &in), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, zonefw_set_covers(s, V0, &rows[i].e), rows[i].want, "row %d", i);
	zonefw_set_put(s);
}

#define RANDOM_MEMBERS	150

struct draw { struct rnd_state rnd; struct zonefw_elem e[RANDOM_MEMBERS]; };

/* Few addresses and all lengths, so that members hold each other. */
static void random_elem(struct rnd_state *rnd, struct zonefw_elem *e, bool whole)
{
	static const u8 bits[] = { 32, 128, 16 }, families[] = { 4, 6, 0 };
	u32 kind = prandom_u32_state(rnd) % 2, i, len = bits[kind];

	memset(e, 0, sizeof(*e));
	e->family = families[kind];
	e->len = whole ? len : prandom_u32_state(rnd) % (len + 1);
	for (i = 0; i < e->len; i++)
		if (!(prandom_u32_state(rnd) % 8))
			e->addr[i / 8] |= 0x80 >> i % 8;
}

static bool in_list(const struct draw *d, u32 n, const struct zonefw_elem *x)
{
	u32 i, k;

	for (i = 0; i < n; i++) {
		if (d->e[i].family != x->family)
			continue;
		for (k = 0; k < d->e[i].len; k++)
			if ((d->e[i].addr[k / 8] ^ x->addr[k / 8]) & 0x80 >> k % 8)
				break;
		if (k == d->e[i].len)
			return true;
	}
	return false;
}

static void test_lookup(struct kunit *test)
{
	struct draw *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);
	struct zonefw_set *s = set_make(test, false, RANDOM_MEMBERS);
	u64 seed = get_random_u32();
	u32 i, n, hits = 0, wrong = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, d);
	prandom_seed_state(&d->rnd, seed);
	kunit_info(test, "seed %llu", seed);
	for (n = 0; n < RANDOM_MEMBERS; n++) {
		do {	/* the shortest ones hold all */
			random_elem(&d->rnd, &d->e[n], false);
		} while (d->e[n].len < 6);
		KUNIT_EXPECT_EQ(test, add(s, &d->e[n]), 0);
		for (i = 0; i < 40; i++) {
			struct zonefw_elem x;
			bool want;

			random_elem(&d->rnd, &x, true);
			want = in_list(d, n + 1, &x);
			wrong += has(s, V1, &x) != want;
			hits += want;
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, hits, 100u);
	KUNIT_EXPECT_LT(test, hits, 40u * RANDOM_MEMBERS - 100);
	for (n = 0; n < RANDOM_MEMBERS; n++)	/* some were drawn twice */
		zonefw_set_del(s, &d->e[n]);
	expect_empty(test, s);
	zonefw_set_put(s);
}

static void test_ports(struct kunit *test)
{
	struct zonefw_set *s = set_make(test, true, 10);
	const struct zonefw_elem http = { 0, 16, 0, 0, { 0, 80 } }, high = { 0, 2, 0, 0, { 0xc0 } };
	static const struct { u16 port; bool want; } rows[] = {
		{ 80, true }, { 81, false }, { 0, false }, { 49151, false }, { 49152, true }, { 65535, true },
	};
	int i;

	KUNIT_EXPECT_EQ(test, add(s, &http), 0);
	KUNIT_EXPECT_EQ(test, add(s, &high), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct zonefw_elem x = { 0, 16, 0, 0, { rows[i].port >> 8, rows[i].port & 255 } };

		KUNIT_EXPECT_EQ_MSG(test, has(s, V0, &x), rows[i].want, "port %u", rows[i].port);
	}
	zonefw_set_put(s);
}

static void test_max(struct kunit *test)
{
	struct zonefw_set *s = set_make(test, false, 3);
	struct zonefw_elem e[5];
	int i;

	for (i = 0; i < 5; i++)
		e[i] = host(i, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, add(s, &e[i]), 0);
	KUNIT_EXPECT_EQ(test, add(s, &e[3]), -ENOSPC);
	KUNIT_EXPECT_EQ(test, s->lost, 1u);
	KUNIT_EXPECT_FALSE(test, has(s, V0, &e[3]));
	KUNIT_EXPECT_EQ(test, add(s, &e[1]), 0);	/* is in already */
	KUNIT_EXPECT_EQ(test, s->lost, 1u);
	KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &e[1]), 0);
	KUNIT_EXPECT_EQ(test, add(s, &e[3]), 0);
	KUNIT_EXPECT_EQ(test, add(s, &e[4]), -ENOSPC);
	KUNIT_EXPECT_EQ(test, s->lost, 2u);
	KUNIT_EXPECT_EQ(test, s->count, 3u);
	/* what is in takes no room from what a policy names, which has its own maximum */
	KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e[4], 1, false), 0);
	KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e[4], 1, false), 0);
	KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e[1], 1, false), 0);
	KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e[0], 1, false), 0);
	KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e[2], 1, false), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, has(s, V0, &e[2]));	/* was in, and stays so */
	KUNIT_EXPECT_EQ(test, s->nnamed, 3u);
	KUNIT_EXPECT_FALSE(test, has(s, V0, &e[4]));	/* unseen as yet */
	zonefw_set_unname(s, &e[4]);
	KUNIT_EXPECT_EQ(test, s->nnamed, 3u);
	zonefw_set_unname(s, &e[4]);
	zonefw_set_unname(s, &e[4]);	/* once too often */
	zonefw_set_unname(s, &e[1]);
	KUNIT_EXPECT_EQ(test, s->nnamed, 1u);
	zonefw_set_unname(s, &e[0]);
	KUNIT_EXPECT_TRUE(test, has(s, V0, &e[0]));	/* came by itself before it was named */
	zonefw_set_flush(s);
	expect_empty(test, s);
	zonefw_set_put(s);
}

/* left: seconds that are shown, 0: for ever; 1: it is seen to end */
struct timing { const char *name; u32 of_set, of_member, renewed, left; };

static const struct timing timings[] = {
	{ "the member's", 0, 1, 0, 1 }, { "the set's", 1, 0, 0, 1 },
	{ "the member's before the set's", 600, 1, 0, 1 }, { "the longer one of the member", 1, 600, 0, 600 },
	{ "none", 0, 0, 0, 0 }, { "anew and longer", 0, 1, 600, 600 }, { "anew and shorter", 0, 600, 1, 1 },
	{ "the longest", 0, U32_MAX, 0, U32_MAX },
};

static void timing_name(const struct timing *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(timing, timings, timing_name);

/* Until a member is over and its memory is back; never before its second has passed. */
static void wait_end(struct kunit *test, struct zonefw_set *s, const struct zonefw_elem *e, u64 start)
{
	int i;

	for (i = 0; has(s, V0, e) && i < 6000; i++)
		msleep(10);
	KUNIT_EXPECT_GE(test, ktime_get_boottime_ns() - start, (u64)NSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, has(s, V0, e));
	KUNIT_EXPECT_FALSE(test, zonefw_set_is_member(s, e));
	for (i = 0; READ_ONCE(s->count) && i < 6000; i++)
		msleep(10);
	spin_lock_bh(&s->lock);
	expect_empty(test, s);
	spin_unlock_bh(&s->lock);
}

/* What a dump says is left. */
static u32 left_of(struct zonefw_set *s, const struct zonefw_elem *e)
{
	struct zonefw_elem shown = { .timeout = 7 };
	struct zonefw_setkey k;
	struct zonefw_member *m;

	zonefw_set_key(&k, e->family, e->len, e->addr);
	rcu_read_lock();
	m = rhashtable_lookup(&s->ht, &k, zonefw_set_params);
	if (!m || !zonefw_member_show(m, V0, &shown) || memcmp(shown.addr, e->addr, sizeof(e->addr)))
		shown.timeout = 13;
	rcu_read_unlock();
	return shown.timeout;
}

static void test_time(struct kunit *test)
{
	const struct timing *t = test->param_value;
	struct zonefw_set *s = set_make(test, false, 10);
	struct zonefw_elem e = host(1, t->of_member);
	u64 start = ktime_get_boottime_ns();
	u32 left;

	s->timeout = t->of_set;
	KUNIT_EXPECT_EQ(test, add(s, &e), 0);
	if (t->renewed) {
		e.timeout = t->renewed;
		start = ktime_get_boottime_ns();
		KUNIT_EXPECT_EQ(test, add(s, &e), 0);
	}
	KUNIT_EXPECT_EQ(test, s->count, 1u);
	if (t->left == 1) {
		wait_end(test, s, &e, start);
		KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &e), -ENOENT);
	} else {
		left = left_of(s, &e);
		KUNIT_EXPECT_LE(test, left, t->left);
		KUNIT_EXPECT_GE(test, left, t->left ? t->left - 60 : 0);
		KUNIT_EXPECT_TRUE(test, has(s, V0, &e));
	}
	zonefw_set_put(s);
}

/* What became of a member before a policy comes into force. */
enum was { ABSENT, IN, DELETED, OVER };
struct view { const char *name; bool old, new; enum was was; bool v0, staged, settled; };

/* v0, staged: seen through the old view, and through the new one, before it is settled */
static const struct view views[] = {
	{ "named anew", false, true, ABSENT, false, true, true },
	{ "named no more", true, false, IN, true, false, false },
	{ "named by both", true, true, IN, true, true, true },
	{ "named by both, deleted", true, true, DELETED, false, false, false },
	{ "named by both, over", true, true, OVER, false, false, false },
	{ "named anew, in already", false, true, IN, true, true, true },
	{ "named anew, over", false, true, OVER, false, true, true },
	{ "named no more, deleted", true, false, DELETED, false, false, false },
	{ "named by none, in", false, false, IN, true, true, true },
};

static void view_name(const struct view *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(view, views, view_name);

static void past(struct zonefw_set *s, const struct zonefw_elem *e)
{
	struct zonefw_setkey k;
	struct zonefw_member *m;

	zonefw_set_key(&k, e->family, e->len, e->addr);
	rcu_read_lock();
	m = rhashtable_lookup(&s->ht, &k, zonefw_set_params);
	if (m)
		atomic64_set(&m->expires, 1);
	rcu_read_unlock();
}

static void test_view(struct kunit *test)
{
	const struct view *t = test->param_value;
	struct zonefw_set *s = set_make(test, false, 10);
	const struct zonefw_elem e = host(1, 0);

	if (t->old)
		KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e, 10, t->was != ABSENT), 0);
	else if (t->was != ABSENT)
		KUNIT_EXPECT_EQ(test, add(s, &e), 0);
	if (t->was == DELETED)
		KUNIT_EXPECT_EQ(test, zonefw_set_del(s, &e), 0);
	if (t->was == OVER)
		past(s, &e);
	if (t->new)
		KUNIT_EXPECT_EQ(test, zonefw_set_name(s, &e, 10, false), 0);
	KUNIT_EXPECT_EQ(test, has(s, V0, &e), t->was == IN);

	if (t->old)
		zonefw_set_mark(s, &e, ZONEFW_MARK_OLD);
	if (t->new)
		zonefw_set_mark(s, &e, ZONEFW_MARK_NEW);
	zonefw_set_stage(s, &e, V1);
	zonefw_set_stage(s, &e, V1);	/* once for either policy */
	KUNIT_EXPECT_EQ(test, has(s, V0, &e), t->v0);
	KUNIT_EXPECT_EQ(test, has(s, V1, &e), t->staged);
	zonefw_set_settle(s, &e, V1);
	zonefw_set_settle(s, &e, V1);
	KUNIT_EXPECT_EQ(test, has(s, V0, &e), t->settled);
	KUNIT_EXPECT_EQ(test, has(s, V1, &e), t->settled);
	if (t->old)
		zonefw_set_unname(s, &e);
	KUNIT_EXPECT_EQ(test, has(s, V1, &e), t->settled);
	if (t->was != OVER || t->settled)	/* one that is over counts until it is reaped */
		KUNIT_EXPECT_EQ(test, s->count, (u32)t->settled);
	zonefw_set_flush(s);
	if (t->new)
		zonefw_set_unname(s, &e);
	expect_empty(test, s);
	zonefw_set_put(s);
}

struct successor { const char *name, *set; bool port, same; };

static const struct successor successors[] = {
	{ "same name and kind", "s", false, true }, { "same name, of ports", "s", true, false },
	{ "another name", "t", false, false },
};

static void successor_name(const struct successor *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(successor, successors, successor_name);

static int commit(const char *set, bool port, const struct zonefw_elem *e, u32 n, u32 confirm)
{
	struct netlink_ext_ack extack;
	struct msg m;

	msg_begin(&m);
	msg_set(&m, set, port, 0, 0);
	if (confirm)
		msg_u32(&m, ZONEFW_A_CONFIRM, confirm);
	if (n)
		msg_elems(&m, set, e, n);
	return msg_send(&m, &extack);
}

/* A set goes on with all that was put in at run time; a rollback brings back what the text named. */
static void test_successor(struct kunit *test)
{
	const struct successor *t = test->param_value;
	const struct zonefw_elem first = host(1, 0), second = host(2, 0), run = host(3, 0);
	struct zonefw_policy *p, *q;
	struct netlink_ext_ack extack;
	const struct zonefw_set *s;

	KUNIT_ASSERT_EQ(test, commit("s", false, &first, 1, 0), 0);
	p = zonefw_policy_get(zn());
	s = p->sets[0].set;
	KUNIT_EXPECT_TRUE(test, has(s, p->view, &first));
	KUNIT_EXPECT_EQ(test, add(p->sets[0].set, &run), 0);
	KUNIT_ASSERT_EQ(test, commit(t->set, t->port, &second, !t->port, 600), 0);
	q = zonefw_policy_get(zn());
	KUNIT_EXPECT_EQ(test, q->sets[0].set == s, t->same);
	KUNIT_EXPECT_EQ(test, q->view, ZONEFW_VIEWS ^ p->view);
	KUNIT_EXPECT_EQ(test, has(q->sets[0].set, q->view, &second), !t->port);
	KUNIT_EXPECT_FALSE(test, has(q->sets[0].set, q->view, &first));
	KUNIT_EXPECT_EQ(test, has(q->sets[0].set, q->view, &run), t->same);
	KUNIT_EXPECT_EQ(test, msg_command(ZONEFW_CMD_ROLLBACK, &extack), 0);
	KUNIT_EXPECT_TRUE(test, has(s, p->view, &first));
	KUNIT_EXPECT_FALSE(test, has(s, p->view, &second));
	KUNIT_EXPECT_TRUE(test, has(s, p->view, &run));
	zonefw_policy_put(q);
	zonefw_policy_put(p);
	flush();
}

/* Both processors: one lets members come and go, the other asks for one that is always there. */
static int churner(void *arg)
{
	struct zonefw_set *s = arg;
	u32 n = 0;

	while (!kthread_should_stop()) {
		struct zonefw_elem e = host(10 + n % 500, 0);

		if (n++ / 500 % 2)
			zonefw_set_del(s, &e);
		else
			add(s, &e);
		cond_resched();
	}
	return 0;
}

static void test_churn(struct kunit *test)
{
	struct zonefw_set *s = set_make(test, false, 1000);
	const struct zonefw_elem there = host(1, 0), never = host(2, 0);
	struct task_struct *k;
	u32 n, lost = 0, ghosts = 0;

	KUNIT_EXPECT_EQ(test, add(s, &there), 0);
	k = kthread_run(churner, s, "zonefw_churn");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, k);
	for (n = 0; n < 20000; n++) {
		lost += !has(s, V0, &there);
		ghosts += has(s, V0, &never);
		cond_resched();
	}
	kthread_stop(k);
	KUNIT_EXPECT_EQ(test, lost, 0u);
	KUNIT_EXPECT_EQ(test, ghosts, 0u);
	zonefw_set_flush(s);
	expect_empty(test, s);
	zonefw_set_put(s);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_member, member_gen_params),
	KUNIT_CASE(test_life),
	KUNIT_CASE(test_covers),
	KUNIT_CASE(test_lookup),
	KUNIT_CASE(test_ports),
	KUNIT_CASE(test_max),
	KUNIT_CASE_PARAM(test_time, timing_gen_params),
	KUNIT_CASE_PARAM(test_view, view_gen_params),
	KUNIT_CASE_PARAM(test_successor, successor_gen_params),
	KUNIT_CASE(test_churn),
	{ }
};

ZONEFW_SUITE(set, cases, NULL, NULL);
