// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: the global options. Process context.
 */
#include <linux/bitops.h>
#include "apply.h"
#include "gen.h"

/**
 * zonefw_options_check() - do the options fit the zones?
 * @a: the message, with all zones parsed
 *
 * Return: 0 or -EINVAL with a sentence.
 */
int zonefw_options_check(struct zonefw_apply *a)
{
	struct zonefw_options *o = &a->p->opt;
	u32 m = o->tag_mask;

	if (!m)
		return 0;
	o->tag_shift = __ffs(m);
	m >>= o->tag_shift;
	if (m & (m + 1))
		return zonefw_refuse_attr(a, NULL, "tag-mask must be one run of bits");
	if (m < a->p->nz - 1u)
		return zonefw_refuse_attr(a, NULL, "tag-mask is too narrow for the number of zones");
	return 0;
}

/**
 * zonefw_options_parse() - the options
 * @a: the message
 * @at: the object's attribute
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_options_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AO_MAX + 1];
	struct zonefw_options *o = &a->p->opt;
	int err;

	if (o->blob)
		return zonefw_refuse_attr(a, at, "options stand there twice");
	o->blob = zonefw_keep_attr(a, at);
	if (!o->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AO_MAX, o->blob, zonefw_attr_opt_policy, a->extack);
	if (err)
		return err;
	if (tb[ZONEFW_AO_LOG])
		o->log = nla_get_u8(tb[ZONEFW_AO_LOG]);
	if (tb[ZONEFW_AO_NFLOG_GROUP])
		o->nflog_group = nla_get_u16(tb[ZONEFW_AO_NFLOG_GROUP]);
	if (tb[ZONEFW_AO_LOG_RATE])
		o->log_rate = nla_get_u32(tb[ZONEFW_AO_LOG_RATE]);
	if (tb[ZONEFW_AO_LOG_PER])
		o->log_per = nla_get_u32(tb[ZONEFW_AO_LOG_PER]);
	if (!o->log_per || o->log_per > 86400)
		return zonefw_refuse_attr(a, at, "log-rate counts per second, minute, hour or day");
	if (tb[ZONEFW_AO_INVALID_ACCEPT])
		o->invalid_accept = nla_get_u8(tb[ZONEFW_AO_INVALID_ACCEPT]);
	if (tb[ZONEFW_AO_REMATCH])
		o->rematch = nla_get_u8(tb[ZONEFW_AO_REMATCH]);
	if (tb[ZONEFW_AO_TAG_MASK])
		o->tag_mask = nla_get_u32(tb[ZONEFW_AO_TAG_MASK]);
	return 0;
}
