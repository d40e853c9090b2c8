// SPDX-License-Identifier: GPL-2.0
/*
 * ZONEFW_CMD_EDIT_RULES: single rules come, go, or change places. The policy in
 * force is forked (fork.c), changed and built without a lock; then one swap, as for a
 * whole policy. A refusal frees what nobody ever saw.
 */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "apply.h"
#include "book.h"
#include "family.h"
#include "gen.h"
#include "live.h"
#include "notify.h"

#define EDITS_MAX	1024u	/* of one message */

struct edit {
	struct zonefw_apply a;
	struct zonefw_ident **fresh;	/* of added rules, in order, with a reference */
	u32 nfresh, edits;
};

/* The whole policy must be looked at, and whoever sent this can send that. */
static int too_much(struct edit *e, const struct nlattr *at)
{
	zonefw_refuse_attr(&e->a, at, "a change like this takes the whole policy");
	return -EOPNOTSUPP;
}

/* The rule that an edit names by @type, or by the name that stands behind it. */
static int find(struct edit *e, struct nlattr **tb, int type, const struct nlattr *nest)
{
	const struct nlattr *id = tb[type], *name = tb[type + 1];
	int at;

	BUILD_BUG_ON(ZONEFW_AD_NAME != ZONEFW_AD_ID + 1 || ZONEFW_AD_AT_NAME != ZONEFW_AD_AT_ID + 1);
	if (!id && !name)
		return zonefw_refuse_missing(e->a.extack, nest, type, "an edit does not say which rule");
	at = zonefw_rule_find(e->a.p, id ? nla_get_u32(id) : 0, id ? NULL : nla_data(name));
	if (at >= 0)
		return at;
	zonefw_refuse_attr(&e->a, id ? id : name, "no rule of that number or name");
	return -ENOENT;
}

/* Where a rule is to stand, or -errno. */
static int place(struct edit *e, struct nlattr **tb, const struct nlattr *nest)
{
	int at;

	switch (tb[ZONEFW_AD_PLACE] ? nla_get_u8(tb[ZONEFW_AD_PLACE]) : ZONEFW_PLACE_LAST) {
	case ZONEFW_PLACE_FIRST:
		return 0;
	case ZONEFW_PLACE_BEFORE:
		return find(e, tb, ZONEFW_AD_AT_ID, nest);
	case ZONEFW_PLACE_AFTER:
		at = find(e, tb, ZONEFW_AD_AT_ID, nest);
		return at < 0 ? at : at + 1;
	default:
		return zonefw_places(e->a.p);
	}
}

/* A rule that packets fill a set by changes what the set is: see zonefw_setuse_stage(). */
static bool fills_set(const struct nlattr *rule)
{
	const struct nlattr *at;
	int rem;

	nla_for_each_nested(at, rule, rem)	/* of several the parser takes the last */
		if (nla_type(at) == ZONEFW_AR_LIVE && nla_find_nested(at, ZONEFW_AL_ADD_SET))
			return true;
	return false;
}

static int rule_parse(struct edit *e, const struct nlattr *at, struct zonefw_rule **r)
{
	int err = zonefw_rule_new(&e->a, at, r);

	if (err && *r && (*r)->blob)
		zonefw_rebase_attr(&e->a, at, (*r)->blob);
	return err;
}

/* A name is of one rule; @self: the rule that may have it. */
static int name_check(struct edit *e, const struct zonefw_rule *r, const struct nlattr *nest, int self)
{
	const struct nlattr *name = nla_find_nested(r->blob, ZONEFW_AR_NAME);
	int at = name ? zonefw_rule_find(e->a.p, 0, nla_data(name)) : -1;

	if (at < 0 || at == self)
		return 0;
	zonefw_refuse_attr(&e->a, nest, "a rule of that name exists already");
	return -EEXIST;
}

/* All rules are compiled anew unless both, if given, can come and go by the patch. */
static int settle(struct edit *e, const struct zonefw_rule *a, const struct zonefw_rule *b)
{
	if (!e->a.p->patch || (zonefw_fork_rides(e->a.p, a) && zonefw_fork_rides(e->a.p, b)))
		return 0;
	return zonefw_fork_flatten(e->a.p, e->edits);
}

static int add(struct edit *e, struct nlattr **tb, const struct nlattr *nest)
{
	const struct nlattr *rule = tb[ZONEFW_AD_RULE];
	struct zonefw_rule *r = NULL;
	int at = 0, err;

	if (!rule)
		return zonefw_refuse_missing(e->a.extack, nest, ZONEFW_AD_RULE, "the rule is missing");
	if (fills_set(rule))
		return too_much(e, nest);
	if (zonefw_rules_count(e->a.p) >= ZONEFW_RULES_MAX)
		return zonefw_refuse_attr(&e->a, nest, "more than 1000000 rules");
	err = rule_parse(e, rule, &r);
	if (!err)
		err = name_check(e, r, nest, -1);
	if (!err) {
		r->ident = zonefw_ident_alloc(0);
		err = r->ident ? settle(e, r, r) : -ENOMEM;
	}
	if (!err)
		at = place(e, tb, nest);
	if (err || at < 0) {
		zonefw_rule_put(r);
		return err ? err : at;
	}
	e->fresh[e->nfresh++] = zonefw_ident_get(r->ident);
	zonefw_rule_insert(e->a.p, at, r);
	return 0;
}

/* The rule that comes, between the zones of the one that goes. */
static struct nlattr *between(const struct nlattr *rule, const struct zonefw_rule *old)
{
	const struct zonefw_rule *like = zonefw_rule_like(old);
	u32 room = nla_len(rule) + nla_total_size(like->nfrom * 2) + nla_total_size(like->nto * 2);
	struct nlattr *new, *to;
	const struct nlattr *at;
	int rem;

	if (NLA_HDRLEN + room > U16_MAX)
		return ERR_PTR(-EOPNOTSUPP);
	new = kvzalloc(NLA_HDRLEN + room, GFP_KERNEL_ACCOUNT);
	if (!new)
		return ERR_PTR(-ENOMEM);
	to = nla_data(new);
	nla_for_each_nested(at, rule, rem) {
		bool from = nla_type(at) == ZONEFW_AR_FROM, zones = from || nla_type(at) == ZONEFW_AR_TO;
		u16 n = from ? like->nfrom : like->nto;

		*to = *at;
		to->nla_len = zones ? nla_attr_size(n * 2) : at->nla_len;
		memcpy(nla_data(to), zones ? (const void *)(from ? like->from : like->to) : nla_data(at),
		       nla_len(to));
		to = (void *)to + nla_total_size(nla_len(to));
	}
	new->nla_type = rule->nla_type;
	new->nla_len = (void *)to - (void *)new;
	return new;
}

static int replace(struct edit *e, struct nlattr **tb, const struct nlattr *nest)
{
	const struct nlattr *rule = tb[ZONEFW_AD_RULE];
	int at = find(e, tb, ZONEFW_AD_ID, nest), err;
	struct zonefw_rule *r = NULL, *old;
	struct nlattr *whole;

	if (at < 0)
		return at;
	if (!rule)
		return zonefw_refuse_missing(e->a.extack, nest, ZONEFW_AD_RULE, "the rule is missing");
	if (fills_set(rule) || zonefw_count_attr(rule, ZONEFW_AR_FROM) > 1 ||
	    zonefw_count_attr(rule, ZONEFW_AR_TO) > 1)
		return too_much(e, nest);
	old = zonefw_rule_at(e->a.p, at);
	whole = between(rule, old);
	if (IS_ERR(whole))
		return whole == ERR_PTR(-ENOMEM) ? -ENOMEM : too_much(e, nest);
	err = rule_parse(e, whole, &r);
	if (err)
		zonefw_refused_copy(e->a.extack, rule);
	kvfree(whole);
	if (!err)
		err = name_check(e, r, nest, at);
	if (!err)
		err = settle(e, old, r);
	if (err) {
		zonefw_rule_put(r);
		return err;
	}
	at = find(e, tb, ZONEFW_AD_ID, nest);
	if (at < 0) {
		zonefw_rule_put(r);
		return at;
	}
	zonefw_live_inherit(r, old);
	zonefw_rule_insert(e->a.p, at, r);
	zonefw_rule_remove(e->a.p, at + 1);
	return 0;
}

static int del(struct edit *e, struct nlattr **tb, const struct nlattr *nest)
{
	int at = find(e, tb, ZONEFW_AD_ID, nest), err;
	struct zonefw_rule *r;

	if (at < 0)
		return at;
	r = zonefw_rule_at(e->a.p, at);
	err = settle(e, r, r);
	if (err)
		return err;
	at = find(e, tb, ZONEFW_AD_ID, nest);
	if (at >= 0)
		zonefw_rule_remove(e->a.p, at);
	return at < 0 ? at : 0;
}

/* Rules that translate are held against each other, and that is not done here. */
static int move(struct edit *e, struct nlattr **tb, const struct nlattr *nest)
{
	int at = find(e, tb, ZONEFW_AD_ID, nest), to, err;
	struct zonefw_rule *r;

	if (at < 0)
		return at;
	r = zonefw_rule_at(e->a.p, at);
	if (!r->packed && r->nat)
		return too_much(e, nest);
	err = settle(e, r, r);
	if (err)
		return err;
	at = find(e, tb, ZONEFW_AD_ID, nest);
	to = place(e, tb, nest);
	if (at < 0 || to < 0)
		return at < 0 ? at : to;
	if (to == at || to == at + 1)
		return 0;
	r = zonefw_rule_whole(&e->a, r);	/* an added rule is asked for each packet */
	if (!r)
		return -ENOMEM;
	zonefw_rule_insert(e->a.p, to, r);
	zonefw_rule_remove(e->a.p, to > at ? at : at + 1);
	return 0;
}

static int edit_parse(struct edit *e, const struct nlattr *nest)
{
	static int (*const ops[])(struct edit *, struct nlattr **, const struct nlattr *) = {
		[ZONEFW_EDIT_ADD] = add, [ZONEFW_EDIT_REPLACE] = replace,
		[ZONEFW_EDIT_DEL] = del, [ZONEFW_EDIT_MOVE] = move,
	};
	struct nlattr *tb[ZONEFW_AD_MAX + 1];
	int err = nla_parse_nested(tb, ZONEFW_AD_MAX, nest, zonefw_attr_edit_policy, e->a.extack);

	if (err)
		return err;
	if (!tb[ZONEFW_AD_OP])
		return zonefw_refuse_missing(e->a.extack, nest, ZONEFW_AD_OP,
					     "an edit does not say what is to be done");
	return ops[array_index_nospec(nla_get_u8(tb[ZONEFW_AD_OP]), ARRAY_SIZE(ops))](e, tb, nest);
}

static int edits_parse(struct edit *e, struct genl_info *info)
{
	const struct nlattr *at;
	int rem, err = 0;

	nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(at) == ZONEFW_A_EDIT)
			err = edit_parse(e, at);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static int count(struct edit *e, struct genl_info *info)
{
	const struct nlattr *at;
	int rem;

	nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem)
		e->edits += nla_type(at) == ZONEFW_A_EDIT;
	if (!e->edits)
		return zonefw_refuse_missing(info->extack, NULL, ZONEFW_A_EDIT, "there is no edit");
	if (e->edits <= EDITS_MAX)
		return 0;
	NL_SET_ERR_MSG(info->extack, "a message has at most 1024 edits");
	return -EINVAL;
}

/* Identities get their numbers with the lock held, in the order of the edits. */
static int finish(struct edit *e, struct zonefw_ns *zn, u32 *first)
{
	struct zonefw_book *book = e->a.p->book;
	u32 i, slots = e->a.p->nrules;
	int err;

	err = zonefw_pending_busy(zn, e->a.extack);
	if (err)
		return err;
	*first = zn->next_id;
	for (i = 0; i < e->nfresh; i++)
		e->fresh[i]->id = zn->next_id + i;
	err = zonefw_swap_in(&e->a, zn, 0);
	if (err)
		return err;
	zn->next_id += e->nfresh;
	book->used = max(book->used, slots);
	return 0;
}

static int commit(struct edit *e, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct sk_buff *event = zonefw_event_prepare();
	struct sk_buff *reply = genlmsg_new(64, GFP_KERNEL);
	int err = event && reply ? 0 : -ENOMEM;
	u32 first, gen;

	if (err)
		goto free;
	mutex_lock(&zn->lock);
	err = e->a.p->patch ? 0 : zonefw_live_build(zn, e->a.p);
	mutex_unlock(&zn->lock);
	if (err)
		goto free;
	rtnl_lock();
	mutex_lock(&zn->lock);
	err = finish(e, zn, &first);
	gen = zn->gen;
	if (!err) {
		zonefw_event_send(zn, event, ZONEFW_CAUSE_APPLY);
		event = NULL;
	}
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	if (!err) {
		zonefw_gen_reply(info, reply, gen, first);
		reply = NULL;
	}
free:
	nlmsg_free(event);
	nlmsg_free(reply);
	return err;
}

/* All rules anew, with the lists of those that are packed. */
static int compile_whole(struct edit *e)
{
	struct zonefw_policy *p = e->a.p;
	struct zonefw_rule **rules = kvcalloc(p->nrules + 1, sizeof(*rules), GFP_KERNEL);
	int err = rules ? 0 : -ENOMEM;
	u32 i;

	for (i = 0; i < p->nrules && !err; i++) {
		rules[i] = zonefw_rule_whole(&e->a, p->rules[i]);
		err = rules[i] ? 0 : -ENOMEM;
		cond_resched();
	}
	if (!err)
		err = zonefw_policy_compile(p, rules, e->a.extack);
	for (i = 0; rules && i < p->nrules && rules[i]; i++) {
		zonefw_rule_put(rules[i]);
		cond_resched();
	}
	kvfree(rules);
	return err;
}

/* A rule shared with the policy in force would have to change with it. */
static int compile(struct edit *e)
{
	int err;

	zonefw_policy_digest(e->a.p);
	if (e->a.p->patch)
		return 0;
	err = compile_whole(e);
	return err == -EOPNOTSUPP ? too_much(e, NULL) : err;
}

static int begin(struct edit *e, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct nlattr *gen = info->attrs[ZONEFW_A_GEN];
	int err;

	mutex_lock(&zn->lock);
	err = zonefw_expect_gen(zn, gen ? nla_get_u32(gen) : 0, e->a.extack);
	if (!err)
		err = zonefw_pending_busy(zn, e->a.extack);
	e->a.before = zonefw_before_get(zn);
	mutex_unlock(&zn->lock);
	if (err)
		return err;
	if (!e->a.before.p) {
		NL_SET_ERR_MSG(info->extack, "there is no policy in force to be changed");
		return -ENOENT;
	}
	e->a.p = zonefw_policy_fork(e->a.before.p);
	e->fresh = kcalloc(e->edits, sizeof(*e->fresh), GFP_KERNEL);
	return e->a.p && e->fresh ? 0 : -ENOMEM;
}

/**
 * zonefw_edit_doit() - change single rules of the policy in force
 * @skb: request
 * @info: request; repeats EDIT
 *
 * Return: 0; -ESTALE when ZONEFW_A_GEN is not the generation in force; -EOPNOTSUPP
 * when the whole policy must be sent; -ENOENT, -EEXIST, -EINVAL, -EBUSY, -ENOMEM,
 * -EPERM, with a sentence. Nothing has changed on error.
 */
int zonefw_edit_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct edit e = { .a = { .extack = info->extack } };
	int err = zonefw_nl_allowed(skb, info->extack);

	if (!err)
		err = zonefw_abi_check(info);
	if (!err)
		err = count(&e, info);
	if (!err)
		err = begin(&e, info);
	if (!err)
		err = edits_parse(&e, info);
	if (!err)
		err = compile(&e);
	if (!err)
		err = commit(&e, info);
	while (e.nfresh)
		zonefw_ident_put(e.fresh[--e.nfresh]);
	kfree(e.fresh);
	zonefw_policy_put(e.a.p);
	zonefw_policy_put(e.a.before.p);
	return err;
}
