// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the transaction. Each refusal says why, in the words the table has,
 * and leaves generation and policy as they were, with and without a policy in
 * force; a commit swaps; ids, wrap-around of the generation and flush.
 */
#include "suites.h"
#include "msg.h"

#define NAT	sizeof(struct zonefw_nat)
#define ON	sizeof(struct zonefw_addr)
#define HOST	.family = 4, .addr = { 198, 18, 3, 1 }
#define HOST6	.family = 6, .addr = { 0x20, 1 }
#define PORTS(lo, hi) .flags = ZONEFW_NAT_PORT, .port_lo = (lo), .port_hi = (hi)

static const struct twist refusals[] = {
	{ "another version", "different versions", -EPROTO, .abi = ZONEFW_ABI + 1 },
	{ "stale generation", "changed meanwhile", -ESTALE, .gen = 0x7fffffff },
	{ "zone without a name", "no name", -EINVAL, .zone = "" },
	{ "name starts with a digit", "not a name", -EINVAL, .zone = "1a" },
	{ "name any", "not a name", -EINVAL, .zone = "any" },
	{ "name none", "not a name", -EINVAL, .zone = "none" },
	{ "name self", "exists already", -EINVAL, .zone = "self" },
	{ "name with a space", "not a name", -EINVAL, .zone = "a b" },
	{ "name twice", "exists already", -EINVAL, .zone2 = "a" },
	{ "parent is itself", "earlier zone", -EINVAL, .parent = 2 },
	{ "parent is later", "earlier zone", -EINVAL, .parent = 3 },
	{ "host bits", "host bits", -EINVAL, .prefix_len = 8 },
	{ "prefix too long", "bad family or length", -EINVAL, .prefix_len = 33 },
	{ "FROM past the table", "does not exist", -EINVAL, .from = 3 },
	{ "FROM none", "does not exist", -EINVAL, .from = ZONEFW_ZONE_NONE },
	{ "TO past the table", "does not exist", -EINVAL, .to = 3 },
	{ "no TO", "FROM and TO", -EINVAL, .no_to = 1 },
	{ "action past the last", "", -ERANGE, .action = __ZONEFW_ACTION_MAX },
	{ "reject in no way", "does not exist", -EINVAL, .action = ZONEFW_REJECT,
	  .arg = __ZONEFW_REJ_MAX },
	{ "queue past the last", "at most 65535", -EINVAL, .action = ZONEFW_QUEUE, .arg = 65536 },
	{ "family 5", "4 or 6", -EINVAL, .family = 5 },
	{ "unknown flag", "", -EINVAL, .rule_flags = 0x80000000 },
	{ "reversed ports", "reversed", -EINVAL, .reversed = 1 },
	{ "default past the table", "does not exist", -EINVAL, .def_from = 9 },
	{ "default twice", "same pair", -EINVAL, .same_default = 1 },
	{ "options twice", "twice", -EINVAL, .options = 1 },
	{ "extra text twice", "twice", -EINVAL, .extra = 2 },
	{ "tag-mask with a hole", "one run of bits", -EINVAL, .tag_mask = 0x50000000 },
	{ "tag-mask too narrow", "too narrow", -EINVAL, .tag_mask = 0x01000000 },
	{ "unknown id", "not in force", -EINVAL, .id = 0x7fffffff },
	{ "publish to nowhere", "need a target", -EINVAL, .action = ZONEFW_PUBLISH },
	{ "accept with a target", "have a target", -EINVAL, .nat_len = NAT, .nat = { { HOST } } },
	{ "half a target", "one address of each family", -EINVAL, .action = ZONEFW_PUBLISH,
	  .nat_len = NAT / 2, .nat = { { HOST } } },
	{ "three targets", "one address of each family", -EINVAL, .action = ZONEFW_PUBLISH,
	  .nat_len = 3 * NAT, .nat = { { HOST }, { HOST6 }, { HOST } } },
	{ "two targets of a family", "one address of each family", -EINVAL,
	  .action = ZONEFW_PUBLISH, .nat_len = 2 * NAT, .nat = { { HOST }, { HOST } } },
	{ "two targets, two ways", "does not fit its action", -EINVAL, .action = ZONEFW_PUBLISH,
	  .nat_len = 2 * NAT, .nat = { { HOST }, { HOST6, PORTS(80, 80) } } },
	{ "a target of no family", "does not fit its action", -EINVAL, .action = ZONEFW_SNAT,
	  .nat_len = NAT },
	{ "an unknown flag of a target", "does not fit its action", -EINVAL,
	  .action = ZONEFW_SNAT, .nat_len = NAT, .nat = { { HOST, .flags = 0x80 } } },
	{ "snat to a port", "does not fit its action", -EINVAL, .action = ZONEFW_SNAT,
	  .nat_len = NAT, .nat = { { HOST, PORTS(80, 80) } } },
	{ "redirect to an address", "does not fit its action", -EINVAL, .action = ZONEFW_REDIRECT,
	  .nat_len = NAT, .nat = { { HOST, PORTS(80, 80) } } },
	{ "port 0", "does not fit its action", -EINVAL, .action = ZONEFW_REDIRECT,
	  .nat_len = NAT, .nat = { { PORTS(0, 0) } } },
	{ "target ports reversed", "does not fit its action", -EINVAL, .action = ZONEFW_REDIRECT,
	  .nat_len = NAT, .nat = { { PORTS(81, 80) } } },
	{ "a port that is not said to be one", "does not fit its action", -EINVAL,
	  .action = ZONEFW_PUBLISH, .nat_len = NAT, .nat = { { HOST, .port_lo = 80 } } },
	{ "more target ports than ports", "as long as the rule's own", -EINVAL,
	  .action = ZONEFW_PUBLISH, .nat_len = NAT, .nat = { { HOST, PORTS(80, 89) } } },
	{ "accept on an address", "only publish has", -EINVAL, .on_len = ON, .on = { .family = 4 } },
	{ "redirect with a hairpin", "only publish has", -EINVAL, .action = ZONEFW_REDIRECT,
	  .nat_len = NAT, .nat = { { PORTS(80, 80) } }, .hairpin = 1 },
	{ "half a published address", "empty, broken, or too long", -EINVAL,
	  .action = ZONEFW_PUBLISH, .nat_len = NAT, .nat = { { HOST } }, .on_len = ON / 2 },
	{ "published addresses reversed", "reversed range", -EINVAL, .action = ZONEFW_PUBLISH,
	  .nat_len = NAT, .nat = { { HOST } }, .on_len = ON, .on = { .family = 4, .lo = { 9 } } },
	{ "zones of no hairpin", "without a hairpin", -EINVAL, .action = ZONEFW_PUBLISH,
	  .nat_len = NAT, .nat = { { HOST } }, .hairpin = 1 },
};

static void refusal_name(const struct twist *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(refusal, refusals, refusal_name);

static int apply(const struct twist *t, struct netlink_ext_ack *extack)
{
	struct msg m;

	msg_policy(&m, t);
	return msg_send(&m, extack);
}

static void refused(struct kunit *test, const struct twist *t)
{
	const void *before = rcu_access_pointer(zn()->policy);
	u32 gen = zn()->gen;
	struct netlink_ext_ack extack;

	KUNIT_EXPECT_EQ(test, apply(t, &extack), t->err);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, extack._msg);
	KUNIT_EXPECT_TRUE_MSG(test, !!strstr(extack._msg, t->want), "said: %s", extack._msg);
	KUNIT_EXPECT_EQ(test, zn()->gen, gen);
	KUNIT_EXPECT_PTR_EQ(test, (const void *)rcu_access_pointer(zn()->policy), before);
}

static void test_refusal(struct kunit *test)
{
	static const struct twist plain = { };
	struct netlink_ext_ack extack;

	refused(test, test->param_value);
	KUNIT_ASSERT_EQ(test, apply(&plain, &extack), 0);
	refused(test, test->param_value);
	flush();
	KUNIT_EXPECT_FALSE(test, zn()->hooks);
}

static const struct twist accepted[] = {
	{ "plain" }, { "prefix 32", .prefix_len = 32 }, { "name of 31", .zone = "abcdefghijklmnopqrstuvwxyz01234" },
	{ "FROM any", .from = ZONEFW_ZONE_ANY }, { "last zone", .from = 2, .to = 2 },
	{ "queue 65535", .action = ZONEFW_QUEUE, .arg = 65535 }, { "all flags", .rule_flags = ZONEFW_RULE_NEG_SRC },
	{ "narrow tag-mask", .tag_mask = 0x3 }, { "extra text", .extra = 1 }, { "default of b", .def_from = 2 },
};

static void accepted_name(const struct twist *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(accepted, accepted, accepted_name);

static void test_commit(struct kunit *test)
{
	struct netlink_ext_ack extack;
	u32 gen = zn()->gen;

	KUNIT_EXPECT_EQ(test, apply(test->param_value, &extack), 0);
	KUNIT_EXPECT_EQ(test, zn()->gen, gen + 1);
	KUNIT_EXPECT_TRUE(test, zn()->hooks);
	KUNIT_EXPECT_EQ(test, apply(test->param_value, &extack), 0);
	KUNIT_EXPECT_EQ(test, zn()->gen, gen + 2);
	flush();
	KUNIT_EXPECT_EQ(test, zn()->gen, gen + 3);
	KUNIT_EXPECT_FALSE(test, zn()->hooks);
}

/* The id a rule keeps keeps its counters; a second user of it is refused. */
static void test_identity(struct kunit *test)
{
	struct twist t = { };
	struct netlink_ext_ack extack;
	struct zonefw_policy *p, *q;
	u64 packets, bytes;

	KUNIT_ASSERT_EQ(test, apply(&t, &extack), 0);
	p = zonefw_policy_get(zn());
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	zonefw_count(p->rules[0]->ident, 60);
	t.id = p->rules[0]->ident->id;
	KUNIT_EXPECT_EQ(test, apply(&t, &extack), 0);
	q = zonefw_policy_get(zn());
	KUNIT_EXPECT_PTR_EQ(test, q->rules[0]->ident, p->rules[0]->ident);
	KUNIT_EXPECT_PTR_NE(test, q, p);
	zonefw_policy_put(p);
	zonefw_ident_read(q->rules[0]->ident, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, packets, 1ull);
	zonefw_policy_put(q);
	t.id = 0;
	KUNIT_EXPECT_EQ(test, apply(&t, &extack), 0);
	q = zonefw_policy_get(zn());
	zonefw_ident_read(q->rules[0]->ident, &packets, &bytes);
	KUNIT_EXPECT_EQ(test, packets, 0ull);
	zonefw_policy_put(q);
	flush();
}

/* The verdict cache's stamp holds 24 bits of the generation: 0 is left out, the table is cleared. */
static void test_wrap(struct kunit *test)
{
	const struct twist t = { };
	struct netlink_ext_ack extack;

	KUNIT_ASSERT_EQ(test, apply(&t, &extack), 0);
	mutex_lock(&zn()->lock);
	zn()->gen = 0xfffffe;
	mutex_unlock(&zn()->lock);
	KUNIT_EXPECT_EQ(test, apply(&t, &extack), 0);
	KUNIT_EXPECT_EQ(test, zn()->gen, 0xffffffu);
	KUNIT_EXPECT_EQ(test, apply(&t, &extack), 0);
	KUNIT_EXPECT_EQ(test, zn()->gen, 0x1000001u);
	flush();
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_refusal, refusal_gen_params),
	KUNIT_CASE_PARAM(test_commit, accepted_gen_params),
	KUNIT_CASE(test_identity),
	KUNIT_CASE(test_wrap),
	{ }
};

ZONEFW_SUITE(txn, cases, NULL, NULL);
