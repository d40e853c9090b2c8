// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what compat.h gives on this kernel. The conncount shims call what they
 * were given with the arguments its type takes, and the kernel's own functions are
 * of one of the types they know.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack_count.h>
#include "suites.h"
#include "zonefw.h"

static struct net *got_net;
static unsigned int got_family, got_len;
static struct nf_conncount_data *got_data;

static struct nf_conncount_data *init3(struct net *net, unsigned int family, unsigned int len)
{
	got_net = net;
	got_family = family;
	got_len = len;
	return (void *)3;
}

static struct nf_conncount_data *init2(struct net *net, unsigned int len)
{
	got_net = net;
	got_family = 0;
	got_len = len;
	return (void *)2;
}

static void destroy3(struct net *net, unsigned int family, struct nf_conncount_data *data)
{
	got_net = net;
	got_family = family;
	got_data = data;
}

static void destroy2(struct net *net, struct nf_conncount_data *data)
{
	got_net = net;
	got_family = 0;
	got_data = data;
}

static void test_init(struct kunit *test)
{
	typeof(&init3) three = init3;
	typeof(&init2) two = init2;

	KUNIT_EXPECT_PTR_EQ(test, (void *)zonefw_conncount_init(three, &init_net, 20), (void *)3);
	KUNIT_EXPECT_PTR_EQ(test, got_net, &init_net);
	KUNIT_EXPECT_EQ(test, got_family, (unsigned int)NFPROTO_INET);
	KUNIT_EXPECT_EQ(test, got_len, 20u);
	got_net = NULL;
	KUNIT_EXPECT_PTR_EQ(test, (void *)zonefw_conncount_init(two, &init_net, 24), (void *)2);
	KUNIT_EXPECT_PTR_EQ(test, got_net, &init_net);
	KUNIT_EXPECT_EQ(test, got_family, 0u);
	KUNIT_EXPECT_EQ(test, got_len, 24u);
}

static void test_destroy(struct kunit *test)
{
	typeof(&destroy3) three = destroy3;
	typeof(&destroy2) two = destroy2;

	zonefw_conncount_destroy(three, &init_net, (void *)33);
	KUNIT_EXPECT_PTR_EQ(test, (void *)got_data, (void *)33);
	KUNIT_EXPECT_EQ(test, got_family, (unsigned int)NFPROTO_INET);
	got_net = NULL;
	zonefw_conncount_destroy(two, &init_net, (void *)22);
	KUNIT_EXPECT_PTR_EQ(test, (void *)got_data, (void *)22);
	KUNIT_EXPECT_PTR_EQ(test, got_net, &init_net);
	KUNIT_EXPECT_EQ(test, got_family, 0u);
}

/* A third type would be called as the second one, and nothing would say so. */
static void test_types(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, __builtin_types_compatible_p(typeof(&nf_conncount_init), zonefw_conncount_init3) ||
			  __builtin_types_compatible_p(typeof(&nf_conncount_init), zonefw_conncount_init2));
	KUNIT_EXPECT_TRUE(test, __builtin_types_compatible_p(typeof(&nf_conncount_destroy), zonefw_conncount_destroy3) ||
			  __builtin_types_compatible_p(typeof(&nf_conncount_destroy), zonefw_conncount_destroy2));
}

static void test_unaligned(struct kunit *test)
{
	u8 b[12] __aligned(4) = { 0 };
	int at;

	for (at = 0; at < 4; at++) {
		put_unaligned_be32(0x01020304, &b[at]);
		KUNIT_EXPECT_EQ(test, b[at], 1);
		KUNIT_EXPECT_EQ(test, b[at + 3], 4);
		KUNIT_EXPECT_EQ(test, get_unaligned_be32(&b[at]), 0x01020304u);
		KUNIT_EXPECT_EQ(test, (u32)get_unaligned((__be32 *)&b[at]), (u32)htonl(0x01020304));
	}
}

/* Segments of 1000 bytes make packets of 1040. */
static void test_gso(struct kunit *test)
{
	static const struct { unsigned int mtu; bool want; } rows[] = {
		{ 1039, false }, { 1040, true }, { 1500, true },
	};
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct tcphdr *th;
	int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, skb);
	skb_reset_network_header(skb);
	skb_put_zero(skb, sizeof(struct iphdr));
	skb_set_transport_header(skb, sizeof(struct iphdr));
	th = skb_put_zero(skb, sizeof(*th));
	th->doff = 5;
	skb_shinfo(skb)->gso_size = 1000;
	skb_shinfo(skb)->gso_segs = 2;
	skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, skb_gso_validate_network_len(skb, rows[i].mtu), rows[i].want,
				    "mtu %u", rows[i].mtu);
	kfree_skb(skb);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(test_init),
	KUNIT_CASE(test_destroy),
	KUNIT_CASE(test_types),
	KUNIT_CASE(test_unaligned),
	KUNIT_CASE(test_gso),
	{ }
};

ZONEFW_SUITE(compat, cases, NULL, NULL);
