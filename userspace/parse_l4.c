// SPDX-License-Identifier: GPL-2.0
/* Protocols, ports and ICMP types of one rule, brought to the kernel's boxes. */
#include "ruleparse.h"

#include <stdlib.h>

static int range_cmp(const void *a, const void *b)
{
	const struct prange *x = a, *y = b;

	return x->lo != y->lo ? (x->lo < y->lo ? -1 : 1) : x->hi - y->hi;
}

void ranges_negate(prvec *v)
{
	prvec out = { 0 };
	int at = 0;

	if (v->n)	/* qsort() wants a pointer, also for nothing */
		qsort(v->v, v->n, sizeof(*v->v), range_cmp);
	for (int i = 0; i < v->n; i++) {
		if (v->v[i].lo > at)
			PUSH(out, ((struct prange){ (uint16_t)at, (uint16_t)(v->v[i].lo - 1), NULL }));
		if (v->v[i].hi + 1 > at)
			at = v->v[i].hi + 1;
	}
	if (at <= 65535)
		PUSH(out, ((struct prange){ (uint16_t)at, 65535, NULL }));
	*v = out;
}

static void side(l4vec *out, struct zonefw_l4 b, unsigned field, int lo, int hi)
{
	if (lo > hi)
		return;
	if (field == 0) {
		b.type_lo = (uint8_t)lo;
		b.type_hi = (uint8_t)hi;
	} else if (field == 1) {
		b.sport_lo = (uint16_t)lo;
		b.sport_hi = (uint16_t)hi;
	} else {
		b.dport_lo = (uint16_t)lo;
		b.dport_hi = (uint16_t)hi;
	}
	b.flags |= field ? ZONEFW_L4_F_PORTS : ZONEFW_L4_F_TYPE;
	PUSH(*out, b);
}

/* what box b leaves of box c; both are of one protocol */
static void leave(l4vec *out, const struct zonefw_l4 *c, const struct zonefw_l4 *b)
{
	struct zonefw_l4 rest = *c;

	if (b->flags & ZONEFW_L4_F_TYPE) {
		side(out, rest, 0, c->type_lo, b->type_lo - 1 < c->type_hi ? b->type_lo - 1 : c->type_hi);
		side(out, rest, 0, b->type_hi + 1 > c->type_lo ? b->type_hi + 1 : c->type_lo, c->type_hi);
		return;
	}
	if (!(b->flags & ZONEFW_L4_F_PORTS))
		return;
	side(out, rest, 1, c->sport_lo, b->sport_lo - 1 < c->sport_hi ? b->sport_lo - 1 : c->sport_hi);
	side(out, rest, 1, b->sport_hi + 1 > c->sport_lo ? b->sport_hi + 1 : c->sport_lo, c->sport_hi);
	if (b->sport_lo > c->sport_hi || b->sport_hi < c->sport_lo)
		return;
	rest.sport_lo = b->sport_lo > c->sport_lo ? b->sport_lo : c->sport_lo;
	rest.sport_hi = b->sport_hi < c->sport_hi ? b->sport_hi : c->sport_hi;
	side(out, rest, 2, c->dport_lo, b->dport_lo - 1 < c->dport_hi ? b->dport_lo - 1 : c->dport_hi);
	side(out, rest, 2, b->dport_hi + 1 > c->dport_lo ? b->dport_hi + 1 : c->dport_lo, c->dport_hi);
}

/* what the listed boxes leave of all protocols */
static void negate_services(struct l4state *st)
{
	l4vec out = { 0 };

	for (int proto = 0; proto < 256; proto++) {
		l4vec left = { 0 };

		PUSH(left, l4_full(proto));
		for (int i = 0; i < st->base.n; i++) {
			l4vec next = { 0 };

			for (int k = 0; k < left.n && st->base.v[i].proto == proto; k++)
				leave(&next, &left.v[k], &st->base.v[i]);
			if (st->base.v[i].proto == proto)
				left = next;
		}
		for (int k = 0; k < left.n; k++)
			PUSH(out, left.v[k]);
	}
	st->base = out;
}

static void cross_ports(struct l4state *st, bool src)
{
	prvec *pr = src ? &st->sport : &st->dport;
	l4vec out = { 0 };

	for (int i = 0; i < st->base.n; i++) {
		for (int j = 0; j < pr->n; j++) {
			struct zonefw_l4 b = st->base.v[i];
			uint16_t *lo = src ? &b.sport_lo : &b.dport_lo, *hi = src ? &b.sport_hi : &b.dport_hi;

			if (b.flags & ZONEFW_L4_F_TYPE || !strchr("\x06\x11\x84\x21\x88", b.proto) || !b.proto)
				continue;
			if (pr->v[j].lo > *lo)
				*lo = pr->v[j].lo;
			if (pr->v[j].hi < *hi)
				*hi = pr->v[j].hi;
			b.flags |= ZONEFW_L4_F_PORTS;
			if (*lo <= *hi)
				PUSH(out, b);
		}
	}
	st->base = out;
}

static void type_ranges(struct l4state *st, int proto, prvec *out)
{
	for (int i = 0; i < st->types.n; i++) {
		int v = icmp_type(proto, st->types.v[i].s);

		if (v >= 0)
			PUSH(*out, ((struct prange){ (uint16_t)v, (uint16_t)v, NULL }));
	}
	if (st->neg_type)
		ranges_negate(out);
}

static void cross_types(struct l4state *st)
{
	l4vec out = { 0 };

	for (int i = 0; i < st->base.n; i++) {
		prvec v = { 0 };

		if (st->base.v[i].proto != 1 && st->base.v[i].proto != 58)
			continue;
		type_ranges(st, st->base.v[i].proto, &v);
		for (int j = 0; j < v.n; j++) {
			struct zonefw_l4 b = st->base.v[i];

			if (v.v[j].lo > b.type_hi || v.v[j].hi < b.type_lo)
				continue;
			b.flags |= ZONEFW_L4_F_TYPE;
			b.type_lo = v.v[j].lo > b.type_lo ? (uint8_t)v.v[j].lo : b.type_lo;
			b.type_hi = v.v[j].hi < b.type_hi ? (uint8_t)v.v[j].hi : b.type_hi;
			PUSH(out, b);
		}
	}
	st->base = out;
}

bool l4_finish(struct parser *p, struct rule *r, struct l4state *st)
{
	bool sets = (r->cl[CL_SPORT] && strchr(r->cl[CL_SPORT], '@')) ||
		    (r->cl[CL_DPORT] && strchr(r->cl[CL_DPORT], '@'));

	if (st->neg_svc)
		negate_services(st);
	if (!st->have && (st->have_sport || st->have_dport)) {
		PUSH(st->base, l4_full(6));
		PUSH(st->base, l4_full(17));
		PUSH(st->base, l4_full(132));
	} else if (!st->have && st->have_type) {
		PUSH(st->base, l4_full(1));
		PUSH(st->base, l4_full(58));
	}
	if (st->have_sport && st->sport.n)
		cross_ports(st, true);
	if (st->have_dport && st->dport.n)
		cross_ports(st, false);
	if (st->have_type)
		cross_types(st);
	r->inexact |= sets;
	r->l4 = st->base;
	if ((st->have || st->have_sport || st->have_dport || st->have_type) && !st->base.n) {
		err_at(p->m, r->pos, "no packet has this protocol together with these ports or types");
		return false;
	}
	if (st->base.n > ZONEFW_LIST_MAX) {
		err_at(p->m, r->pos, "more than %d combinations of protocol and ports in one rule", ZONEFW_LIST_MAX);
		return false;
	}
	return true;
}
