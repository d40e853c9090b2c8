// SPDX-License-Identifier: GPL-2.0
/*
 * Sets at run time: members in and out, questions, dumps. The policy is only
 * referenced, so that its sets stay; nothing here takes the namespace's lock.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "apply.h"
#include "family.h"
#include "set.h"
#include "setuse.h"

#define MEMBERS_A_MESSAGE	500

/* A request about members: all its SETELEMS, checked. */
struct ask {
	struct zonefw_policy *p;
	struct genl_info *info;
	unsigned long *fresh;	/* per member: it was not there before */
	u32 n;
};

typedef int (*member_fn)(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i);

static int for_members(struct ask *q, member_fn fn)
{
	const struct zonefw_elem *list;
	const struct nlattr *at;
	int rem, n, k, err;
	u32 use, i = 0;

	nlmsg_for_each_attr(at, q->info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(at) != ZONEFW_A_SETELEMS)
			continue;
		n = zonefw_elems_open(q->p, at, &use, &list, q->info->extack);
		if (n < 0)
			return n;
		for (k = 0; k < n; k++, i++) {
			err = fn ? fn(q, q->p->sets[use].set, &list[k], i) : 0;
			if (err)
				return err;
			cond_resched();
		}
	}
	q->n = i;
	return 0;
}

static int ask_open(struct ask *q, struct sk_buff *skb, struct genl_info *info)
{
	int err = zonefw_nl_allowed(skb, info->extack);

	memset(q, 0, sizeof(*q));
	if (err)
		return err;
	q->info = info;
	q->p = zonefw_policy_get(zonefw_ns(genl_info_net(info)));
	err = for_members(q, NULL);
	if (!err && !q->n)
		err = zonefw_refuse_missing(info->extack, NULL, ZONEFW_A_SETELEMS,
					    "the attribute SETELEMS is missing");
	return err;
}

static int add_one(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i)
{
	bool was = zonefw_set_is_member(s, e);
	int tries, err = -EBUSY;

	for (tries = 0; err == -EBUSY && tries < 1000; tries++) {
		err = zonefw_set_add(s, e, GFP_KERNEL_ACCOUNT);
		if (err == -EBUSY)	/* the table is growing */
			schedule_timeout_uninterruptible(1);
	}
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(q->info->extack, "the set is full (max)");
	if (!err && !was)
		__set_bit(i, q->fresh);
	return err;
}

static int undo_one(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i)
{
	if (test_bit(i, q->fresh))
		zonefw_set_del(s, e);
	return 0;
}

/**
 * zonefw_set_add_doit() - members come in
 * @skb: request
 * @info: request with SETELEMS, repeated
 *
 * Return: 0, or -ENOENT, -ENOSPC, -EINVAL with a sentence, and no member more than before.
 */
int zonefw_set_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask q;
	int err = ask_open(&q, skb, info);

	if (!err) {
		q.fresh = kvcalloc(BITS_TO_LONGS(q.n), sizeof(long), GFP_KERNEL_ACCOUNT);
		err = q.fresh ? for_members(&q, add_one) : -ENOMEM;
		if (err && q.fresh)
			for_members(&q, undo_one);
		kvfree(q.fresh);
	}
	zonefw_policy_put(q.p);
	return err;
}

static int there(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i)
{
	if (zonefw_set_is_member(s, e))
		return 0;
	NL_SET_ERR_MSG(q->info->extack, "that is not a member of the set");
	return -ENOENT;
}

static int del_one(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i)
{
	zonefw_set_del(s, e);	/* one that expired just now is gone as well */
	return 0;
}

/**
 * zonefw_set_del_doit() - members go
 * @skb: request
 * @info: request with SETELEMS, repeated
 *
 * Return: 0, or -ENOENT, -EINVAL with a sentence and nothing changed.
 */
int zonefw_set_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct ask q;
	int err = ask_open(&q, skb, info);

	if (!err)
		err = for_members(&q, there);
	if (!err)
		err = for_members(&q, del_one);
	zonefw_policy_put(q.p);
	return err;
}

static int covered(struct ask *q, struct zonefw_set *s, const struct zonefw_elem *e, u32 i)
{
	return zonefw_set_covers(s, q->p->view, e) ? 0 : -ENODATA;
}

/**
 * zonefw_set_test_doit() - are members covered?
 * @skb: request
 * @info: request with SETELEMS, repeated
 *
 * Return: 0 and a reply with COUNT 1 (all) or 0, or -errno with a sentence.
 */
int zonefw_set_test_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	struct ask q;
	void *h;
	int err = ask_open(&q, skb, info), in;

	in = err ? err : for_members(&q, covered);
	zonefw_policy_put(q.p);
	if (in && in != -ENODATA)
		return in;
	msg = genlmsg_new(64, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	h = genlmsg_put_reply(msg, info, &zonefw_family, 0, ZONEFW_CMD_SET_TEST);
	if (!h || nla_put_u32(msg, ZONEFW_A_COUNT, !in)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}

static int set_named(const struct zonefw_policy *p, const struct nlattr *name, struct zonefw_set **s,
		     struct netlink_ext_ack *extack)
{
	int i;

	if (!name)
		return zonefw_refuse_missing(extack, NULL, ZONEFW_A_SETNAME, "the attribute SETNAME is missing");
	i = zonefw_setuse_find(p, nla_data(name));
	if (i < 0) {
		NL_SET_ERR_MSG_ATTR(extack, name, "no set of that name");
		return -ENOENT;
	}
	*s = p->sets[i].set;
	return 0;
}

/**
 * zonefw_set_flush_doit() - all members of a set go
 * @skb: request
 * @info: request with SETNAME
 *
 * Return: 0, -EPERM, -EINVAL or -ENOENT with a sentence.
 */
int zonefw_set_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = zonefw_nl_allowed(skb, info->extack);
	struct zonefw_policy *p;
	struct zonefw_set *s;

	if (err)
		return err;
	p = zonefw_policy_get(zonefw_ns(genl_info_net(info)));
	err = set_named(p, info->attrs[ZONEFW_A_SETNAME], &s, info->extack);
	if (!err)
		zonefw_set_flush(s);
	zonefw_policy_put(p);
	return err;
}

/* The members of one set: the table is walked across messages. */
struct walk {
	struct zonefw_policy *p;
	struct zonefw_set *s;
	struct rhashtable_iter it;
	bool done;
};

static struct walk **walk_of(struct netlink_callback *cb)
{
	return (struct walk **)cb->ctx;
}

int zonefw_members_start(struct netlink_callback *cb)
{
	int err = zonefw_nl_allowed(cb->skb, cb->extack);
	struct walk *w;

	if (err)
		return err;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	w->p = zonefw_policy_get(zonefw_ns(sock_net(cb->skb->sk)));
	err = set_named(w->p, nlmsg_find_attr(cb->nlh, GENL_HDRLEN, ZONEFW_A_SETNAME), &w->s, cb->extack);
	if (err) {
		zonefw_policy_put(w->p);
		kfree(w);
		return err;
	}
	rhashtable_walk_enter(&w->s->ht, &w->it);
	*walk_of(cb) = w;
	cb->min_dump_alloc = max_t(u32, cb->min_dump_alloc,
				   MEMBERS_A_MESSAGE * sizeof(struct zonefw_elem) + 1024);
	return 0;
}

int zonefw_members_done(struct netlink_callback *cb)
{
	struct walk *w = *walk_of(cb);

	rhashtable_walk_exit(&w->it);
	zonefw_policy_put(w->p);
	kfree(w);
	return 0;
}

static u32 walk_some(struct walk *w, struct zonefw_elem *e, u32 room)
{
	struct zonefw_member *m;
	u32 n = 0;

	rhashtable_walk_start(&w->it);
	while (n < room) {
		m = rhashtable_walk_next(&w->it);
		if (!m)
			break;
		if (!IS_ERR(m) && zonefw_member_show(m, w->p->view, &e[n]))	/* an error: it was resized */
			n++;
	}
	w->done = n < room;
	rhashtable_walk_stop(&w->it);
	return n;
}

/**
 * zonefw_members_dumpit() - members as they are now; some may come twice
 * @skb: answer
 * @cb: dump
 *
 * Return: length of the answer, or -EMSGSIZE.
 */
int zonefw_members_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct walk *w = *walk_of(cb);
	struct nlattr *nest, *list;
	void *h;
	u32 n;

	if (w->done)
		return 0;
	h = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &zonefw_family,
			NLM_F_MULTI, ZONEFW_CMD_GET_MEMBERS);
	nest = h ? nla_nest_start(skb, ZONEFW_A_SETELEMS) : NULL;
	if (!nest || nla_put_string(skb, ZONEFW_AE_NAME, w->s->name))
		return -EMSGSIZE;
	list = nla_reserve(skb, ZONEFW_AE_LIST, MEMBERS_A_MESSAGE * sizeof(struct zonefw_elem));
	if (!list)
		return -EMSGSIZE;
	n = walk_some(w, nla_data(list), MEMBERS_A_MESSAGE);
	list->nla_len = nla_attr_size(n * sizeof(struct zonefw_elem));
	skb_trim(skb, (u8 *)nla_data(list) + n * sizeof(struct zonefw_elem) - skb->data);
	nla_nest_end(skb, nest);
	genlmsg_end(skb, h);
	return skb->len;
}
