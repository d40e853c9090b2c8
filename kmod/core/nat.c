// SPDX-License-Identifier: GPL-2.0
/*
 * What publish and redirect mean: which packets they translate, and which
 * translated packets they let in. Pure functions over const data.
 *
 * The conditions of such a rule are about the packet as it came: dport 443 is
 * the published port, dst the published address. The permission hangs on the
 * translation: the rule lets a packet in when the rule itself leads from the
 * packet as it came to where the packet goes now. Nothing has to be remembered
 * for that, so it is also true of a flow that another router handed over, and
 * of an open flow under a new policy.
 */
#include "pack.h"

/**
 * zonefw_rule_between() - does a rule stand in a cell?
 * @parent: parent of each zone, 0 for none
 * @r: rule
 * @from: ingress zone
 * @to: egress zone
 *
 * A redirect lets packets in to this router, a hairpin adds zones to FROM.
 *
 * Return: true if it does.
 */
bool zonefw_rule_between(const u16 *parent, const struct zonefw_rule *r, u16 from, u16 to)
{
	r = zonefw_rule_like(r);
	if (!zonefw_zone_covers(parent, r->from, r->nfrom, from) &&
	    !(r->also_from && r->also_from[from]))
		return false;
	if (r->action == ZONEFW_REDIRECT)
		return to == ZONEFW_ZONE_SELF;
	return zonefw_zone_covers(parent, r->to, r->nto, to);
}

/**
 * zonefw_nat_of() - where a rule leads in a family
 * @r: publish, redirect or snat
 * @family: 4 or 6
 *
 * Return: the target, or NULL when the rule is not about that family.
 */
const struct zonefw_nat *zonefw_nat_of(const struct zonefw_rule *r, u8 family)
{
	u16 i;

	for (i = 0; i < r->nnat; i++)
		if (!r->nat[i].family || r->nat[i].family == family)
			return &r->nat[i];
	return NULL;
}

/**
 * zonefw_nat_port() - the port behind a published port
 * @r: publish or redirect
 * @n: its target
 * @port: destination port of the packet as it came
 *
 * A range is mapped one to one: all boxes of the rule have the same ports then.
 *
 * Return: the port.
 */
u16 zonefw_nat_port(const struct zonefw_rule *r, const struct zonefw_nat *n, u16 port)
{
	if (!(n->flags & ZONEFW_NAT_PORT))
		return port;
	if (n->port_lo == n->port_hi || !r->nl4)
		return n->port_lo;
	return n->port_lo + (port - r->l4[0].dport_lo);
}

/* Without 'on': an address of this router; for a hairpin one on a device of FROM. */
static bool published_here(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	if (!(k->flags & ZONEFW_K_OLOCAL))
		return false;
	if (!r->also_from || r->also_from[k->ofrom] & ZONEFW_HAIRPIN_FROM)
		return true;
	return k->oat != ZONEFW_ZONE_NONE && r->also_from[k->oat] & ZONEFW_HAIRPIN_FROM;
}

/**
 * zonefw_nat_selects() - does the rule translate this packet?
 * @r: publish or redirect
 * @k: packet as it came, with ZONEFW_K_OLOCAL where it is true, ozone, ofrom and oat
 *
 * Return: true if it does.
 */
bool zonefw_nat_selects(const struct zonefw_rule *r, struct zonefw_key *k)
{
	if (!zonefw_nat_of(r, k->family))
		return false;
	if (r->action == ZONEFW_PUBLISH && r->non &&
	    !zonefw_addrs_match(r->on, r->non, false, k->family, k->dst))
		return false;
	if (r->action == ZONEFW_PUBLISH && !r->non && !published_here(r, k))
		return false;
	if (r->action == ZONEFW_REDIRECT && r->tozone &&
	    (k->ozone == ZONEFW_ZONE_NONE || !r->tozone[k->ozone]))
		return false;
	return zonefw_conditions_match(r, k);
}

/**
 * zonefw_nat_explains() - is this packet where the rule would have sent it?
 * @r: publish or redirect
 * @k: packet behind destination NAT
 *
 * Return: true if the rule lets it in.
 */
bool zonefw_nat_explains(const struct zonefw_rule *r, struct zonefw_key *k)
{
	const struct zonefw_nat *n = zonefw_nat_of(r, k->family);
	struct zonefw_key o;
	bool selects;

	if (!n || !(k->flags & ZONEFW_K_DNAT))
		return false;
	if (r->action == ZONEFW_PUBLISH && memcmp(k->dst, n->addr, k->family == 4 ? 4 : 16))
		return false;
	if ((k->flags & ZONEFW_K_PORTS) && k->dport != zonefw_nat_port(r, n, k->odport))
		return false;
	o = *k;
	memcpy(o.dst, k->odst, sizeof(o.dst));
	o.dport = k->odport;
	selects = zonefw_nat_selects(r, &o);
	k->guessed |= o.guessed;
	return selects;
}
