// SPDX-License-Identifier: GPL-2.0
/*
 * The slow second opinion: what LANGUAGE says a rule means, written bit by bit
 * and without a look at kmod/core. Used to check the classifier on random
 * rules and packets.
 */
#include "oracle.h"

static int bit(const u8 *a, int i)
{
	return a[i / 8] >> (7 - i % 8) & 1;
}

/* -1, 0, 1 like a big-endian number comparison, most significant bit first */
static int compare(const u8 *a, const u8 *b, int bits)
{
	for (int i = 0; i < bits; i++)
		if (bit(a, i) != bit(b, i))
			return bit(a, i) - bit(b, i);
	return 0;
}

static bool in_element(const struct zonefw_addr *e, u8 family, const u8 *x)
{
	int bits = family == 4 ? 32 : 128;

	if (e->family != family)
		return false;
	if (e->kind == 0)
		return compare(x, e->lo, bits) >= 0 && compare(x, e->hi, bits) <= 0;
	for (int i = 0; i < bits; i++)
		if (bit(e->hi, i) && bit(x, i) != bit(e->lo, i))
			return false;
	return true;
}

static bool list_holds(const struct zonefw_addr *l, int n, bool neg, u8 family, const u8 *x)
{
	bool in = false;

	if (n == 0)
		return true;
	for (int i = 0; i < n; i++)
		in = in || in_element(&l[i], family, x);
	return in != neg;
}

static bool box_holds(const struct zonefw_l4 *b, const struct zonefw_key *k)
{
	bool ok = true;

	if (b->flags & ZONEFW_L4_F_PROTO)
		ok = ok && k->proto == b->proto;
	if (b->flags & ZONEFW_L4_F_PORTS)
		ok = ok && (k->flags & ZONEFW_K_PORTS) && k->sport >= b->sport_lo &&
		     k->sport <= b->sport_hi && k->dport >= b->dport_lo && k->dport <= b->dport_hi;
	if (b->flags & ZONEFW_L4_F_TYPE)
		ok = ok && (k->flags & ZONEFW_K_TYPE) && k->type >= b->type_lo &&
		     k->type <= b->type_hi && k->code >= b->code_lo && k->code <= b->code_hi;
	return ok;
}

bool oracle_match(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	bool l4 = r->nl4 == 0;

	for (int i = 0; i < r->nl4; i++)
		l4 = l4 || box_holds(&r->l4[i], k);
	return l4 && (!r->family || r->family == k->family) &&
	       list_holds(r->src, r->nsrc, r->flags & ZONEFW_RULE_NEG_SRC, k->family, k->src) &&
	       list_holds(r->dst, r->ndst, r->flags & ZONEFW_RULE_NEG_DST, k->family, k->dst) &&
	       (!r->has_dscp || (k->dscp == r->dscp) != !!(r->flags & ZONEFW_RULE_NEG_DSCP)) &&
	       (!r->has_mark ||
		((k->mark & r->mask) == r->mark) != !!(r->flags & ZONEFW_RULE_NEG_MARK));
}
