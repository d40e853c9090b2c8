// SPDX-License-Identifier: GPL-2.0
/*
 * A filter over packets and connections, in the words of rules: the MATCH
 * travels as a rule from any to any, and is parsed and tested as one.
 */
#include "apply.h"
#include "filter.h"

static int match_parse(struct zonefw_filter *f, const struct nlattr *at,
		       struct netlink_ext_ack *extack)
{
	struct zonefw_apply a = { .extack = extack };
	u32 want = 0;
	int err;

	a.p = zonefw_policy_alloc(0, 1, 0);
	a.want = &want;
	if (!a.p)
		return -ENOMEM;
	a.p->nrules = 1;
	err = zonefw_rule_parse(&a, at);
	if (err) {
		zonefw_refused_copy(extack, at);
		zonefw_policy_put(a.p);
		return err;
	}
	f->match = a.p;
	return 0;
}

/**
 * zonefw_filter_parse() - what a request picks out
 * @f: out
 * @tb: attributes up to ZONEFW_A_RULE at least, FROM, TO, ID and RULE are read
 * @extack: refusal
 *
 * Return: 0, -EINVAL with a sentence, or -ENOMEM.
 */
int zonefw_filter_parse(struct zonefw_filter *f, struct nlattr **tb,
			struct netlink_ext_ack *extack)
{
	f->from = tb[ZONEFW_A_FROM] ? nla_get_u16(tb[ZONEFW_A_FROM]) : ZONEFW_ZONE_ANY;
	f->to = tb[ZONEFW_A_TO] ? nla_get_u16(tb[ZONEFW_A_TO]) : ZONEFW_ZONE_ANY;
	f->by_rule = tb[ZONEFW_A_ID];
	f->rule = f->by_rule ? nla_get_u32(tb[ZONEFW_A_ID]) : 0;
	f->match = NULL;
	return tb[ZONEFW_A_RULE] ? match_parse(f, tb[ZONEFW_A_RULE], extack) : 0;
}

void zonefw_filter_free(struct zonefw_filter *f)
{
	zonefw_policy_put(f->match);
	f->match = NULL;
}

/**
 * zonefw_filter_match() - is this one meant?
 * @f: filter
 * @key: packet, or a connection's original direction
 * @from: ingress zone
 * @to: egress zone
 * @rule: deciding rule's id, or 0
 *
 * Context: any.
 * Return: true if everything the filter names fits.
 */
bool zonefw_filter_match(const struct zonefw_filter *f, struct zonefw_key *key, u16 from, u16 to,
			 u32 rule)
{
	return (f->from == ZONEFW_ZONE_ANY || f->from == from) &&
	       (f->to == ZONEFW_ZONE_ANY || f->to == to) &&
	       (!f->by_rule || f->rule == rule) &&
	       (!f->match || zonefw_rule_match(f->match->rules[0], key));
}
