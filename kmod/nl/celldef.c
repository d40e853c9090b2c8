// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: one default and the options of a zone pair. Process context.
 */
#include "apply.h"
#include "gen.h"

/**
 * zonefw_celldef_parse() - a default
 * @a: the message
 * @at: the object's attribute
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_celldef_parse(struct zonefw_apply *a, const struct nlattr *at)
{
	struct nlattr *tb[ZONEFW_AC_MAX + 1];
	u32 n = a->def++, i;
	struct zonefw_celldef *d = &a->p->defs[n];
	int err;

	d->blob = zonefw_keep_attr(a, at);
	if (!d->blob)
		return -ENOMEM;
	err = nla_parse_nested(tb, ZONEFW_AC_MAX, d->blob, zonefw_attr_celldef_policy, a->extack);
	if (err)
		return err;
	if (!tb[ZONEFW_AC_FROM] || !tb[ZONEFW_AC_TO])
		return zonefw_refuse_missing(a->extack, at, tb[ZONEFW_AC_FROM] ? ZONEFW_AC_TO : ZONEFW_AC_FROM,
					     "a default needs FROM and TO");
	d->from = nla_get_u16(tb[ZONEFW_AC_FROM]);
	d->to = nla_get_u16(tb[ZONEFW_AC_TO]);
	if (!zonefw_zone_word_ok(a, d->from) || !zonefw_zone_word_ok(a, d->to))
		return zonefw_refuse_attr(a, at, "a default names a zone that does not exist");
	d->has_default = tb[ZONEFW_AC_ACTION];
	d->action = d->has_default ? nla_get_u8(tb[ZONEFW_AC_ACTION]) : ZONEFW_DROP;
	d->arg = tb[ZONEFW_AC_ARG] ? nla_get_u32(tb[ZONEFW_AC_ARG]) : 0;
	d->options = tb[ZONEFW_AC_FLAGS] ? nla_get_u32(tb[ZONEFW_AC_FLAGS]) & ZONEFW_CELL_OPTIONS : 0;
	d->log = tb[ZONEFW_AC_LOG] ? nla_data(tb[ZONEFW_AC_LOG]) : NULL;
	for (i = 0; i < n; i++)
		if (d->has_default && a->p->defs[i].has_default &&
		    a->p->defs[i].from == d->from && a->p->defs[i].to == d->to)
			return zonefw_refuse_attr(a, at, "two defaults for the same pair of zones");
	return 0;
}
