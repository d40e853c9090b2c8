// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the verdict cache. A hit needs the flow, the generation and the zones;
 * all else is a miss, also what is evicted or cleared. Writers and readers at
 * once never make a hit of something that was not entered.
 */
#include <linux/kthread.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <net/netfilter/nf_conntrack.h>
#include "suites.h"
#include "vcache.h"

#define FLOWS	64
#define CELL(from, to)	((from) * 100 + (to))

struct rig {
	struct zonefw_vcache *c;
	struct nf_conn *ct[FLOWS];
};

static struct nf_conn *flow(struct kunit *test, u8 family, u32 n)
{
	struct nf_conn *ct = kunit_kzalloc(test, sizeof(*ct), GFP_KERNEL);
	struct nf_conntrack_tuple *t;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ct);
	t = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	t->src.l3num = family;
	t->src.u3.ip = htonl(0xc6120000 + n);
	t->dst.u3.ip = htonl(0xc6130001);
	t->src.u.all = htons(1024 + n);
	t->dst.u.all = htons(80);
	t->dst.protonum = IPPROTO_TCP;
	return ct;
}

static int rig_init(struct kunit *test)
{
	struct rig *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	for (i = 0; i < FLOWS; i++)
		r->ct[i] = flow(test, i & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4, i);
	r->c = zonefw_vcache_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r->c);
	test->priv = r;
	return 0;
}

static void rig_exit(struct kunit *test)
{
	struct rig *r = test->priv;

	if (r)
		zonefw_vcache_free(r->c);
}

static void test_hit(struct kunit *test)
{
	const struct zonefw_stamp st = { .gen = 7, .cell = CELL(1, 2), .slot = 0x3bcdef };
	struct rig *r = test->priv;
	u32 slot = 0;

	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 7, CELL(1, 2), &slot), ZONEFW_MISS);
	zonefw_vcache_enter(r->c, r->ct[0], &st);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 7, CELL(1, 2), &slot), ZONEFW_HIT);
	KUNIT_EXPECT_EQ(test, slot, 0x3bcdefu);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[1], 7, CELL(1, 2), &slot), ZONEFW_MISS);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 8, CELL(1, 2), &slot), ZONEFW_MISS);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 7, CELL(2, 1), &slot), ZONEFW_OTHER_ZONES);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 7, CELL(1, 3), &slot), ZONEFW_OTHER_ZONES);
}

/* The places of rules, and what stands above them. */
static void test_stamp(struct kunit *test)
{
	static const u32 slots[] = { 0, 1, ZONEFW_RULES_MAX, ZONEFW_VC_OFFLOADS - 1 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		struct zonefw_stamp st = { .gen = 0xffffff, .cell = 0xffff, .slot = slots[i] };
		u64 stamp = zonefw_vc_pack(&st);

		KUNIT_EXPECT_EQ(test, zonefw_vc_slot(stamp), slots[i]);
		KUNIT_EXPECT_EQ(test, (u32)zonefw_vc_usual(stamp), (u32)!!slots[i]);
		KUNIT_EXPECT_FALSE(test, zonefw_vc_offloads(stamp));
		st.offloads = true;
		stamp = zonefw_vc_pack(&st);
		KUNIT_EXPECT_EQ(test, zonefw_vc_slot(stamp), slots[i]);
		KUNIT_EXPECT_EQ(test, (u16)stamp, st.cell);
		KUNIT_EXPECT_FALSE(test, zonefw_vc_usual(stamp));
		KUNIT_EXPECT_TRUE(test, zonefw_vc_offloads(stamp));
		KUNIT_EXPECT_TRUE(test, zonefw_vc_of_gen(stamp, 0xffffff));
	}
}

static void test_tuple_is_checked(struct kunit *test)
{
	const struct zonefw_stamp st = { .gen = 1, .cell = CELL(1, 2), .slot = 1 };
	struct rig *r = test->priv;
	u32 slot;

	/* conntrack's memory is used again for another flow: same address, other tuple */
	zonefw_vcache_enter(r->c, r->ct[0], &st);
	r->ct[0]->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u.all = htons(22);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[0], 1, CELL(1, 2), &slot), ZONEFW_MISS);
	zonefw_vcache_enter(r->c, r->ct[1], &st);
	r->ct[1]->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u3.ip6[3] = htonl(9);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[1], 1, CELL(1, 2), &slot), ZONEFW_MISS);
}

/* Two entries, and two destinations that lie as far apart the other way round: not one flow. */
static void test_key_is_secret(struct kunit *test)
{
	const struct zonefw_stamp st = { .gen = 7, .cell = CELL(1, 2), .slot = 1 };
	struct nf_conn *ct = kunit_kcalloc(test, 2, sizeof(*ct), GFP_KERNEL);
	struct rig *r = test->priv;
	u32 slot;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ct);
	for (i = 0; i < 2; i++) {
		struct nf_conntrack_tuple *t = &ct[i].tuplehash[IP_CT_DIR_ORIGINAL].tuple;

		*t = r->ct[0]->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
		t->dst.u3.ip = (__force __be32)(0x10203040u - i * (u32)sizeof(*ct));
	}
	zonefw_vcache_enter(r->c, &ct[0], &st);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, &ct[0], 7, CELL(1, 2), &slot), ZONEFW_HIT);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, &ct[1], 7, CELL(1, 2), &slot), ZONEFW_MISS);
}

static void test_replace_and_clear(struct kunit *test)
{
	struct zonefw_stamp st = { .gen = 1, .cell = CELL(1, 2), .slot = 1 };
	struct rig *r = test->priv;
	u32 slot;
	int i;

	for (i = 0; i < FLOWS; i++)
		zonefw_vcache_enter(r->c, r->ct[i], &st);
	st.gen = 2;
	st.slot = 5;
	zonefw_vcache_enter(r->c, r->ct[3], &st);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[3], 1, CELL(1, 2), &slot), ZONEFW_MISS);
	KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[3], 2, CELL(1, 2), &slot), ZONEFW_HIT);
	KUNIT_EXPECT_EQ(test, slot, 5u);
	zonefw_vcache_clear(r->c);
	for (i = 0; i < FLOWS; i++) {
		KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[i], 1, CELL(1, 2), &slot), ZONEFW_MISS);
		KUNIT_EXPECT_EQ(test, zonefw_vcache_find(r->c, r->ct[i], 2, CELL(1, 2), &slot), ZONEFW_MISS);
	}
}

/* More flows than places: what is found is what was entered for that flow. */
static void test_eviction(struct kunit *test)
{
	const u32 n = 100000;
	struct nf_conn *ct = kvcalloc(n, sizeof(*ct), GFP_KERNEL);
	struct rig *r = test->priv;
	u32 i, slot, hits = 0, wrong = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ct);
	for (i = 0; i < n; i++) {
		const struct zonefw_stamp st = { .gen = 1, .cell = CELL(1, 2), .slot = i };
		struct nf_conntrack_tuple *t = &ct[i].tuplehash[IP_CT_DIR_ORIGINAL].tuple;

		/* as clients do: where all had one port, one secret in a hundred fills few sets */
		t->src.u3.ip = htonl(i);
		t->src.u.all = htons(1024 + i % 60000);
		zonefw_vcache_enter(r->c, &ct[i], &st);
	}
	for (i = 0; i < n; i++)
		if (zonefw_vcache_find(r->c, &ct[i], 1, CELL(1, 2), &slot) == ZONEFW_HIT) {
			hits++;
			wrong += slot != i;
		}
	kvfree(ct);
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, hits, 55000u);
	KUNIT_EXPECT_LE(test, hits, 65536u);
}

struct writer { struct rig *r; u32 slot; };

/* A flow's zones and slot say which flow it is; two writers differ in the slot only. */
static int writer(void *arg)
{
	struct writer *w = arg;
	u32 n = w->slot;

	while (!kthread_should_stop()) {
		u32 i = n++ % FLOWS;
		const struct zonefw_stamp st = { .gen = 1, .cell = CELL(i, i),
						 .slot = w->slot + i };

		zonefw_vcache_enter(w->r->c, w->r->ct[i], &st);
		cond_resched();
	}
	return 0;
}

static void test_torn(struct kunit *test)
{
	struct rig *r = test->priv;
	struct writer w[2] = { { r, 0 }, { r, FLOWS } };
	struct task_struct *t[2];
	u32 n, slot, hits = 0, wrong = 0;
	int i;

	for (i = 0; i < 2; i++) {
		t[i] = kthread_run(writer, &w[i], "zonefw_writer");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t[i]);
	}
	for (n = 0; n < 200000; n++) {
		u32 f = n % FLOWS;

		switch (zonefw_vcache_find(r->c, r->ct[f], 1, CELL(f, f), &slot)) {
		case ZONEFW_HIT:
			hits++;
			wrong += slot % FLOWS != f || slot >= 2 * FLOWS;
			break;
		case ZONEFW_OTHER_ZONES:
			wrong++;
			break;
		default:
			usleep_range(10, 20);
		}
		cond_resched();
	}
	for (i = 0; i < 2; i++)
		kthread_stop(t[i]);
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, hits, 1000u);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_hit),
	KUNIT_CASE(test_stamp),
	KUNIT_CASE(test_tuple_is_checked),
	KUNIT_CASE(test_key_is_secret),
	KUNIT_CASE(test_replace_and_clear),
	KUNIT_CASE(test_eviction),
	KUNIT_CASE(test_torn),
	{ }
};

ZONEFW_SUITE(vcache, cases, rig_init, rig_exit);
