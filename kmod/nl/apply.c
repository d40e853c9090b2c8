// SPDX-License-Identifier: GPL-2.0
/*
 * ZONEFW_CMD_APPLY: one message is one transaction. Parse the whole message
 * into a policy that nobody sees; build it; then one swap under rtnl and the
 * namespace's mutex. A refusal frees what nobody ever saw.
 */
#include <linux/mm.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/netfilter/nf_log.h>
#include "apply.h"
#include "candidate.h"
#include "family.h"
#include "gen.h"
#include "live.h"
#include "notify.h"
#include "pending.h"
#include "setuse.h"

/**
 * zonefw_refuse_attr() - refuse a message for one attribute
 * @a: the message
 * @at: the attribute, or NULL
 * @why: a sentence
 *
 * Return: -EINVAL.
 */
int zonefw_refuse_attr(struct zonefw_apply *a, const struct nlattr *at, const char *why)
{
	NL_SET_BAD_ATTR(a->extack, at);
	a->extack->_msg = why;
	return -EINVAL;
}

/**
 * zonefw_refuse_missing() - refuse a message for what is not in it
 * @extack: refusal, or NULL
 * @nest: where it should be; NULL: the message itself
 * @type: the attribute
 * @why: a sentence
 *
 * Return: -EINVAL.
 */
int zonefw_refuse_missing(struct netlink_ext_ack *extack, const struct nlattr *nest, int type,
			  const char *why)
{
	if (!extack)
		return -EINVAL;
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
	NL_SET_BAD_ATTR(extack, nest);
	extack->_msg = why;
	return -EINVAL;
}

/**
 * zonefw_keep_attr() - a copy of an attribute as it came, header included
 * @a: the message
 * @at: the attribute; pointers to its payload go into the copy
 *
 * Return: the copy, to be freed with kvfree(), or NULL.
 */
struct nlattr *zonefw_keep_attr(struct zonefw_apply *a, const struct nlattr *at)
{
	struct nlattr *copy = kvmalloc(NLA_ALIGN(at->nla_len), GFP_KERNEL_ACCOUNT);

	if (copy)
		memcpy(copy, at, at->nla_len);
	a->p->max_blob = max_t(u32, a->p->max_blob, at->nla_len);
	return copy;
}

/**
 * zonefw_count_attr() - how often an attribute is repeated
 * @nest: where
 * @type: which
 *
 * Return: the number.
 */
u32 zonefw_count_attr(const struct nlattr *nest, int type)
{
	const struct nlattr *at;
	u32 n = 0;
	int rem;

	nla_for_each_nested(at, nest, rem)
		n += nla_type(at) == type;
	return n;
}

/*	(no kernel-doc: the script of 6.12 does not read a pointer to an array)
 * zonefw_names_attr() - repeated string attributes as one array of fixed rows
 * @nest: where
 * @type: which
 * @rows: out: the array, to be freed with kvfree()
 * @n: how many there are
 *
 * Return: 0 or -ENOMEM.
 */
int zonefw_names_attr(const struct nlattr *nest, int type, char (**rows)[ZONEFW_DEVNAME], u32 n)
{
	const struct nlattr *at;
	int rem;
	u32 i = 0;

	if (!n)
		return 0;
	*rows = kvcalloc(n, ZONEFW_DEVNAME, GFP_KERNEL_ACCOUNT);
	if (!*rows)
		return -ENOMEM;
	nla_for_each_nested(at, nest, rem)
		if (nla_type(at) == type)
			nla_strscpy((*rows)[i++], at, ZONEFW_DEVNAME);
	return 0;
}

/* Over an object, without id and place. */
u64 zonefw_digest_attr(u64 h, const struct nlattr *nest)
{
	const struct nlattr *at;
	int rem, i;

	nla_for_each_nested(at, nest, rem) {
		if (nla_type(nest) == ZONEFW_A_RULE &&
		    (nla_type(at) == ZONEFW_AR_ID || nla_type(at) == ZONEFW_AR_WHERE))
			continue;
		h = zonefw_mix(h, (u64)nla_type(at) << 32 | nla_len(at));
		for (i = 0; i + 4 <= nla_len(at); i += 4)
			h = zonefw_mix(h, *(const u32 *)(nla_data(at) + i));
		for (; i < nla_len(at); i++)
			h = zonefw_mix(h, ((const u8 *)nla_data(at))[i]);
	}
	return h;
}

static int object_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	switch (nla_type(at)) {
	case ZONEFW_A_ZONE:
		return zonefw_zone_parse(a, at);
	case ZONEFW_A_RULE:
		return zonefw_rule_parse(a, at);
	case ZONEFW_A_CELLDEF:
		return zonefw_celldef_parse(a, at);
	case ZONEFW_A_OPTIONS:
		return zonefw_options_parse(a, at);
	case ZONEFW_A_SET:
		return zonefw_set_parse(a, at);
	case ZONEFW_A_SETELEMS:
		return zonefw_setelems_parse(a, at);
	case ZONEFW_A_EXTRATEXT:
		if (a->p->extra)
			return zonefw_refuse_attr(a, at, "the extra text stands there twice");
		a->p->extra = zonefw_keep_attr(a, at);
		return a->p->extra ? 0 : -ENOMEM;
	}
	return 0;
}

static const struct nlattr *rebased(const struct nlattr *bad, const struct nlattr *at, const void *blob)
{
	size_t into = (const u8 *)bad - (const u8 *)blob;

	return blob && into < at->nla_len ? (const void *)((const u8 *)at + into) : bad;
}

/* A refusal points into the kept copy; the sender wants the place in its message. */
void zonefw_rebase_attr(struct zonefw_apply *a, const struct nlattr *at, const void *blob)
{
	a->extack->bad_attr = rebased(a->extack->bad_attr, at, blob);
	a->extack->miss_nest = rebased(a->extack->miss_nest, at, blob);
}

/* The same where the copy goes, and no place in it can be told. */
void zonefw_refused_copy(struct netlink_ext_ack *extack, const struct nlattr *at)
{
	if (extack->bad_attr)
		extack->bad_attr = at;
	if (extack->miss_nest)
		extack->miss_nest = at;
}

static const void *blob_of(const struct zonefw_apply *a, int type)
{
	switch (type) {
	case ZONEFW_A_ZONE:
		return a->p->zones[a->zone].blob;
	case ZONEFW_A_RULE:
		return a->p->rules[a->rule - 1] ? a->p->rules[a->rule - 1]->blob : NULL;
	case ZONEFW_A_CELLDEF:
		return a->p->defs[a->def - 1].blob;
	default:
		return a->p->opt.blob;
	}
}

/* Rules and defaults name zones by number, rules and members name sets. */
static bool comes_first(const struct nlattr *at)
{
	return nla_type(at) == ZONEFW_A_ZONE || nla_type(at) == ZONEFW_A_SET;
}

static bool in_digest(const struct nlattr *at)
{
	return nla_type(at) == ZONEFW_A_SET || nla_type(at) == ZONEFW_A_ZONE ||
	       nla_type(at) == ZONEFW_A_CELLDEF || nla_type(at) == ZONEFW_A_OPTIONS;
}

static int objects_parse(struct zonefw_apply *a, struct genl_info *info)
{
	const struct nlattr *at;
	int rem, pass, err = 0;

	for (pass = 0; pass < 2; pass++)
		nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
			if (comes_first(at) == pass)
				continue;
			err = object_parse(a, at);
			if (err) {
				zonefw_rebase_attr(a, at, blob_of(a, nla_type(at)));
				return err;
			}
			if (in_digest(at))
				a->p->frame_digest = zonefw_digest_attr(a->p->frame_digest, at);
			cond_resched();
		}
	return zonefw_options_check(a);
}

static int counts(struct genl_info *info, u32 *nz, u32 *nr, u32 *nd)
{
	const struct nlattr *at;
	int rem;

	*nz = *nr = *nd = 0;
	nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
		*nz += nla_type(at) == ZONEFW_A_ZONE;
		*nr += nla_type(at) == ZONEFW_A_RULE;
		*nd += nla_type(at) == ZONEFW_A_CELLDEF;
	}
	if (*nz > ZONEFW_ZONES_MAX || *nr > ZONEFW_RULES_MAX ||
	    *nd > (ZONEFW_ZONES_MAX + 2) * (ZONEFW_ZONES_MAX + 2)) {
		NL_SET_ERR_MSG(info->extack, "more than 250 zones, 1000000 rules or their defaults");
		return -E2BIG;
	}
	return 0;
}

/* A logger is a module of the kernel; it is loaded before any lock is taken. */
static int logger_get(struct zonefw_apply *a)
{
	enum nf_log_type t = a->p->opt.log == ZONEFW_LOG_NFLOG ? NF_LOG_TYPE_ULOG : NF_LOG_TYPE_LOG;

	if (a->p->opt.log == ZONEFW_LOG_NONE)
		return 0;
	if (nf_logger_find_get(NFPROTO_INET, t)) {
		NL_SET_ERR_MSG(a->extack, "the kernel has no such logger (nfnetlink_log, nf_log_syslog)");
		return -ENOENT;
	}
	a->p->loggers = true;
	return 0;
}

static int confirm_check(struct genl_info *info, u32 *seconds)
{
	struct nlattr *at = info->attrs[ZONEFW_A_CONFIRM];

	*seconds = at ? nla_get_u32(at) : 0;
	if (!at || (*seconds && *seconds <= ZONEFW_CONFIRM_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, at, "a confirmation is waited for from 1 second to 7 days");
	return -EINVAL;
}

int zonefw_abi_check(struct genl_info *info)
{
	if (!info->attrs[ZONEFW_A_ABI])
		return zonefw_refuse_missing(info->extack, NULL, ZONEFW_A_ABI, "the attribute ABI is missing");
	if (nla_get_u32(info->attrs[ZONEFW_A_ABI]) == ZONEFW_ABI)
		return 0;
	NL_SET_ERR_MSG(info->extack, "tool and module are of different versions");
	return -EPROTO;
}

static int stale(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "the policy has changed meanwhile; read it again");
	return -ESTALE;
}

int zonefw_expect_gen(const struct zonefw_ns *zn, u32 expect, struct netlink_ext_ack *extack)
{
	return expect && expect != zn->gen ? stale(extack) : 0;
}

static int build(struct zonefw_apply *a, struct zonefw_ns *zn, const struct zonefw_policy *old,
		 u32 *next_id)
{
	int err = zonefw_policy_build(a->p, old, a->want, next_id, a->extack);

	if (!err)
		err = zonefw_setuse_build(zn, a->p, old, a->extack);
	return err ? err : zonefw_live_build(zn, a->p);
}

/* What needs no rtnl: identities, sets, live rules. A rehearsal takes no ids. */
static int prepare(struct zonefw_apply *a, struct zonefw_ns *zn, u32 flags, u32 expect)
{
	u32 next_id = zn->next_id;
	int err = zonefw_expect_gen(zn, expect, a->extack);

	a->before = zonefw_before_get(zn);
	if (!err && flags != ZONEFW_APPLY_KEEP)
		err = zonefw_pending_busy(zn, a->extack);
	return err ? err : build(a, zn, a->before.p, flags ? &next_id : &zn->next_id);
}

/* All but the commit. With KEEP, questions can be put to it afterwards. */
static int rehearse(struct zonefw_apply *a, struct zonefw_ns *zn, u32 flags, u32 portid)
{
	int err = zonefw_devs_update(zn, a->p);

	if (!err && (flags & ZONEFW_APPLY_KEEP)) {
		err = zonefw_candidate_keep(zn, portid, a->p, a->extack);
		if (!err)
			a->p = NULL;
	}
	return err;
}

/**
 * zonefw_swap_in() - put a prepared policy in force
 * @a: with the policy, and what was in force when it was prepared
 * @zn: namespace, its lock and rtnl held
 * @confirm: seconds to wait for a confirmation, or 0
 *
 * Return: 0, -ESTALE when another policy is in force by now, or as zonefw_publish().
 */
int zonefw_swap_in(struct zonefw_apply *a, struct zonefw_ns *zn, u32 confirm)
{
	int err;

	if (rcu_access_pointer(zn->policy) != a->before.p)
		return stale(a->extack);
	err = zonefw_publish(zn, a->p, a->extack);
	if (err)
		return err;
	a->p = NULL;			/* the namespace's now */
	if (confirm) {
		zonefw_pending_start(zn, a->before, confirm);
		a->before.p = NULL;
	}
	return 0;
}

int zonefw_gen_reply(struct genl_info *info, struct sk_buff *msg, u32 gen, u32 first)
{
	void *h = genlmsg_put_reply(msg, info, &zonefw_family, 0, info->genlhdr->cmd);

	if (!h || nla_put_u32(msg, ZONEFW_A_GEN, gen) || nla_put_u32(msg, ZONEFW_A_ID, first)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, h);
	return genlmsg_reply(msg, info);
}

static int commit(struct zonefw_apply *a, struct genl_info *info)
{
	struct zonefw_ns *zn = zonefw_ns(genl_info_net(info));
	struct nlattr *gen = info->attrs[ZONEFW_A_GEN], *fl = info->attrs[ZONEFW_A_FLAGS];
	u32 flags = fl ? nla_get_u32(fl) : 0;
	struct sk_buff *event = zonefw_event_prepare();
	struct sk_buff *reply = genlmsg_new(64, GFP_KERNEL);
	u32 now, first, confirm;
	int err = confirm_check(info, &confirm);

	if (!err && (!event || !reply))
		err = -ENOMEM;
	if (err)
		goto free;
	mutex_lock(&zn->lock);
	first = zn->next_id;
	err = prepare(a, zn, flags, gen ? nla_get_u32(gen) : 0);
	mutex_unlock(&zn->lock);
	if (err)
		goto free;
	rtnl_lock();
	mutex_lock(&zn->lock);
	err = flags ? rehearse(a, zn, flags, info->snd_portid) : zonefw_swap_in(a, zn, confirm);
	now = zn->gen;
	if (!err && !flags) {
		zonefw_event_send(zn, event, ZONEFW_CAUSE_APPLY);
		event = NULL;
	}
	mutex_unlock(&zn->lock);
	rtnl_unlock();
	if (!err) {
		zonefw_gen_reply(info, reply, now, first);
		reply = NULL;
	}
free:
	nlmsg_free(event);
	nlmsg_free(reply);
	return err;
}

/**
 * zonefw_apply_doit() - replace the whole policy in one step
 * @skb: request
 * @info: request; repeats ZONE, RULE, CELLDEF
 *
 * Return: 0; -ESTALE when ZONEFW_A_GEN is not the generation in force; -EINVAL,
 * -E2BIG, -ENOMEM, -EPERM, with a sentence. Nothing has changed on error.
 */
int zonefw_apply_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct zonefw_apply a = { .extack = info->extack };
	u32 nz, nr, nd;
	int err = zonefw_nl_allowed(skb, info->extack);

	if (err)
		return err;
	err = zonefw_abi_check(info);
	if (err)
		return err;
	err = counts(info, &nz, &nr, &nd);
	if (err)
		return err;
	a.p = zonefw_policy_alloc(nz, nr, nd);
	a.want = kvcalloc(nr + 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	a.drafts = kvcalloc(nr + 1, sizeof(*a.drafts), GFP_KERNEL_ACCOUNT);
	err = -ENOMEM;
	if (!a.p || !a.want || !a.drafts)
		goto out;
	a.p->nrules = nr;
	a.p->ndefs = nd;
	a.p->frame_digest = 0xcbf29ce484222325ull;
	a.p->opt = (struct zonefw_options){ .log_rate = 100, .log_per = 1, .rematch = 1,
					    .log = ZONEFW_LOG_NONE, .tag_mask = 0xff000000 };
	err = zonefw_sets_room(&a, info);
	if (!err)
		err = objects_parse(&a, info);
	if (!err) {
		zonefw_policy_digest(a.p);
		err = zonefw_policy_compile(a.p, a.p->rules, info->extack);
	}
	if (!err)
		err = zonefw_drafts_settle(&a);
	if (!err)
		err = logger_get(&a);
	if (!err)
		err = commit(&a, info);
out:
	kvfree(a.want);
	zonefw_policy_put(a.p);
	kvfree(a.drafts);
	zonefw_policy_put(a.before.p);	/* the last reference, as a rule: freed without a lock */
	return err;
}
