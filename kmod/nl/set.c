// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: sets and the members that a policy's text names. Process context,
 * nobody sees the policy yet.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include "apply.h"
#include "gen.h"
#include "set.h"
#include "setuse.h"

/**
 * zonefw_sets_room() - room for the sets of a message
 * @a: the message
 * @info: request
 *
 * Return: 0, -E2BIG with a sentence, or -ENOMEM.
 */
int zonefw_sets_room(struct zonefw_apply *a, struct genl_info *info)
{
	const struct nlattr *at;
	u32 sets = 0, elems = 0;
	int rem;

	nlmsg_for_each_attr(at, info->nlhdr, GENL_HDRLEN, rem) {
		sets += nla_type(at) == ZONEFW_A_SET;
		elems += nla_type(at) == ZONEFW_A_SETELEMS;
	}
	if (sets > ZONEFW_SETS_MAX) {
		NL_SET_ERR_MSG(a->extack, "more than 1024 sets");
		return -E2BIG;
	}
	if (sets)
		a->p->sets = kvcalloc(sets, sizeof(*a->p->sets), GFP_KERNEL_ACCOUNT);
	if (elems)
		a->p->elems = kvcalloc(elems, sizeof(*a->p->elems), GFP_KERNEL_ACCOUNT);
	return (sets && !a->p->sets) || (elems && !a->p->elems) ? -ENOMEM : 0;
}

/**
 * zonefw_set_parse() - a set as the policy declares it
 * @a: the message
 * @at: the object's attribute
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_set_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct zonefw_setuse *u = &a->p->sets[a->p->nsets];
	struct nlattr *tb[ZONEFW_AS_MAX + 1];
	const char *name;
	int err = nla_parse_nested(tb, ZONEFW_AS_MAX, at, zonefw_attr_set_policy, a->extack);

	if (err)
		return err;
	if (!tb[ZONEFW_AS_NAME])
		return zonefw_refuse_missing(a->extack, at, ZONEFW_AS_NAME, "a set has no name");
	name = nla_data(tb[ZONEFW_AS_NAME]);
	if (zonefw_setuse_find(a->p, name) >= 0)
		return zonefw_refuse_attr(a, tb[ZONEFW_AS_NAME], "a set of that name exists already");
	if (tb[ZONEFW_AS_MAX] && nla_get_u32(tb[ZONEFW_AS_MAX]) > ZONEFW_SET_MAX)
		return zonefw_refuse_attr(a, tb[ZONEFW_AS_MAX], "a set has at most 16777216 members");
	u->blob = zonefw_keep_attr(a, at);
	if (!u->blob)
		return -ENOMEM;
	strscpy(u->name, name, sizeof(u->name));
	u->port = tb[ZONEFW_AS_PORT] && nla_get_u8(tb[ZONEFW_AS_PORT]);
	u->timeout = tb[ZONEFW_AS_TIMEOUT] ? nla_get_u32(tb[ZONEFW_AS_TIMEOUT]) : 0;
	u->max = tb[ZONEFW_AS_MAX] ? nla_get_u32(tb[ZONEFW_AS_MAX]) : 0;
	a->p->nsets++;
	return 0;
}

/**
 * zonefw_elems_open() - the members in an attribute
 * @p: policy whose sets are meant
 * @at: SETELEMS
 * @use: out: index of the set
 * @list: out: the members
 * @extack: refusal
 *
 * Return: how many, or -EINVAL or -ENOENT with a sentence.
 */
int zonefw_elems_open(const struct zonefw_policy *p, const struct nlattr *at, u32 *use,
		      const struct zonefw_elem **list, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ZONEFW_AE_MAX + 1];
	int n, i, err = nla_parse_nested(tb, ZONEFW_AE_MAX, at, zonefw_attr_setelems_policy, extack);

	if (err)
		return err;
	if (!tb[ZONEFW_AE_NAME] || !tb[ZONEFW_AE_LIST])
		return zonefw_refuse_missing(extack, at, tb[ZONEFW_AE_NAME] ? ZONEFW_AE_LIST : ZONEFW_AE_NAME,
					     "members need the name of a set and a list");
	NL_SET_BAD_ATTR(extack, at);
	if (!nla_len(tb[ZONEFW_AE_LIST]) || nla_len(tb[ZONEFW_AE_LIST]) % sizeof(**list)) {
		NL_SET_ERR_MSG(extack, "a list of members is empty or broken");
		return -EINVAL;
	}
	i = zonefw_setuse_find(p, nla_data(tb[ZONEFW_AE_NAME]));
	if (i < 0) {
		NL_SET_ERR_MSG(extack, "no set of that name");
		return -ENOENT;
	}
	*use = i;
	*list = nla_data(tb[ZONEFW_AE_LIST]);
	n = nla_len(tb[ZONEFW_AE_LIST]) / sizeof(**list);
	for (i = 0; i < n; i++)
		if (!zonefw_elem_ok(&(*list)[i], p->sets[*use].port)) {
			NL_SET_ERR_MSG(extack, "a member of a set has another family, a bad length, or host bits set");
			return -EINVAL;
		}
	return n;
}

/**
 * zonefw_setelems_parse() - members that the policy's text names
 * @a: the message
 * @at: the object's attribute
 *
 * Return: 0, -EINVAL or -ENOENT with a sentence, or -ENOMEM.
 */
int zonefw_setelems_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct zonefw_elems *c = &a->p->elems[a->p->nelems];
	int n = zonefw_elems_open(a->p, at, &c->use, &c->e, a->extack);

	if (n < 0)
		return n;
	c->blob = zonefw_keep_attr(a, at);
	if (!c->blob)
		return -ENOMEM;
	c->e = (void *)((u8 *)c->blob + ((const u8 *)c->e - (const u8 *)at));
	c->n = n;
	a->p->nelems++;
	return 0;
}
