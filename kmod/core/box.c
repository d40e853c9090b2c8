// SPDX-License-Identifier: GPL-2.0
/*
 * A rule cut into boxes; see table.h. Pure, used when a policy is built. The
 * boxes of a rule together hold every packet that can match it, and are no
 * more than its lists have elements, or 16.
 */
#include "table.h"

#define BOXES_MIN	16u	/* a product of lists up to here is spelled out */

/* One element of a list of addresses, in words, the highest first. */
struct span {
	u64 lo[2], hi[2];
	bool exact;
};

/* How a rule's three lists are taken: each element, or all in one hull. */
struct plan {
	u32 nsrc, ndst, nl4;
	bool src, dst, l4;	/* hull? */
};

static u32 words_of(u8 family)
{
	return family == 4 ? 1 : 2;
}

/* A word of an address: all of IPv4, half of IPv6. */
static u64 word_at(const u8 *addr, u32 words, u32 i)
{
	u32 bytes = words == 1 ? 4 : 8;
	u64 x = 0;

	for (addr += bytes * i; bytes--; addr++)
		x = x << 8 | *addr;
	return x;
}

static u64 all_of(u32 words)
{
	return words == 1 ? ~0u : ~0ull;
}

/* An interval of many words as an interval per word: exact for prefixes. */
static void range_span(const struct zonefw_addr *a, u32 words, struct span *s)
{
	bool split = false;
	u32 i;

	for (i = 0; i < words; i++) {
		u64 lo = word_at(a->lo, words, i), hi = word_at(a->hi, words, i);

		if (split && (lo || hi != all_of(words)))
			s->exact = false;
		s->lo[i] = split ? 0 : lo;
		s->hi[i] = split ? all_of(words) : hi;
		split |= lo != hi;
	}
}

static void mask_span(const struct zonefw_addr *a, u32 words, struct span *s)
{
	u32 i;

	for (i = 0; i < words; i++) {
		u64 free = word_at(a->hi, words, i) ^ all_of(words);

		s->lo[i] = word_at(a->lo, words, i);
		s->hi[i] = s->lo[i] | free;
		if (free & (free + 1))
			s->exact = false;
	}
}

static void addr_span(const struct zonefw_addr *a, u32 words, struct span *s)
{
	s->exact = true;
	if (a->kind == 0)
		range_span(a, words, s);
	else
		mask_span(a, words, s);
}

static void wide_span(u32 words, struct span *s, bool exact)
{
	u32 i;

	for (i = 0; i < words; i++) {
		s->lo[i] = 0;
		s->hi[i] = all_of(words);
	}
	s->exact = exact;
}

/* A publish decides on packets to its host. */
static void target_span(const struct zonefw_nat *n, u32 words, struct span *s)
{
	u32 i;

	for (i = 0; i < words; i++)
		s->lo[i] = s->hi[i] = word_at(n->addr, words, i);
	s->exact = true;
}

static u32 of_family(const struct zonefw_addr *a, u16 n, u8 family)
{
	u32 i, found = 0;

	for (i = 0; i < n; i++)
		found += a[i].family == family;
	return found;
}

/* false: the rule has no packet of this family. */
static bool plan_of(const struct zonefw_rule *r, u8 family, struct plan *p)
{
	u32 max;

	*p = (struct plan){ 1, 1, r->nl4 ? r->nl4 : 1, false, false, false };
	if (r->family && r->family != family)
		return false;
	if (zonefw_is_dnat(r)) {	/* written about the packet before it was translated */
		p->l4 = true;
		p->nl4 = 1;
		if (!zonefw_nat_of(r, family))
			return false;
	}
	if (r->nsrc && !(r->flags & ZONEFW_RULE_NEG_SRC))
		p->nsrc = of_family(r->src, r->nsrc, family);
	if (r->ndst && !(r->flags & ZONEFW_RULE_NEG_DST) && !zonefw_is_dnat(r))
		p->ndst = of_family(r->dst, r->ndst, family);
	if (!p->nsrc || !p->ndst)
		return false;
	max = p->nsrc + p->ndst + p->nl4;
	if (max < BOXES_MIN)
		max = BOXES_MIN;
	while ((u64)p->nsrc * p->ndst * p->nl4 > max) {
		u32 s = p->nsrc > 1 ? p->nsrc : ~0u, d = p->ndst > 1 ? p->ndst : ~0u;
		u32 l = p->nl4 > 1 ? p->nl4 : ~0u;

		if (l <= s && l <= d) {
			p->nl4 = 1;
			p->l4 = true;
		} else if (s <= d) {
			p->nsrc = 1;
			p->src = true;
		} else {
			p->ndst = 1;
			p->dst = true;
		}
	}
	return true;
}

/* Steps to the next element of the family; a list that is not spelled out has one. */
static u16 list_span(const struct zonefw_addr *a, u16 n, u16 at, u8 family, struct span *s)
{
	while (at < n && a[at].family != family)
		at++;
	if (at < n)
		addr_span(&a[at], words_of(family), s);
	return at + 1;
}

static void hull_span(const struct zonefw_addr *a, u16 n, u8 family, struct span *s)
{
	u32 words = words_of(family), w;
	struct span e;
	u16 at = list_span(a, n, 0, family, s);

	while (at < n) {
		e = *s;
		at = list_span(a, n, at, family, &e);
		for (w = 0; w < words; w++) {
			s->lo[w] = e.lo[w] < s->lo[w] ? e.lo[w] : s->lo[w];
			s->hi[w] = e.hi[w] > s->hi[w] ? e.hi[w] : s->hi[w];
		}
	}
	s->exact = false;
}

/* Of other protocols no exact box needs a type: zonefw_cell_first4() does not look at needs. */
static bool icmp(const struct zonefw_l4 *l)
{
	return l->flags & ZONEFW_L4_F_PROTO && (l->proto == 1 || l->proto == 58);
}

static void l4_box(const struct zonefw_l4 *l, struct zonefw_box *b)
{
	if (l->flags & ZONEFW_L4_F_PROTO) {
		b->lo[ZONEFW_D_PROTO] = l->proto << 8;
		b->len[ZONEFW_D_PROTO] = 0xff;
	}
	if (l->flags & ZONEFW_L4_F_TYPE) {
		b->need |= ZONEFW_K_TYPE;
		if (l->flags & ZONEFW_L4_F_PROTO) {
			b->lo[ZONEFW_D_PROTO] |= l->type_lo;
			b->len[ZONEFW_D_PROTO] = l->type_hi - l->type_lo;
		}
		if (!icmp(l) || l->code_lo || l->code_hi != 0xff)
			b->exact = false;
	}
	if (l->flags & ZONEFW_L4_F_PORTS) {
		b->need |= ZONEFW_K_PORTS;
		b->lo[ZONEFW_D_DPORT] = l->dport_lo;
		b->len[ZONEFW_D_DPORT] = l->dport_hi - l->dport_lo;
		b->lo[ZONEFW_D_SPORT] = l->sport_lo;
		b->len[ZONEFW_D_SPORT] = l->sport_hi - l->sport_lo;
	}
}

static void wide_put(u32 *to, u64 x)
{
	to[0] = x;
	to[1] = x >> 32;
}

static void box_fill(struct zonefw_box *b, const struct span *dst, const struct span *src,
		     u32 words)
{
	const struct span *s;
	u32 i;

	for (i = 0; i < ZONEFW_D_ADDR; i++) {
		b->lo[i] = 0;
		b->len[i] = 0xffff;
	}
	b->need = 0;
	b->exact = b->exact && dst->exact && src->exact;
	if (words == 1) {
		b->addr[0] = dst->lo[0];
		b->addr[1] = dst->hi[0] - dst->lo[0];
		b->addr[2] = src->lo[0];
		b->addr[3] = src->hi[0] - src->lo[0];
		return;
	}
	for (i = 0; i < 4; i++) {
		s = i < 2 ? dst : src;
		wide_put(&b->addr[4 * i], s->lo[~i & 1]);
		wide_put(&b->addr[4 * i + 2], s->hi[~i & 1] - s->lo[~i & 1]);
	}
}

/**
 * zonefw_boxes_count() - how many boxes a rule has
 * @r: rule
 * @family: 4 or 6
 *
 * Return: 0 when no packet of the family can match it.
 */
u32 zonefw_boxes_count(const struct zonefw_rule *r, u8 family)
{
	struct plan p;

	return plan_of(r, family, &p) ? p.nsrc * p.ndst * p.nl4 : 0;
}

/* The element behind @at of a list of addresses, or the one that stands for all. */
static u16 next_span(const struct zonefw_addr *a, u16 n, bool hull, u16 at, struct span *s,
		     u8 family)
{
	if (hull) {
		hull_span(a, n, family, s);
		return n;
	}
	return list_span(a, n, at, family, s);
}

/* All boxes of one pair of source and destination. */
static u32 *pair_fill(const struct zonefw_rule *r, const struct plan *p, struct span a[2],
		      u32 words, u32 *to)
{
	u32 i;

	for (i = 0; i < p->nl4; i++) {
		struct zonefw_box *b = (struct zonefw_box *)to;

		b->exact = zonefw_rule_plain(r) && !p->l4;
		box_fill(b, &a[0], &a[1], words);
		if (r->nl4 && !p->l4)
			l4_box(&r->l4[i], b);
		to += words == 1 ? ZONEFW_BOX4 : ZONEFW_BOX6;
	}
	return to;
}

/**
 * zonefw_boxes_fill() - the boxes of a rule
 * @r: rule
 * @family: 4 or 6
 * @rule: its index
 * @to: room for as many boxes as zonefw_boxes_count() said
 *
 * Return: behind the last box.
 */
u32 *zonefw_boxes_fill(const struct zonefw_rule *r, u8 family, u32 rule, u32 *to)
{
	u32 words = words_of(family), i, j, *at = to;
	u16 sat, dat = 0;
	struct span a[2];
	struct plan p;

	if (!plan_of(r, family, &p))
		return to;
	for (i = 0; i < p.ndst; i++) {
		wide_span(words, &a[0], !r->ndst);
		if (r->action == ZONEFW_PUBLISH)
			target_span(zonefw_nat_of(r, family), words, &a[0]);
		else if (r->ndst && !(r->flags & ZONEFW_RULE_NEG_DST) && !zonefw_is_dnat(r))
			dat = next_span(r->dst, r->ndst, p.dst, dat, &a[0], family);
		for (j = 0, sat = 0; j < p.nsrc; j++) {
			wide_span(words, &a[1], !r->nsrc);
			if (r->nsrc && !(r->flags & ZONEFW_RULE_NEG_SRC))
				sat = next_span(r->src, r->nsrc, p.src, sat, &a[1], family);
			to = pair_fill(r, &p, a, words, to);
		}
	}
	for (; at < to; at += zonefw_box_size(family))
		((struct zonefw_box *)at)->rule = rule;
	return to;
}
