// SPDX-License-Identifier: GPL-2.0
/*
 * The packets of a rule as boxes, and sums with them: what two have in common,
 * and what one leaves of another. The proofs of prove.c and the warnings of
 * check.c rest on it. The boxes of a rule hold all its packets, and more where
 * it has a condition that no box knows: see fact.c.
 */
#include "box.h"

#include <stdlib.h>

static long work;
static bool gave_up;

void boxes_begin(void)
{
	work = 0;
	gave_up = false;
}

/* all further sums are refused */
bool boxes_spent(void)
{
	return work > BOXES_WORK;
}

/* since it was asked last */
bool boxes_gave_up(void)
{
	bool r = gave_up;

	gave_up = false;
	return r;
}

static bool worked(long n)
{
	work += n;
	gave_up |= boxes_spent();
	return !boxes_spent();
}

void boxes_free(boxvec *v)
{
	free(v->v);
	*v = (boxvec){ 0 };
}

static bool put(boxvec *v, const struct box *b)
{
	if (v->n >= BOXES_MOST) {
		gave_up = true;
		return false;
	}
	if (v->n == v->cap) {
		v->cap = v->cap ? v->cap * 2 : 4;
		v->v = realloc(v->v, (size_t)v->cap * sizeof(*v->v));
		if (!v->v)
			no_memory();
	}
	v->v[v->n++] = *b;
	return true;
}

static struct box everything(int fam)
{
	u128 max = fam == 4 ? 0xffffffffu : ~(u128)0;

	return (struct box){ .fam = fam, .shi = max, .dhi = max, .phi = 255, .sph = 65535, .dph = 65535, .thi = 255 };
}

static u128 suffix_mask(const struct zonefw_addr *s)
{
	return load_be(s->hi, 16);
}

/* Has every address with suffix a suffix b? */
static bool suffix_has(const struct zonefw_addr *a, const struct zonefw_addr *b)
{
	u128 mask = suffix_mask(b);

	return a && !(mask & ~suffix_mask(a)) && (load_be(a->lo, 16) & mask) == load_be(b->lo, 16);
}

/* the longer of two, false: no address has both */
static bool suffix_join(const struct zonefw_addr *a, const struct zonefw_addr *b, const struct zonefw_addr **o)
{
	*o = a && (!b || suffix_mask(a) >= suffix_mask(b)) ? a : b;
	return !a || !b || suffix_has(*o, *o == a ? b : a);
}

/* from the first to the last address of a range that has the suffix; false: none has */
static bool suffix_fit(u128 *lo, u128 *hi, const struct zonefw_addr *s)
{
	u128 mask, a, b;

	if (!s)
		return *lo <= *hi;
	mask = suffix_mask(s);
	a = (*lo & ~mask) | load_be(s->lo, 16);
	b = (*hi & ~mask) | load_be(s->lo, 16);
	if (a < *lo && (a += mask + 1) <= mask)
		return false;
	if (b > *hi) {
		if (b <= mask)
			return false;
		b -= mask + 1;
	}
	*lo = a;
	*hi = b;
	return a <= b;
}

static bool lists_not(const struct rule *r, int pick)
{
	switch (pick) {
	case PICK_SRC: return r->flags & ZONEFW_RULE_NEG_SRC;
	case PICK_DST: return r->flags & ZONEFW_RULE_NEG_DST;
	case PICK_SPORT: return r->live.flags & ZONEFW_LIVE_NEG_SPORT;
	default: return r->live.flags & ZONEFW_LIVE_NEG_DPORT;
	}
}

static const addrvec *addrs_of(const struct rule *r, int pick)
{
	static const addrvec none;

	return pick == PICK_SRC ? &r->src : pick == PICK_DST ? &r->dst : &none;
}

static bool box_in(const struct box *b, int pick, const struct set *s)
{
	return b->in[0][pick] == s || b->in[1][pick] == s;
}

/* of the suffix: 1 all addresses of the box have it, -1 none has, 0 some have */
static int box_suffix(const struct box *b, int pick, const struct zonefw_addr *s)
{
	u128 lo = pick == PICK_SRC ? b->slo : b->dlo, hi = pick == PICK_SRC ? b->shi : b->dhi, first = lo;
	const struct zonefw_addr *has = pick == PICK_SRC ? b->ssfx : b->dsfx, *both;

	if (b->fam != s->family || !suffix_join(has, s, &both) || !suffix_fit(&lo, &hi, both))
		return -1;
	return first == (pick == PICK_SRC ? b->shi : b->dhi) || (has && suffix_has(has, s));
}

/* Is no packet of the box one of the rule's, as all have what its negated list has? */
static bool box_denied(const struct box *b, int pick, const struct rule *r)
{
	const addrvec *v = addrs_of(r, pick);

	for (int i = 0; i < r->live.set[pick].n; i++)
		if (box_in(b, pick, r->live.set[pick].v[i]))
			return true;
	for (int i = 0; i < v->n; i++)
		if (v->v[i].kind && box_suffix(b, pick, &v->v[i]) > 0)
			return true;
	return false;
}

/* false: no packet is in it */
static bool box_fit(struct box *b)
{
	if (!suffix_fit(&b->slo, &b->shi, b->ssfx) || !suffix_fit(&b->dlo, &b->dhi, b->dsfx))
		return false;
	for (int k = 0; k < 2 * PICKS; k++)
		if (b->not[k / PICKS][k % PICKS] && box_denied(b, k % PICKS, b->not[k / PICKS][k % PICKS]))
			return false;
	return true;
}

/* what is known of a box, to what is known of another */
static void known_join(struct box *o, const struct box *b)
{
	for (int k = 0; k < 2 * PICKS; k++) {
		int pick = k % PICKS;
		const struct set *s = b->in[k / PICKS][pick];
		const struct rule *r = b->not[k / PICKS][pick];

		if (s && !box_in(o, pick, s))
			o->in[o->in[0][pick] ? 1 : 0][pick] = s;
		if (r && o->not[0][pick] != r && o->not[1][pick] != r)
			o->not[o->not[0][pick] ? 1 : 0][pick] = r;
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
	if (!suffix_join(a->ssfx, b->ssfx, &o->ssfx) || !suffix_join(a->dsfx, b->dsfx, &o->dsfx))
		return false;
	memcpy(o->in, a->in, sizeof(o->in));
	memcpy(o->not, a->not, sizeof(o->not));
	known_join(o, b);
	return box_fit(o);
}

static bool lists_set(const struct rule *r, int pick, const struct set *s)
{
	for (int i = 0; r && i < r->live.set[pick].n; i++)
		if (r->live.set[pick].v[i] == s)
			return true;
	return false;
}

static bool lists_suffix(const struct rule *r, int pick, const struct zonefw_addr *s)
{
	for (int i = 0; r && i < addrs_of(r, pick)->n; i++)
		if (!memcmp(&addrs_of(r, pick)->v[i], s, sizeof(*s)))
			return true;
	return false;
}

/* Is all of the box known to meet the negated list of r? */
static bool meets_not(const struct box *a, int pick, const struct rule *r)
{
	const addrvec *v = addrs_of(r, pick);

	for (int i = 0; i < r->live.set[pick].n; i++) {
		const struct set *s = r->live.set[pick].v[i];

		if (!lists_set(a->not[0][pick], pick, s) && !lists_set(a->not[1][pick], pick, s))
			return false;
	}
	for (int i = 0; i < v->n; i++)
		if (v->v[i].kind && box_suffix(a, pick, &v->v[i]) >= 0 && !lists_suffix(a->not[0][pick], pick, &v->v[i]) &&
		    !lists_suffix(a->not[1][pick], pick, &v->v[i]))
			return false;
	return true;
}

/* both is what a and b have in common: how much of a that is in the ranges of it is in b? In set: in what sets hold. */
enum take box_takes(const struct box *a, const struct box *b, struct box *both)
{
	struct box c = *both;

	for (int k = 0; k < 2 * PICKS; k++) {
		const struct set *s = b->in[k / PICKS][k % PICKS];

		if (s && !box_in(a, k % PICKS, s))
			return TAKES_IN_SET;
	}
	if ((b->ssfx && c.slo != c.shi && box_suffix(a, PICK_SRC, b->ssfx) <= 0) ||
	    (b->dsfx && c.dlo != c.dhi && box_suffix(a, PICK_DST, b->dsfx) <= 0))
		return TAKES_SOME;
	memcpy(c.not, a->not, sizeof(c.not));
	c.ssfx = a->ssfx;
	c.dsfx = a->dsfx;
	for (int k = 0; k < 2 * PICKS; k++) {
		const struct rule *r = b->not[k / PICKS][k % PICKS];

		if (r && !meets_not(&c, k % PICKS, r))
			return TAKES_SOME;
	}
	return TAKES_ALL;
}

/* a without c, which is a part of it: at most twelve boxes */
static bool box_minus(struct box a, const struct box *c, boxvec *out)
{
	bool ok = true;

#define SHAVE(l, h) do {						\
		struct box x = a;					\
									\
		if (a.l < c->l) {					\
			x.h = c->l - 1;					\
			ok &= !box_fit(&x) || put(out, &x);		\
			x = a;						\
		}							\
		if (a.h > c->h) {					\
			x.l = c->h + 1;					\
			ok &= !box_fit(&x) || put(out, &x);		\
		}							\
		a.l = c->l;						\
		a.h = c->h;						\
	} while (0)
	SHAVE(slo, shi);
	SHAVE(dlo, dhi);
	SHAVE(plo, phi);
	SHAVE(spl, sph);
	SHAVE(dpl, dph);
	SHAVE(tlo, thi);
	return ok;
}

/* What cannot be taken off exactly stays. */
bool boxes_minus(boxvec *set, const boxvec *sub)
{
	struct box a, c;

	for (int i = 0; i < sub->n; i++) {
		if (!worked(set->n))
			return false;
		for (int j = set->n - 1; j >= 0; j--) {
			if (!box_cut(&set->v[j], &sub->v[i], &c) || box_takes(&set->v[j], &sub->v[i], &c) != TAKES_ALL)
				continue;
			a = set->v[j];
			set->v[j] = set->v[--set->n];
			if (!box_minus(a, &c, set))
				return false;
		}
	}
	return true;
}

/* What both have; the boxes may overlap. */
bool boxes_and(boxvec *set, const boxvec *with)
{
	boxvec out = { 0 };
	bool ok = true;
	struct box c;

	for (int i = 0; i < set->n && ok; i++) {
		ok = worked(with->n);
		for (int j = 0; j < with->n && ok; j++)
			if (box_cut(&set->v[i], &with->v[j], &c))
				ok = put(&out, &c);
	}
	boxes_free(set);
	*set = out;
	return ok;
}

static bool range_put(boxvec *v, bool neg, const struct box *b)
{
	return neg ? boxes_minus(v, &(boxvec){ (struct box *)b, 1, 1 }) : put(v, b);
}

static bool has_suffix(const addrvec *v)
{
	for (int i = 0; i < v->n; i++)
		if (v->v[i].kind)
			return true;
	return false;
}

/* One list: its elements, or what those leave that boxes know. */
static bool list_start(const struct rule *r, int pick, int fam, boxvec *v)
{
	struct box b = everything(fam);
	bool ok = true;

	if (lists_not(r, pick)) {
		b.not[0][pick] = r->live.set[pick].n || has_suffix(addrs_of(r, pick)) ? r : NULL;
		return put(v, &b);
	}
	for (int i = 0; i < r->live.set[pick].n && ok; i++) {
		b.in[0][pick] = r->live.set[pick].v[i];
		ok = put(v, &b);
	}
	return ok;
}

static bool addr_stage(const struct rule *r, int pick, int fam, boxvec *set)
{
	const addrvec *l = addrs_of(r, pick);
	bool neg = lists_not(r, pick), ok;
	boxvec v = { 0 };

	if (!l->n && !r->live.set[pick].n)
		return true;
	ok = list_start(r, pick, fam, &v);
	for (int i = 0; i < l->n && ok; i++) {
		const struct zonefw_addr *a = &l->v[i];
		struct box b = everything(fam);

		if (a->family != fam || (a->kind && neg))
			continue;
		if (a->kind)
			*(pick == PICK_SRC ? &b.ssfx : &b.dsfx) = a;
		else {
			*(pick == PICK_SRC ? &b.slo : &b.dlo) = load_be(a->lo, fam == 4 ? 4 : 16);
			*(pick == PICK_SRC ? &b.shi : &b.dhi) = load_be(a->hi, fam == 4 ? 4 : 16);
		}
		ok = !box_fit(&b) || range_put(&v, neg, &b);
	}
	ok = ok && boxes_and(set, &v);
	boxes_free(&v);
	return ok;
}

/* only a list with sets: others are in the boxes of protocol and ports */
static bool port_stage(const struct rule *r, int pick, int fam, boxvec *set)
{
	const prvec *l = &r->live.port[pick];
	boxvec v = { 0 };
	bool ok;

	if (!r->live.set[pick].n)
		return true;
	ok = list_start(r, pick, fam, &v);
	for (int i = 0; i < l->n && ok; i++) {
		struct box b = everything(fam);

		*(pick == PICK_SPORT ? &b.spl : &b.dpl) = l->v[i].lo;
		*(pick == PICK_SPORT ? &b.sph : &b.dph) = l->v[i].hi;
		ok = range_put(&v, lists_not(r, pick), &b);
	}
	ok = ok && boxes_and(set, &v);
	boxes_free(&v);
	return ok;
}

static bool l4_stage(const struct rule *r, int fam, boxvec *set)
{
	boxvec v = { 0 };
	bool ok = true;

	for (int i = 0; i < r->l4.n && ok; i++) {
		const struct zonefw_l4 *l = &r->l4.v[i];
		struct box b = everything(fam);

		if (l->flags & ZONEFW_L4_F_PROTO)
			b.plo = b.phi = l->proto;
		if (l->flags & ZONEFW_L4_F_PORTS) {
			b.spl = l->sport_lo;
			b.sph = l->sport_hi;
			b.dpl = l->dport_lo;
			b.dph = l->dport_hi;
		}
		if (l->flags & ZONEFW_L4_F_TYPE) {
			b.tlo = l->type_lo;
			b.thi = l->type_hi;
		}
		ok = put(&v, &b);
	}
	ok = ok && (!r->l4.n || boxes_and(set, &v));
	boxes_free(&v);
	return ok;
}

bool rule_boxes(const struct rule *r, boxvec *out)
{
	bool ok = true;

	for (int fam = 4; fam <= 6 && ok; fam += 2) {
		struct box all = everything(fam);
		boxvec set = { 0 };

		if (r->family && r->family != fam)
			continue;
		ok = worked(20) && put(&set, &all) && addr_stage(r, PICK_SRC, fam, &set) &&
		     addr_stage(r, PICK_DST, fam, &set) && l4_stage(r, fam, &set) &&
		     port_stage(r, PICK_SPORT, fam, &set) && port_stage(r, PICK_DPORT, fam, &set);
		for (int i = 0; i < set.n && ok; i++)
			ok = put(out, &set.v[i]);
		boxes_free(&set);
	}
	return ok;
}

/* Are all boxes of b surely in those of a? */
bool rule_boxes_in(const struct rule *a, const struct rule *b)
{
	boxvec x = { 0 }, y = { 0 };
	bool all = rule_boxes(a, &x) && rule_boxes(b, &y) && boxes_minus(&y, &x) && !y.n;

	boxes_free(&x);
	boxes_free(&y);
	return all;
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

/* Do the boxes of a rule hold its packets and no others? */
bool rule_exact(const struct rule *r)
{
	for (int i = 0; i < PICKS; i++)
		if (r->live.set[i].n)
			return false;
	return !r->inexact && !has_suffix(&r->src) && !has_suffix(&r->dst);
}
