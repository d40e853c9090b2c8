// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: dumps. A dump that takes many messages shows one policy to its end, byte
 * for byte as one that nothing disturbs, whatever comes into force between its
 * messages; its policy goes with it, no later and no sooner.
 */
#include <linux/mm.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/sock.h>
#include "suites.h"
#include "msg.h"
#include "book.h"

#define OBJECTS	9	/* of each kind */
#define WHOLE	60000	/* room for all of a dump */
#define PART	300	/* room for a few objects */

struct kind { const char *name; u8 cmd; u32 count; };

static const struct kind kinds[] = {
	{ "zones", ZONEFW_CMD_GET_ZONES, OBJECTS }, { "rules", ZONEFW_CMD_GET_RULES, OBJECTS },
	{ "cells", ZONEFW_CMD_GET_CELLS, OBJECTS * (OBJECTS + 1) },
	{ "defaults", ZONEFW_CMD_GET_CELLDEFS, OBJECTS }, { "sets", ZONEFW_CMD_GET_SETS, OBJECTS },
	{ "declared members", ZONEFW_CMD_GET_SETELEMS, OBJECTS },
};

static void kind_name(const struct kind *t, char *desc)
{
	strscpy(desc, t->name, KUNIT_PARAM_DESC_SIZE);
}
KUNIT_ARRAY_PARAM(kind, kinds, kind_name);

/* So many of each; @first tells one policy's rules and members from another's. */
static int apply(u32 n, u16 first, u32 confirm)
{
	struct netlink_ext_ack extack;
	struct msg m;
	char name[8];
	u16 i;

	msg_start(&m, ZONEFW_CMD_APPLY);
	msg_u32(&m, ZONEFW_A_ABI, ZONEFW_ABI);
	if (confirm)
		msg_u32(&m, ZONEFW_A_CONFIRM, confirm);
	for (i = 0; i < n; i++) {
		const struct zonefw_elem e = { .family = 4, .len = 32, .addr = { 198, 18, first, i } };
		struct twist t = { .from = i + 1, .action = i % 2 ? ZONEFW_DROP : ZONEFW_ACCEPT,
				   .family = first % 2 ? 4 : 6 };

		snprintf(name, sizeof(name), "z%u", i);
		msg_zone(&m, name, 0, 0);
		msg_rule(&m, &t);
		msg_default(&m, i + 1);
		snprintf(name, sizeof(name), "s%u", i);
		msg_set(&m, name, false, 100000 + first, 0);
		msg_elems(&m, name, &e, 1);
	}
	return msg_send(&m, &extack);
}

/* A dump under way: its callback, and what it has said so far. */
struct dump {
	struct netlink_callback cb;
	struct sk_buff *req;
	const struct genl_ops *op;
	u8 *text;
	u32 len, parts;
};

static int dump_start(struct dump *d, u8 cmd, const char *set)
{
	struct msg m;

	memset(d, 0, sizeof(*d));
	d->text = kvzalloc(WHOLE, GFP_KERNEL);
	msg_start(&m, cmd);
	if (set)
		msg_str(&m, ZONEFW_A_SETNAME, set);
	genlmsg_end(m.skb, m.head);
	d->req = m.skb;
	d->req->sk = init_net.genl_sock;
	NETLINK_CB(d->req).flags = NETLINK_SKB_DST;
	d->op = msg_op(cmd);
	d->cb.skb = d->req;
	d->cb.nlh = nlmsg_hdr(d->req);
	return d->text ? d->op->start(&d->cb) : -ENOMEM;
}

/* The next message of at most @room bytes: its length, 0 at the end, or -errno. */
static int dump_part(struct dump *d, u32 room)
{
	struct sk_buff *skb = alloc_skb(room, GFP_KERNEL);
	int len = -ENOMEM;

	if (skb) {
		skb_reserve(skb, skb_tailroom(skb) - room);	/* not a byte more */
		len = d->op->dumpit(skb, &d->cb);
	}
	if (len > 0 && d->len + skb->len <= WHOLE) {
		memcpy(d->text + d->len, skb->data, skb->len);
		d->len += skb->len;
		d->parts++;
	}
	kfree_skb(skb);
	return len;
}

static int dump_end(struct dump *d)
{
	int err = d->op->done(&d->cb);

	d->req->sk = NULL;
	kfree_skb(d->req);
	kvfree(d->text);
	return err;
}

/* All objects of a dump bear one generation; how many, or 0. */
static u32 objects(const struct dump *d, u32 gen)
{
	const struct nlmsghdr *h = (void *)d->text;
	int left = d->len;
	u32 n = 0;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left), n++) {
		const struct nlattr *at = nlmsg_find_attr(h, GENL_HDRLEN, ZONEFW_A_GEN);

		if (!at || nla_get_u32(at) != gen)
			return 0;
	}
	return left ? 0 : n;
}

static int edit(struct netlink_ext_ack *extack, u32 del)
{
	const struct twist t = { .from = 2 };
	struct nlattr *n;
	struct msg m;

	msg_edit_del(&m, del);
	n = msg_nest(&m, ZONEFW_A_EDIT);
	msg_u8(&m, ZONEFW_AD_OP, ZONEFW_EDIT_ADD);
	msg_u8(&m, ZONEFW_AD_PLACE, ZONEFW_PLACE_FIRST);
	msg_rule_as(&m, &t, ZONEFW_AD_RULE);
	msg_end(&m, n);
	return msg_send(&m, extack);
}

/* What may come between two messages of a dump. */
static int disturb(u32 step)
{
	struct netlink_ext_ack extack;
	struct zonefw_policy *p;
	u32 id;

	switch (step % 4) {
	case 0:
		return apply(OBJECTS + 5, 2, 0);
	case 1:	/* single rules of that */
		p = zonefw_policy_get(zn());
		id = p->rules[3]->ident->id;
		zonefw_policy_put(p);
		return edit(&extack, id);
	case 2:
		return msg_command(ZONEFW_CMD_FLUSH, &extack);
	default:
		return apply(1, 3, 0);
	}
}

static void test_generation(struct kunit *test)
{
	const struct kind *k = test->param_value;
	struct dump whole, split, after;
	u32 gen, step = 0;

	KUNIT_ASSERT_EQ(test, apply(OBJECTS, 1, 0), 0);
	gen = zn()->gen;
	KUNIT_ASSERT_EQ(test, dump_start(&whole, k->cmd, NULL), 0);
	KUNIT_EXPECT_GT(test, dump_part(&whole, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, dump_part(&whole, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, objects(&whole, gen), k->count);

	KUNIT_ASSERT_EQ(test, dump_start(&split, k->cmd, NULL), 0);
	while (dump_part(&split, PART) > 0)
		KUNIT_EXPECT_EQ(test, disturb(step++), 0);
	KUNIT_EXPECT_GT(test, split.parts, 1u);
	KUNIT_EXPECT_EQ(test, split.len, whole.len);
	KUNIT_EXPECT_EQ(test, memcmp(split.text, whole.text, whole.len), 0);
	KUNIT_EXPECT_NE(test, zn()->gen, gen);

	KUNIT_EXPECT_EQ(test, apply(1, 4, 0), 0);	/* one that starts now shows what is in force now */
	KUNIT_ASSERT_EQ(test, dump_start(&after, k->cmd, NULL), 0);
	KUNIT_EXPECT_GT(test, dump_part(&after, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, objects(&after, zn()->gen), k->count == OBJECTS ? 1u : 2u);
	KUNIT_EXPECT_EQ(test, dump_end(&after), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&split), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&whole), 0);
	flush();
}

/* A policy changed by single rules shares the book of rules with the one that is being dumped. */
static void test_edit(struct kunit *test)
{
	struct netlink_ext_ack extack;
	struct dump whole, split, after;
	struct zonefw_policy *p;
	u32 gen, id;

	KUNIT_ASSERT_EQ(test, apply(OBJECTS, 1, 0), 0);
	gen = zn()->gen;
	p = zonefw_policy_get(zn());
	id = p->rules[OBJECTS - 1]->ident->id;
	zonefw_policy_put(p);
	KUNIT_ASSERT_EQ(test, dump_start(&whole, ZONEFW_CMD_GET_RULES, NULL), 0);
	KUNIT_EXPECT_GT(test, dump_part(&whole, WHOLE), 0);
	KUNIT_ASSERT_EQ(test, dump_start(&split, ZONEFW_CMD_GET_RULES, NULL), 0);
	KUNIT_EXPECT_GT(test, dump_part(&split, PART), 0);
	KUNIT_EXPECT_EQ(test, edit(&extack, id), 0);
	while (dump_part(&split, PART) > 0)
		;
	KUNIT_EXPECT_EQ(test, objects(&split, gen), (u32)OBJECTS);
	KUNIT_EXPECT_EQ(test, split.len, whole.len);
	KUNIT_EXPECT_EQ(test, memcmp(split.text, whole.text, whole.len), 0);

	KUNIT_ASSERT_EQ(test, dump_start(&after, ZONEFW_CMD_GET_RULES, NULL), 0);
	KUNIT_EXPECT_GT(test, dump_part(&after, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, objects(&after, gen + 1), (u32)OBJECTS);
	KUNIT_EXPECT_NE(test, memcmp(after.text + 20, whole.text + 20, 100), 0);	/* the added one is the first */
	KUNIT_EXPECT_EQ(test, dump_end(&after), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&split), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&whole), 0);
	flush();
}

static void test_reference(struct kunit *test)
{
	struct zonefw_policy *p;
	struct dump d;

	KUNIT_ASSERT_EQ(test, apply(OBJECTS, 1, 0), 0);
	p = zonefw_policy_get(zn());
	KUNIT_EXPECT_EQ(test, refcount_read(&p->ref), 2u);
	KUNIT_ASSERT_EQ(test, dump_start(&d, ZONEFW_CMD_GET_RULES, NULL), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&p->ref), 3u);
	flush();
	KUNIT_EXPECT_EQ(test, refcount_read(&p->ref), 2u);
	KUNIT_EXPECT_GT(test, dump_part(&d, PART), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&d), 0);	/* not read to its end */
	KUNIT_EXPECT_EQ(test, refcount_read(&p->ref), 1u);
	zonefw_policy_put(p);
}

/* No room for one object: said so, and the dump goes on from there with more room. */
static void test_no_room(struct kunit *test)
{
	const struct kind *k = test->param_value;
	struct dump d;

	KUNIT_ASSERT_EQ(test, apply(OBJECTS, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, dump_start(&d, k->cmd, NULL), 0);
	KUNIT_EXPECT_GE(test, d.cb.min_dump_alloc, 8192u);
	KUNIT_EXPECT_EQ(test, dump_part(&d, 0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, d.len, 0u);
	while (dump_part(&d, PART) > 0)
		;
	KUNIT_EXPECT_EQ(test, objects(&d, zn()->gen), k->count);
	KUNIT_EXPECT_EQ(test, dump_end(&d), 0);
	flush();
}

static void test_nothing(struct kunit *test)
{
	const struct kind *k = test->param_value;
	struct dump d;

	KUNIT_ASSERT_EQ(test, dump_start(&d, k->cmd, NULL), 0);
	KUNIT_EXPECT_EQ(test, dump_part(&d, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, apply(1, 1, 0), 0);	/* not this dump's */
	KUNIT_EXPECT_EQ(test, dump_part(&d, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, dump_end(&d), 0);
	flush();
}

/* Members of a set are of the moment; the set itself stays while it is walked. */
static void test_members(struct kunit *test)
{
	const struct nlattr *nest, *list;
	struct dump d;

	KUNIT_EXPECT_EQ(test, dump_start(&d, ZONEFW_CMD_GET_MEMBERS, "s1"), -ENOENT);
	d.req->sk = NULL;
	kfree_skb(d.req);
	kvfree(d.text);
	KUNIT_ASSERT_EQ(test, apply(OBJECTS, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, dump_start(&d, ZONEFW_CMD_GET_MEMBERS, "s1"), 0);
	flush();
	KUNIT_EXPECT_EQ(test, dump_part(&d, 0), -EMSGSIZE);
	KUNIT_EXPECT_GT(test, dump_part(&d, WHOLE), 0);
	KUNIT_EXPECT_EQ(test, dump_part(&d, WHOLE), 0);
	nest = nlmsg_find_attr((void *)d.text, GENL_HDRLEN, ZONEFW_A_SETELEMS);
	list = nest ? nla_find_nested(nest, ZONEFW_AE_LIST) : NULL;
	KUNIT_EXPECT_TRUE(test, list && nla_len(list) == sizeof(struct zonefw_elem));
	if (list && nla_len(list) == sizeof(struct zonefw_elem)) {
		const struct zonefw_elem *e = nla_data(list);

		KUNIT_EXPECT_EQ(test, e->len, 32);
		KUNIT_EXPECT_EQ(test, e->addr[3], 1);
	}
	KUNIT_EXPECT_EQ(test, dump_end(&d), 0);
}

/* Where there is nothing to show for long, messages that say nothing come, and then the end. */
static void test_flows_pause(struct kunit *test)
{
	const struct nlmsghdr *h;
	struct dump d;
	int left;

	KUNIT_ASSERT_EQ(test, apply(1, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, dump_start(&d, ZONEFW_CMD_GET_FLOWS, NULL), 0);
	while (dump_part(&d, WHOLE) > 0)
		;
	KUNIT_EXPECT_GE(test, d.parts, nf_conntrack_htable_size / 32768);
	for (h = (void *)d.text, left = d.len; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		KUNIT_EXPECT_EQ(test, h->nlmsg_type, NLMSG_NOOP);
		KUNIT_EXPECT_EQ(test, h->nlmsg_flags, NLM_F_MULTI);
	}
	KUNIT_EXPECT_EQ(test, dump_end(&d), 0);
	flush();
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(test_generation, kind_gen_params),
	KUNIT_CASE(test_edit),
	KUNIT_CASE(test_reference),
	KUNIT_CASE_PARAM(test_no_room, kind_gen_params),
	KUNIT_CASE_PARAM(test_nothing, kind_gen_params),
	KUNIT_CASE(test_members),
	KUNIT_CASE(test_flows_pause),
	{ }
};

ZONEFW_SUITE(dump, cases, NULL, NULL);
