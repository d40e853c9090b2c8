// SPDX-License-Identifier: GPL-2.0
/*
 * APPLY: the translating part of publish, redirect and snat. Process context,
 * nobody sees the policy yet.
 */
#include "apply.h"
#include "gen.h"

static bool zero(const u8 *addr)
{
	static const u8 none[16];

	return !memcmp(addr, none, sizeof(none));
}

static bool target_ok(const struct zonefw_rule *r, const struct zonefw_nat *n)
{
	bool port = n->flags & ZONEFW_NAT_PORT;

	if (n->flags & ~ZONEFW_NAT_ALL || n->flags != r->nat[0].flags)
		return false;
	if (port ? !n->port_lo || n->port_lo > n->port_hi : n->port_lo || n->port_hi)
		return false;
	switch (r->action) {
	case ZONEFW_REDIRECT:
		return !n->family && n->flags == ZONEFW_NAT_PORT && r->nnat == 1 && zero(n->addr);
	case ZONEFW_SNAT:
		if (n->flags)
			return false;
		break;
	default:
		if (port && n->flags & ZONEFW_NAT_ANY)
			return false;
	}
	return (n->family == 4 || n->family == 6) && !zero(n->addr);
}

/* A range is mapped one to one, so the rule must match as many ports, and nothing else. */
static bool range_ok(const struct zonefw_rule *r, const struct zonefw_nat *n)
{
	u16 i;

	if (n->port_lo == n->port_hi)
		return true;
	for (i = 0; i < r->nl4; i++)
		if (!(r->l4[i].flags & ZONEFW_L4_F_PORTS) || r->l4[i].dport_lo != r->l4[0].dport_lo ||
		    r->l4[i].dport_hi != r->l4[0].dport_hi ||
		    r->l4[i].dport_hi - r->l4[i].dport_lo != n->port_hi - n->port_lo)
			return false;
	return r->nl4;
}

static int targets(struct zonefw_apply *a, struct zonefw_rule *r, const struct nlattr *at)
{
	u16 i;

	if (nla_len(at) % sizeof(*r->nat) || nla_len(at) / sizeof(*r->nat) - 1u > 1)
		return zonefw_refuse_attr(a, at, "a rule translates to one address of each family at most");
	r->nat = nla_data(at);
	r->nnat = nla_len(at) / sizeof(*r->nat);
	if (r->nnat == 2 && r->nat[0].family == r->nat[1].family)
		return zonefw_refuse_attr(a, at, "a rule translates to one address of each family at most");
	for (i = 0; i < r->nnat; i++) {
		if (!target_ok(r, &r->nat[i]))
			return zonefw_refuse_attr(a, at, "the target of a translation does not fit its action");
		if (!range_ok(r, &r->nat[i]))
			return zonefw_refuse_attr(a, at, "a range of target ports must be as long as the rule's own");
	}
	return 0;
}

static int published(struct zonefw_apply *a, struct zonefw_rule *r, const struct nlattr *at)
{
	if (!nla_len(at) || nla_len(at) % sizeof(*r->on) || nla_len(at) / sizeof(*r->on) > ZONEFW_LIST_MAX)
		return zonefw_refuse_attr(a, at, "a list of published addresses is empty, broken, or too long");
	r->on = nla_data(at);
	r->non = nla_len(at) / sizeof(*r->on);
	if (!zonefw_addrs_ok(r->on, r->non))
		return zonefw_refuse_attr(a, at, "a published address is broken or a reversed range");
	return 0;
}

/**
 * zonefw_nat_parse() - what a rule translates to
 * @a: the message
 * @r: the rule, parsed but for this
 * @tb: its attributes
 *
 * Return: 0 or -EINVAL with a sentence.
 */
int zonefw_nat_parse(struct zonefw_apply *a, struct zonefw_rule *r, struct nlattr **tb)
{
	const struct nlattr *on = tb[ZONEFW_AR_ON_ADDR], *hairpin = tb[ZONEFW_AR_HAIRPIN];
	int err;

	if (zonefw_is_dnat(r) || r->action == ZONEFW_SNAT) {
		if (!tb[ZONEFW_AR_NAT])
			return zonefw_refuse_missing(a->extack, r->blob, ZONEFW_AR_NAT,
						     "publish, redirect and snat need a target");
	} else if (tb[ZONEFW_AR_NAT]) {
		return zonefw_refuse_attr(a, tb[ZONEFW_AR_NAT], "only publish, redirect and snat have a target");
	}
	if ((on || hairpin) && r->action != ZONEFW_PUBLISH)
		return zonefw_refuse_attr(a, r->blob, "only publish has published addresses and a hairpin");
	if (!tb[ZONEFW_AR_NAT])
		return 0;
	err = targets(a, r, tb[ZONEFW_AR_NAT]);
	if (!err && on)
		err = published(a, r, on);
	if (err || !hairpin)
		return err;
	if (!(r->nat[0].flags & ZONEFW_NAT_HAIRPIN))
		return zonefw_refuse_attr(a, hairpin, "zones of a hairpin without a hairpin");
	return zonefw_zones_attr(a, hairpin, hairpin, &r->hairpin, &r->nhairpin);
}
