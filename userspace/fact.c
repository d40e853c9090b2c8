// SPDX-License-Identifier: GPL-2.0
/*
 * Conditions that no box knows: devices, hardware address, mark, DSCP, time.
 * When a packet is known to meet those of one rule, does it meet those of another?
 */
#include "box.h"

static const enum clause kinds[] = { CL_IN, CL_OUT, CL_MAC, CL_MARK, CL_DSCP, CL_TIME, CL_DAYS };

static bool has(const struct rule *r, enum clause c)
{
	switch (c) {
	case CL_IN: return r->in.n;
	case CL_OUT: return r->out.n;
	case CL_MAC: return r->mac.n;
	case CL_MARK: return r->has_mark;
	case CL_DSCP: return r->has_dscp;
	case CL_TIME: return r->live.minutes[0] != r->live.minutes[1];
	default: return r->live.days;
	}
}

static bool negated(const struct rule *r, enum clause c)
{
	switch (c) {
	case CL_IN: return r->flags & ZONEFW_RULE_NEG_IN;
	case CL_OUT: return r->flags & ZONEFW_RULE_NEG_OUT;
	case CL_MAC: return r->flags & ZONEFW_RULE_NEG_MAC;
	case CL_MARK: return r->flags & ZONEFW_RULE_NEG_MARK;
	case CL_DSCP: return r->flags & ZONEFW_RULE_NEG_DSCP;
	case CL_TIME: return r->live.flags & ZONEFW_LIVE_NEG_TIME;
	default: return r->live.flags & ZONEFW_LIVE_NEG_DAYS;
	}
}

/* What two lists of values, not negated, are to each other; neither bit: not known, or they overlap. */
#define INSIDE	1	/* all of the first is in the second */
#define APART	2

static int pattern_relate(const char *a, const char *b)
{
	if (!strcmp(a, b) || (!strpbrk(a, "*?") && glob_match(b, a)))
		return INSIDE;
	return !strpbrk(a, "*?") || (!strpbrk(b, "*?") && !glob_match(a, b)) ? APART : 0;
}

static int list_relate(const struct rule *a, const struct rule *b, enum clause c)
{
	const strvec *x = c == CL_IN ? &a->in : &a->out, *y = c == CL_IN ? &b->in : &b->out;
	int nx = c == CL_MAC ? a->mac.n : x->n, ny = c == CL_MAC ? b->mac.n : y->n, r = INSIDE | APART;

	for (int i = 0; i < nx; i++) {
		bool inside = false, apart = true;

		for (int j = 0; j < ny; j++) {
			int one = c == CL_MAC ? (memcmp(&a->mac.v[i], &b->mac.v[j], 6) ? APART : INSIDE) :
						pattern_relate(x->v[i], y->v[j]);

			inside |= one == INSIDE;
			apart &= one == APART;
		}
		r &= (inside ? INSIDE : 0) | (apart ? APART : 0);
	}
	return r;
}

/* Of few values each is tried: those of DSCP, days and minutes. */
static bool holds(const struct rule *r, enum clause c, int i)
{
	const uint16_t *t = r->live.minutes;
	bool hit = c == CL_DSCP ? i == r->dscp : c == CL_DAYS ? (r->live.days >> i) & 1 :
		   t[0] <= t[1] ? i >= t[0] && i < t[1] : i >= t[0] || i < t[1];

	return hit != negated(r, c);
}

static int values_tell(const struct rule *a, const struct rule *b, enum clause c)
{
	int n = c == CL_DSCP ? 64 : c == CL_DAYS ? 7 : 24 * 60;
	bool inside = true, apart = true;

	for (int i = 0; i < n; i++) {
		inside &= !holds(a, c, i) || holds(b, c, i);
		apart &= !holds(a, c, i) || !holds(b, c, i);
	}
	return inside ? 1 : apart ? -1 : 0;
}

/* A negated bit is the bit the other way round. */
struct mark { uint32_t v, mask; bool not; };

static struct mark mark_of(const struct rule *r)
{
	bool not = negated(r, CL_MARK), bit = r->mark_mask && !(r->mark_mask & (r->mark_mask - 1));

	return (struct mark){ not && bit ? r->mark ^ r->mark_mask : r->mark, r->mark_mask, not && !bit };
}

static int mark_relate(const struct mark *a, const struct mark *b)
{
	uint32_t both = a->mask & b->mask;

	if ((a->v ^ b->v) & both)
		return APART;
	return both == b->mask ? INSIDE : 0;
}

/* Of a packet that meets a's condition: 1 it meets that of b, -1 it does not, 0 not known */
static int tell(const struct rule *a, const struct rule *b, enum clause c)
{
	bool not_a = negated(a, c), not_b = negated(b, c);
	struct mark x = mark_of(a), y = mark_of(b);
	int r;

	if (c == CL_DSCP || c == CL_TIME || c == CL_DAYS)
		return values_tell(a, b, c);
	if (c == CL_MARK) {
		not_a = x.not;
		not_b = y.not;
		r = not_a ? mark_relate(&y, &x) : mark_relate(&x, &y);
	} else {
		r = not_a ? list_relate(b, a, c) : list_relate(a, b, c);
	}
	if (r & INSIDE)
		return not_a == not_b ? 1 : -1;
	return r & APART && !not_a ? (not_b ? 1 : -1) : 0;
}

/* Does a packet of which f is known meet what b asks beside its boxes? 1 yes, -1 no, 0 not known */
int facts_tell(const struct facts *f, const struct rule *b)
{
	int all = !b->live.rate && !b->live.has_conns && !b->live.expires;

	for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool known = !has(b, kinds[i]);

		for (int k = 0; k < 2 && has(b, kinds[i]); k++) {
			int one = f->r[k] && has(f->r[k], kinds[i]) ? tell(f->r[k], b, kinds[i]) : 0;

			if (one < 0)
				return -1;
			known |= one;
		}
		all &= known;
	}
	return all;
}

/* Is it open whether a packet can meet both? */
bool facts_vague(const struct rule *a, const struct rule *b)
{
	for (int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (has(a, kinds[i]) && has(b, kinds[i]) && !tell(a, b, kinds[i]) && !tell(b, a, kinds[i]) &&
		    (kinds[i] == CL_IN || kinds[i] == CL_OUT || (kinds[i] == CL_MARK && mark_of(a).not && mark_of(b).not)))
			return true;
	return false;
}
