// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: one zone into the policy. Process context, nobody sees the policy yet.
 */
#include <linux/if.h>
#include <linux/mm.h>
#include "apply.h"
#include "gen.h"

static bool net_ok(const struct zonefw_net *n)
{
	int bits = n->family == 4 ? 32 : n->family == 6 ? 128 : -1, i;

	if (n->len > bits || bits < 0)
		return false;
	for (i = n->len; i < 128; i++)
		if (n->addr[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

static int zone_lists(struct zonefw_apply *a, struct zonefw_zone *z, struct nlattr **tb)
{
	const struct nlattr *at;
	u32 i = 0;
	int rem, err;

	z->ndev = zonefw_count_attr(z->blob, ZONEFW_AZ_DEV);
	z->ngroup = zonefw_count_attr(z->blob, ZONEFW_AZ_GROUP);
	if (z->ndev > ZONEFW_LIST_MAX || z->ngroup > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, tb[ZONEFW_AZ_NAME], "a zone has more than 1024 devices or groups");
	err = zonefw_names_attr(z->blob, ZONEFW_AZ_DEV, &z->dev, z->ndev);
	if (err)
		return err;
	z->group = kvcalloc(z->ngroup + 1, sizeof(u32), GFP_KERNEL_ACCOUNT);
	if (!z->group)
		return -ENOMEM;
	nla_for_each_nested(at, (struct nlattr *)z->blob, rem)
		if (nla_type(at) == ZONEFW_AZ_GROUP)
			z->group[i++] = nla_get_u32(at);
	if (!tb[ZONEFW_AZ_NETS])
		return 0;
	if (nla_len(tb[ZONEFW_AZ_NETS]) % sizeof(*z->net))
		return zonefw_refuse_attr(a, tb[ZONEFW_AZ_NETS], "a list of prefixes has a broken length");
	z->net = nla_data(tb[ZONEFW_AZ_NETS]);
	z->nnet = nla_len(tb[ZONEFW_AZ_NETS]) / sizeof(*z->net);
	for (i = 0; i < z->nnet; i++)
		if (!net_ok(&z->net[i]))
			return zonefw_refuse_attr(a, tb[ZONEFW_AZ_NETS],
				      "a prefix of a zone has a bad family or length, or host bits set");
	return 0;
}

/**
 * zonefw_zone_parse() - a zone
 * @a: the message
 * @at: the object's attribute
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_zone_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AZ_MAX + 1];
	u16 id = ++a->zone, i;
	struct zonefw_zone *z = &a->p->zones[id];
	int err;

	z->blob = zonefw_keep_attr(a, at);
	if (!z->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AZ_MAX, z->blob, zonefw_attr_zone_policy, a->extack);
	if (err)
		return err;
	if (!tb[ZONEFW_AZ_NAME])
		return zonefw_refuse_missing(a->extack, at, ZONEFW_AZ_NAME, "a zone has no name");
	nla_strscpy(z->name, tb[ZONEFW_AZ_NAME], sizeof(z->name));
	if (!strcmp(z->name, "any") || !strcmp(z->name, "none"))
		return zonefw_refuse_attr(a, tb[ZONEFW_AZ_NAME], "not a name for a zone");
	for (i = 0; i < id; i++)
		if (!strcmp(z->name, a->p->zones[i].name))
			return zonefw_refuse_attr(a, tb[ZONEFW_AZ_NAME], "a zone of that name exists already");
	if (tb[ZONEFW_AZ_PARENT]) {
		a->p->parent[id] = nla_get_u16(tb[ZONEFW_AZ_PARENT]);
		if (!a->p->parent[id] || a->p->parent[id] >= id)
			return zonefw_refuse_attr(a, at, "the parent of a zone must be an earlier zone");
	}
	z->flags = tb[ZONEFW_AZ_FLAGS] ? nla_get_u32(tb[ZONEFW_AZ_FLAGS]) : 0;
	return zone_lists(a, z, tb);
}
