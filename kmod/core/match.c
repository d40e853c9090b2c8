// SPDX-License-Identifier: GPL-2.0
/*
 * Does a packet match a rule? Pure functions over const data: no lock, no
 * allocation, no sleeping. What is not known about a packet never matches.
 */
#include "model.h"

/**
 * zonefw_dev_match() - match a device name against a pattern with * and ?
 * @pattern: NUL-terminated pattern
 * @name: NUL-terminated name
 *
 * Iterative with one point of return, so at most len(pattern) * len(name) steps.
 *
 * Return: true if the whole name matches.
 */
bool zonefw_dev_match(const char *pattern, const char *name)
{
	const char *star = NULL, *mark = name;

	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			mark = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static u32 be32_at(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/**
 * zonefw_addr_in() - is an address in one element of a list?
 * @a: element
 * @family: 4 or 6
 * @x: address in network order
 *
 * Return: true if so.
 */
bool zonefw_addr_in(const struct zonefw_addr *a, u8 family, const u8 *x)
{
	int len = family == 4 ? 4 : 16, i;

	if (a->family != family)
		return false;
	if (a->kind == 0 && family == 4)
		return be32_at(x) - be32_at(a->lo) <= be32_at(a->hi) - be32_at(a->lo);
	if (a->kind == 0)
		return memcmp(a->lo, x, len) <= 0 && memcmp(x, a->hi, len) <= 0;
	for (i = 0; i < len; i++)
		if ((x[i] & a->hi[i]) != a->lo[i])
			return false;
	return true;
}

/**
 * zonefw_addrs_match() - is an address in a list?
 * @a: ranges
 * @n: how many; none: everything matches
 * @neg: the complement
 * @family: 4 or 6
 * @x: address
 *
 * Return: true if it is.
 */
bool zonefw_addrs_match(const struct zonefw_addr *a, u16 n, bool neg, u8 family, const u8 *x)
{
	u16 i;

	if (!n)
		return true;
	for (i = 0; i < n; i++)
		if (zonefw_addr_in(&a[i], family, x))
			return !neg;
	return neg;
}

static bool l4_in(const struct zonefw_l4 *b, const struct zonefw_key *k)
{
	if ((b->flags & ZONEFW_L4_F_PROTO) && b->proto != k->proto)
		return false;
	if (b->flags & ZONEFW_L4_F_PORTS) {
		if (!(k->flags & ZONEFW_K_PORTS))
			return false;
		if (k->sport < b->sport_lo || k->sport > b->sport_hi ||
		    k->dport < b->dport_lo || k->dport > b->dport_hi)
			return false;
	}
	if (b->flags & ZONEFW_L4_F_TYPE) {
		if (!(k->flags & ZONEFW_K_TYPE))
			return false;
		if (k->type < b->type_lo || k->type > b->type_hi ||
		    k->code < b->code_lo || k->code > b->code_hi)
			return false;
	}
	return true;
}

static bool l4_match(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	u16 i;

	for (i = 0; i < r->nl4; i++)
		if (l4_in(&r->l4[i], k))
			return true;
	return !r->nl4;
}

static bool dev_match(const char (*p)[ZONEFW_DEVNAME], u16 n, bool neg, const char *name)
{
	u16 i;

	if (!n)
		return true;
	if (!name)
		return false;
	for (i = 0; i < n; i++)
		if (zonefw_dev_match(p[i], name))
			return !neg;
	return neg;
}

static bool mac_match(const struct zonefw_rule *r, const struct zonefw_key *k)
{
	bool neg = r->flags & ZONEFW_RULE_NEG_MAC;
	u16 i;

	if (!(k->flags & ZONEFW_K_MAC))
		return false;
	for (i = 0; i < r->nmac; i++)
		if (!memcmp(r->mac[i], k->mac, 6))
			return !neg;
	return neg;
}

/**
 * zonefw_rule_plain() - do addresses, protocol, ports and types say all of a rule?
 * @r: rule
 *
 * Return: false when there is a condition that the compiled form does not have:
 * then zonefw_rule_match() is asked for each packet.
 */
bool zonefw_rule_plain(const struct zonefw_rule *r)
{
	return !r->nmac && !r->has_mark && !r->has_dscp && !r->nin && !r->nout;
}

/* Facts that only a packet of the original direction shows. */
static bool packet_match(const struct zonefw_rule *r, struct zonefw_key *k)
{
	if (zonefw_rule_plain(r))
		return true;
	if (k->flags & ZONEFW_K_REPLY) { /* unknown: the next packet of the other way decides */
		k->guessed = true;
		return zonefw_lets_pass(r->action);
	}
	if (!dev_match(r->in, r->nin, r->flags & ZONEFW_RULE_NEG_IN, k->in))
		return false;
	if (!(k->flags & ZONEFW_K_EARLY) &&
	    !dev_match(r->out, r->nout, r->flags & ZONEFW_RULE_NEG_OUT, k->out))
		return false;
	if (r->nmac && !mac_match(r, k))
		return false;
	if (r->has_mark &&
	    ((k->mark & r->mask) == r->mark) == !!(r->flags & ZONEFW_RULE_NEG_MARK))
		return false;
	return !r->has_dscp ||
	       (k->dscp == r->dscp) != !!(r->flags & ZONEFW_RULE_NEG_DSCP);
}

/**
 * zonefw_conditions_match() - does @k meet every written condition of @r?
 * @r: rule
 * @k: packet
 *
 * A negated list is the plain complement: it matches whatever is not in it.
 *
 * Return: true if all conditions hold.
 */
bool zonefw_conditions_match(const struct zonefw_rule *r, struct zonefw_key *k)
{
	if (r->family && r->family != k->family)
		return false;
	if (!l4_match(r, k))
		return false;
	if (!zonefw_addrs_match(r->dst, r->ndst, r->flags & ZONEFW_RULE_NEG_DST, k->family, k->dst))
		return false;
	if (!zonefw_addrs_match(r->src, r->nsrc, r->flags & ZONEFW_RULE_NEG_SRC, k->family, k->src))
		return false;
	return packet_match(r, k);
}

/**
 * zonefw_rule_match() - does the rule decide on @k?
 * @r: rule
 * @k: packet, behind destination NAT
 *
 * A rule that translates decides on what it translated, and on nothing else.
 *
 * Return: true if it does.
 */
bool zonefw_rule_match(const struct zonefw_rule *r, struct zonefw_key *k)
{
	return zonefw_is_dnat(r) ? zonefw_nat_explains(r, k) : zonefw_conditions_match(r, k);
}

/**
 * zonefw_prefix_match() - longest prefix of a list that holds an address
 * @n: prefixes
 * @count: how many
 * @family: 4 or 6
 * @addr: address in network order
 *
 * Return: its length in bits, or -1 if no prefix holds it.
 */
int zonefw_prefix_match(const struct zonefw_net *n, u32 count, u8 family, const u8 *addr)
{
	int best = -1;
	u32 i;

	for (i = 0; i < count; i++) {
		int full = n[i].len / 8, rest = n[i].len % 8;

		if (n[i].family != family || n[i].len <= best)
			continue;
		if (memcmp(n[i].addr, addr, full))
			continue;
		if (rest && ((n[i].addr[full] ^ addr[full]) >> (8 - rest)))
			continue;
		best = n[i].len;
	}
	return best;
}
