// SPDX-License-Identifier: GPL-2.0
/* Which rules leave nothing of another. */
#include "box.h"

#define CELLS_MOST	64

/* For each rule the box around its boxes; of one that has too many of them all packets. */
struct hull *rule_hulls(struct model *m)
{
	struct hull *h = xalloc(sizeof(*h) * (m->rules.n + 1));
	boxvec v = { 0 };

#define WIDEN(l, h) do {						\
		to->l = b->l < to->l ? b->l : to->l;			\
		to->h = b->h > to->h ? b->h : to->h;			\
	} while (0)
	for (int i = 0; i < m->rules.n; i++) {
		v.n = 0;
		if (!rule_boxes(m->rules.v[i], &v)) {
			v.n = 0;
			rule_boxes(&(struct rule){ 0 }, &v);
		}
		for (int k = 0; k < v.n; k++) {
			const struct box *b = &v.v[k];
			struct box *to = &h[i].b[b->fam == 6];

			if (!h[i].any[b->fam == 6])
				*to = *b;
			h[i].any[b->fam == 6] = true;
			to->ssfx = to->dsfx = NULL;
			WIDEN(slo, shi);
			WIDEN(dlo, dhi);
			WIDEN(plo, phi);
			WIDEN(spl, sph);
			WIDEN(dpl, dph);
			WIDEN(tlo, thi);
		}
	}
	boxes_free(&v);
	return h;
}

static bool hulls_meet(const struct hull *a, const struct hull *b)
{
	struct box o;

	for (int i = 0; i < 2; i++)
		if (a->any[i] && b->any[i] && box_cut(&a->b[i], &b->b[i], &o))
			return true;
	return false;
}

static bool zones_superset(struct model *m, const zrefvec *a, const zrefvec *b)
{
	for (int i = 0; i < b->n; i++)
		if (b->v[i].z == &m->any ? !zone_covers(m, a, &m->any) : !zone_covers(m, a, b->v[i].z))
			return false;
	return true;
}

static bool rule_decides(const struct rule *r)
{
	return r->action != ZONEFW_CONTINUE && r->action < ZONEFW_PUBLISH && rule_exact(r);
}

/* Does the a-th decide whatever the b-th matches? */
bool rule_covers(struct model *m, const struct hull *h, int a, int b)
{
	const struct rule *r = m->rules.v[a], *s = m->rules.v[b];

	return rule_decides(r) && hulls_meet(&h[a], &h[b]) && zones_superset(m, &r->from, &s->from) &&
	       zones_superset(m, &r->to, &s->to) && rule_boxes_in(r, s);
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
static bool cell_leaves(struct model *m, const struct hull *h, int i, const struct zone *z[2], intvec *by)
{
	boxvec left = { 0 }, b = { 0 };
	bool ok = rule_boxes(m->rules.v[i], &left);
	int n;

	for (int j = 0; j < i && left.n && ok; j++) {
		const struct rule *r = m->rules.v[j];

		if (!rule_decides(r) || !hulls_meet(&h[i], &h[j]) || !zone_covers(m, &r->from, z[0]) ||
		    !zone_covers(m, &r->to, z[1]))
			continue;
		b.n = 0;
		ok = rule_boxes(r, &b);
		if (!ok || !boxes_meet(&left, &b))
			continue;
		ok = boxes_minus(&left, &b);
		PUSH(*by, j);
	}
	n = left.n;
	boxes_free(&left);
	boxes_free(&b);
	return n || !ok;
}

/*
 * Do the rules before the i-th together leave nothing of it? Those that take part are put into by. A rule of many
 * cells is not looked into: no warning is given then.
 */
bool rule_unreachable(struct model *m, const struct hull *h, int i, intvec *by)
{
	const struct rule *r = m->rules.v[i];
	int cells = 0;

	for (int f = -1; f < m->zones.n; f++) {
		const struct zone *z[2] = { zone_or_self(m, f) };

		for (int t = -1; t < m->zones.n && zone_covers(m, &r->from, z[0]); t++) {
			z[1] = zone_or_self(m, t);
			if (!zone_covers(m, &r->to, z[1]))
				continue;
			if (++cells > CELLS_MOST || cell_leaves(m, h, i, z, by))
				return false;
		}
	}
	return cells > 0;
}
