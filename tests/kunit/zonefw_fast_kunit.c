// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the short way of known flows. A packet is counted on the rule of the device table
 * that its flow's entry fits, also while another table comes into force.
 */
#include <linux/delay.h>
#include <linux/ip.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include "fast.h"
#include "suites.h"
#include "trace.h"
#include "vcache.h"

#define FLIPS	(2 * HZ)	/* jiffies of the race */

struct rig {
	struct zonefw_ns zn;
	struct zonefw_devs table, none;
	struct zonefw_rule rule, *rules[1];
	struct zonefw_count __percpu *cell[1];
	struct zonefw_ident *ident;
	struct net_device *in, *out;
	struct nf_conn *ct;
	struct sk_buff *skb;
	struct nf_hook_state st;
};

static void packet(struct kunit *test, struct rig *r)
{
	struct nf_conntrack_tuple *t;
	struct iphdr *ih;

	r->ct = kunit_kzalloc(test, sizeof(*r->ct), GFP_KERNEL);
	r->in = kunit_kzalloc(test, sizeof(*r->in), GFP_KERNEL);
	r->out = kunit_kzalloc(test, sizeof(*r->out), GFP_KERNEL);
	r->skb = alloc_skb(256, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, r->ct && r->in && r->out && r->skb);
	t = &r->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	t->src.l3num = NFPROTO_IPV4;
	t->src.u3.ip = htonl(0xc6120001);
	t->dst.u3.ip = htonl(0xc6130001);
	t->dst.protonum = IPPROTO_UDP;
	r->in->ifindex = 1001;
	r->out->ifindex = 1002;
	skb_reset_network_header(r->skb);
	ih = skb_put_zero(r->skb, sizeof(*ih) + 8);
	*ih = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			      .tot_len = htons(sizeof(*ih) + 8), .saddr = t->src.u3.ip,
			      .daddr = t->dst.u3.ip };
	memset(r->skb->cb, 0, sizeof(r->skb->cb));
	nf_ct_set(r->skb, r->ct, IP_CT_ESTABLISHED);
	r->st = (struct nf_hook_state){ .hook = NF_INET_FORWARD, .pf = NFPROTO_IPV4, .in = r->in,
					.out = r->out, .net = &init_net };
}

/* A namespace without a policy, and a device table as if it had one with a rule. */
static int rig_init(struct kunit *test)
{
	struct rig *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, r);
	test->priv = r;
	r->zn.net = &init_net;
	INIT_LIST_HEAD(&r->zn.tracers);
	r->zn.vcache = zonefw_vcache_alloc();
	r->zn.stats = alloc_percpu(struct zonefw_stats);
	r->ident = zonefw_ident_alloc(1);
	KUNIT_ASSERT_TRUE(test, r->zn.vcache && r->zn.stats && r->ident);
	r->rule.ident = r->ident;
	r->rules[0] = &r->rule;
	r->cell[0] = r->ident->count;
	r->table.salt = 12345;
	r->table.rules = r->rules;
	r->table.cells = r->cell;
	r->table.mirror = r->cell;
	packet(test, r);
	rcu_assign_pointer(r->zn.fast, &r->table);
	return 0;
}

static void rig_exit(struct kunit *test)
{
	struct rig *r = test->priv;

	if (!r)
		return;
	if (r->skb)
		r->skb->_nfct = 0;
	kfree_skb(r->skb);
	zonefw_ident_put(r->ident);
	free_percpu(r->zn.stats);
	zonefw_vcache_free(r->zn.vcache);
}

static void enter(struct rig *r, bool offloads)
{
	const struct zonefw_stamp s = { .gen = 7, .slot = 1, .offloads = offloads,
					.way = zonefw_way(&r->table, r->in, r->out, 0) };

	zonefw_vcache_enter(r->zn.vcache, r->ct, &s);
}

static unsigned int forward(struct rig *r)
{
	unsigned int verdict;

	local_bh_disable();
	rcu_read_lock();
	verdict = zonefw_forward4(&r->zn, r->skb, &r->st);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

static u64 counted(const struct rig *r)
{
	u64 packets, bytes;

	zonefw_ident_read(r->ident, &packets, &bytes);
	return packets;
}

/* Cell and rule have the same counter here; the way without a table counts nothing. */
static void test_counts(struct kunit *test)
{
	struct rig *r = test->priv;

	if (!IS_ENABLED(CONFIG_64BIT))
		kunit_skip(test, "32-bit machines have no short way");
	KUNIT_EXPECT_EQ(test, forward(r), NF_ACCEPT);
	KUNIT_EXPECT_EQ(test, counted(r), 0ull);
	enter(r, false);
	KUNIT_EXPECT_EQ(test, forward(r), NF_ACCEPT);
	KUNIT_EXPECT_EQ(test, counted(r), 2ull);
	enter(r, true);
	KUNIT_EXPECT_EQ(test, forward(r), NF_ACCEPT);
	KUNIT_EXPECT_EQ(test, counted(r), 4ull);
	rcu_assign_pointer(r->zn.fast, &r->none);
	KUNIT_EXPECT_EQ(test, forward(r), NF_ACCEPT);
	KUNIT_EXPECT_EQ(test, counted(r), 4ull);
}

/* As panic, a trace or another policy: the table goes, and the one that comes has no rules. */
static int flip(void *arg)
{
	struct rig *r = arg;

	while (!kthread_should_stop()) {
		rcu_assign_pointer(r->zn.fast, &r->none);
		cpu_relax();
		rcu_assign_pointer(r->zn.fast, &r->table);
		cond_resched();
	}
	return 0;
}

static void test_table_goes(struct kunit *test)
{
	struct rig *r = test->priv;
	unsigned long end = jiffies + FLIPS;
	struct task_struct *t;
	u32 wrong = 0;

	enter(r, true);
	t = kthread_run(flip, r, "zonefw_flip");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	while (time_before(jiffies, end)) {
		wrong += forward(r) != NF_ACCEPT;
		cond_resched();
	}
	kthread_stop(t);
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_GT(test, counted(r), 100ull);
	KUNIT_EXPECT_EQ(test, counted(r) % 2, 0ull);
}

/* A trace in one namespace is none in another. */
static void test_trace_of_others(struct kunit *test)
{
	struct rig *r = test->priv;
	struct list_head tracer;

	KUNIT_EXPECT_FALSE(test, zonefw_tracing(&r->zn));
	static_branch_inc(&zonefw_traced);
	KUNIT_EXPECT_FALSE(test, zonefw_tracing(&r->zn));
	list_add(&tracer, &r->zn.tracers);
	KUNIT_EXPECT_TRUE(test, zonefw_tracing(&r->zn));
	list_del(&tracer);
	static_branch_dec(&zonefw_traced);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_trace_of_others),
	KUNIT_CASE(test_counts),
	KUNIT_CASE(test_table_goes),
	{ }
};

ZONEFW_SUITE(fast, cases, rig_init, rig_exit);
