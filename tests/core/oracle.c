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

static const struct zonefw_celldef *find(const struct zonefw_celldef *d, u32 n, u16 from, u16 to)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (d[i].has_default && d[i].from == from && d[i].to == to)
			return &d[i];
	return NULL;
}

/* Steps from @zone up to @word, or -1. */
static int distance(const u16 *parent, u16 zone, u16 word)
{
	int steps = 0;

	while (zone != word) {
		if (!parent[zone])
			return -1;
		zone = parent[zone];
		steps++;
	}
	return steps;
}

/* Exact pair first, then the pair of parents with the fewest steps up. */
static const struct zonefw_celldef *nearest(const struct zonefw_celldef *d, u32 n,
					    const u16 *parent, u16 from, u16 to)
{
	const struct zonefw_celldef *best = NULL;
	int steps = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		int f, t;

		if (!d[i].has_default || d[i].from == ZONEFW_ZONE_ANY || d[i].to == ZONEFW_ZONE_ANY)
			continue;
		f = distance(parent, from, d[i].from);
		t = distance(parent, to, d[i].to);
		if (f < 0 || t < 0 || (best && f + t >= steps))
			continue;
		best = &d[i];
		steps = f + t;
	}
	return best;
}

/* Each default is looked at: the exact pair, else the nearest parents, else FROM -> any, any -> TO, any -> any. */
const struct zonefw_celldef *oracle_default(const struct zonefw_celldef *defs, u32 n,
					    const u16 *parent, u16 from, u16 to)
{
	const struct zonefw_celldef *d = nearest(defs, n, parent, from, to);
	u16 z;

	for (z = from; !d; z = parent[z]) {
		d = find(defs, n, z, ZONEFW_ZONE_ANY);
		if (!parent[z])
			break;
	}
	for (z = to; !d; z = parent[z]) {
		d = find(defs, n, ZONEFW_ZONE_ANY, z);
		if (!parent[z])
			break;
	}
	return d ? d : find(defs, n, ZONEFW_ZONE_ANY, ZONEFW_ZONE_ANY);
}
