// SPDX-License-Identifier: GPL-2.0
/*
 * The packets of a rule as boxes, and sums with them: what two have in common,
 * and what one leaves of another. The proofs of eval.c and the warnings of
 * check.c rest on it. A named set may hold anything, so its box is all addresses.
 */
#include "box.h"

#define BOXES_MOST	2000	/* left of a rule, while it is looked into */
#define CELLS_MOST	64

static u128 fam_max(int fam)
{
	return fam == 4 ? 0xffffffffu : ~(u128)0;
}

struct range { u128 lo, hi; };
typedef VEC(struct range) rvec;

static void addr_ranges(const addrvec *v, bool neg, int fam, rvec *out)
{
	u128 at = 0, max = fam_max(fam);
	bool done = false;
	rvec in = { 0 };

	for (int i = 0; i < v->n; i++) {
		int len = fam == 4 ? 4 : 16;
		struct range r = { load_be(v->v[i].lo, len), load_be(v->v[i].hi, len) };

		if (v->v[i].family != fam)
			continue;
		if (v->v[i].kind) {	/* a suffix: too wide on purpose */
			if (neg)
				continue;
			r = (struct range){ 0, max };
		}
		PUSH(in, r);
	}
	if (!v->n || !neg) {
		if (!v->n)
			PUSH(in, ((struct range){ 0, max }));
		*out = in;
		return;
	}
	for (int i = 1; i < in.n; i++)
		for (int j = i; j && in.v[j].lo < in.v[j - 1].lo; j--) {
			struct range tmp = in.v[j];

			in.v[j] = in.v[j - 1];
			in.v[j - 1] = tmp;
		}
	for (int i = 0; i < in.n && !done; i++) {
		if (in.v[i].lo > at)
			PUSH(*out, ((struct range){ at, in.v[i].lo - 1 }));
		done = in.v[i].hi == max;
		if (!done && in.v[i].hi + 1 > at)
			at = in.v[i].hi + 1;
	}
	if (!done)
		PUSH(*out, ((struct range){ at, max }));
}

/* a set may hold anything: too wide on purpose */
static void live_ranges(const struct rule *r, int pick, const addrvec *v, int fam, rvec *out)
{
	bool neg = r->flags & (pick == PICK_SRC ? ZONEFW_RULE_NEG_SRC : ZONEFW_RULE_NEG_DST);

	if (r->live.set[pick].n)
		PUSH(*out, ((struct range){ 0, fam_max(fam) }));
	else
		addr_ranges(v, neg, fam, out);
}

static void l4_box(const struct zonefw_l4 *l, struct box *b)
{
	if (l->flags & ZONEFW_L4_F_PROTO)
		b->plo = b->phi = l->proto;
	if (l->flags & ZONEFW_L4_F_PORTS) {
		b->spl = l->sport_lo;
		b->sph = l->sport_hi;
		b->dpl = l->dport_lo;
		b->dph = l->dport_hi;
	}
	if (l->flags & ZONEFW_L4_F_TYPE) {
		b->tlo = l->type_lo;
		b->thi = l->type_hi;
	}
}

void rule_boxes(const struct rule *r, boxvec *out)
{
	for (int fam = 4; fam <= 6; fam += 2) {
		rvec s = { 0 }, d = { 0 };

		if (r->family && r->family != fam)
			continue;
		live_ranges(r, PICK_SRC, &r->src, fam, &s);
		live_ranges(r, PICK_DST, &r->dst, fam, &d);
		for (int i = 0; i < s.n; i++)
			for (int j = 0; j < d.n; j++)
				for (int k = 0; k < r->l4.n || k == 0; k++) {
					struct box b = { fam, s.v[i].lo, s.v[i].hi, d.v[j].lo, d.v[j].hi,
							 0, 255, 0, 65535, 0, 65535, 0, 255 };

					if (r->l4.n)
						l4_box(&r->l4.v[k], &b);
					PUSH(*out, b);
				}
	}
}

bool box_cut(const struct box *a, const struct box *b, struct box *o)
{
#define CUT(l, h) do {							\
		o->l = a->l > b->l ? a->l : b->l;			\
		o->h = a->h < b->h ? a->h : b->h;			\
		if (o->l > o->h)					\
			return false;					\
	} while (0)
	if (a->fam != b->fam)
		return false;
	o->fam = a->fam;
	CUT(slo, shi);
	CUT(dlo, dhi);
	CUT(plo, phi);
	CUT(spl, sph);
	CUT(dpl, dph);
	CUT(tlo, thi);
	return true;
}

/* a without b: at most twelve boxes */
static void box_minus(struct box a, const struct box *b, boxvec *out)
{
	struct box c;

	if (!box_cut(&a, b, &c)) {
		PUSH(*out, a);
		return;
	}
#define SHAVE(l, h) do {						\
		struct box x = a;					\
									\
		if (a.l < c.l) {					\
			x.h = c.l - 1;					\
			PUSH(*out, x);					\
			x = a;						\
		}							\
		if (a.h > c.h) {					\
			x.l = c.h + 1;					\
			PUSH(*out, x);					\
		}							\
		a.l = c.l;						\
		a.h = c.h;						\
	} while (0)
	SHAVE(slo, shi);
	SHAVE(dlo, dhi);
	SHAVE(plo, phi);
	SHAVE(spl, sph);
	SHAVE(dpl, dph);
	SHAVE(tlo, thi);
}

void boxes_minus(boxvec *set, const boxvec *sub)
{
	for (int i = 0; i < sub->n; i++) {
		boxvec next = { 0 };

		for (int j = 0; j < set->n; j++)
			box_minus(set->v[j], &sub->v[i], &next);
		*set = next;
	}
}

struct pkt box_packet(const struct box *b)
{
	struct pkt k = { .family = b->fam, .proto = b->plo, .type = -1, .src = b->slo, .dst = b->dlo,
			 .sport = -1, .dport = -1 };

	if (b->plo <= 6 && b->phi >= 6)
		k.proto = 6;
	if (k.proto == 6 || k.proto == 17 || k.proto == 132) {
		k.sport = b->sph > 1024 && b->spl <= 1024 ? 1024 : b->spl;
		k.dport = b->dpl;
	}
	if (k.proto == 1 || k.proto == 58)
		k.type = b->tlo;
	return k;
}

static bool zones_superset(struct model *m, const zrefvec *a, const zrefvec *b)
{
	for (int i = 0; i < b->n; i++)
		if (b->v[i].z == &m->any ? !zone_covers(m, a, &m->any) : !zone_covers(m, a, b->v[i].z))
			return false;
	return true;
}

static bool has_set(const struct rule *r)
{
	for (int i = CL_SPORT; i <= CL_DST; i++)
		if (r->cl[i] && strchr(r->cl[i], '@'))
			return true;
	return false;
}

static bool has_mask(const addrvec *v)
{
	for (int i = 0; i < v->n; i++)
		if (v->v[i].kind)
			return true;
	return false;
}

/* Do the boxes of a rule hold its packets and no others? */
bool rule_exact(const struct rule *r)
{
	return !r->inexact && !has_set(r) && !has_mask(&r->src) && !has_mask(&r->dst);
}

static bool rule_decides(const struct rule *r)
{
	return r->action != ZONEFW_CONTINUE && r->action < ZONEFW_PUBLISH && rule_exact(r);
}

/* Does a decide whatever b matches? */
bool rule_covers(struct model *m, const struct rule *a, const struct rule *b)
{
	boxvec x = { 0 }, y = { 0 };

	if (!rule_decides(a) || !zones_superset(m, &a->from, &b->from) || !zones_superset(m, &a->to, &b->to))
		return false;
	rule_boxes(a, &x);
	rule_boxes(b, &y);
	boxes_minus(&y, &x);
	return !y.n;
}

static bool boxes_meet(const boxvec *a, const boxvec *b)
{
	struct box o;

	for (int i = 0; i < a->n; i++)
		for (int j = 0; j < b->n; j++)
			if (box_cut(&a->v[i], &b->v[j], &o))
				return true;
	return false;
}

/* What do the rules before the i-th leave of it between two zones? Those that took some are added to by. */
static bool cell_leaves(struct model *m, int i, const struct zone *f, const struct zone *t, intvec *by)
{
	boxvec left = { 0 };

	rule_boxes(m->rules.v[i], &left);
	for (int j = 0; j < i && left.n; j++) {
		const struct rule *r = m->rules.v[j];
		boxvec b = { 0 };

		if (!rule_decides(r) || !zone_covers(m, &r->from, f) || !zone_covers(m, &r->to, t))
			continue;
		rule_boxes(r, &b);
		if (!boxes_meet(&left, &b))
			continue;
		boxes_minus(&left, &b);
		if (left.n > BOXES_MOST)
			return true;
		PUSH(*by, j);
	}
	return left.n;
}

/*
 * Do the rules before the i-th together leave nothing of it? Those that take part are put into by. A rule of many
 * cells or one that falls into very many boxes is not looked into: no warning is given then.
 */
bool rule_unreachable(struct model *m, int i, intvec *by)
{
	const struct rule *r = m->rules.v[i];
	int cells = 0;

	for (int f = -1; f < m->zones.n; f++) {
		const struct zone *zf = zone_or_self(m, f);

		for (int t = -1; t < m->zones.n && zone_covers(m, &r->from, zf); t++) {
			const struct zone *zt = zone_or_self(m, t);

			if (!zone_covers(m, &r->to, zt))
				continue;
			if (++cells > CELLS_MOST || cell_leaves(m, i, zf, zt, by))
				return false;
		}
	}
	return cells > 0;
}
