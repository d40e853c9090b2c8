// SPDX-License-Identifier: GPL-2.0
/*
 * The proof of `assert never`: for each rule that accepts, and for a default
 * that does, what it has in common with the assertion's packets, without what
 * the exceptions and the rules before it surely take. Nothing left: it holds.
 *
 * Surely: all that is asked for is known of the packet, by its box or because
 * the assertion's match and the rule ask for it, too (facts_tell()). What may be
 * taken or not stays. Then a packet is looked for that surely gets through.
 */
#include "box.h"

#define TRIES	16	/* boxes of what is left that are asked for a packet */

static bool refuses(const struct rule *r)
{
	return r->action == ZONEFW_DROP || r->action == ZONEFW_REJECT;
}

/* What comes from this router has no ingress device, what goes to it no egress device. */
static bool never_matches(const struct never *n, const struct rule *r)
{
	return (n->f == &n->m->self && (r->in.n || r->mac.n)) || (n->t == &n->m->self && r->out.n);
}

/* Rules that go on may put the packet into a set after this rule has asked for it. */
static bool filled_later(const struct rule *r)
{
	for (int k = 0; k < PICKS; k++)
		for (int i = 0; i < r->live.set[k].n; i++)
			if (r->live.set[k].v[i]->filled)
				return true;
	return false;
}

/* a zone with nets holds no other address */
static bool nets_cut(boxvec *set, const struct zone *z, bool src)
{
	addrvec v = { 0 };
	struct rule r = { 0 };
	boxvec by = { 0 };
	bool ok;

	for (int i = 0; i < z->nets.n; i++) {
		const struct zonefw_net *n = &z->nets.v[i];
		int bits = n->family == 4 ? 32 : 128, len = bits / 8;
		u128 lo = load_be(n->addr, len);
		u128 host = bits - n->len >= 128 ? ~(u128)0 : ((u128)1 << (bits - n->len)) - 1;
		struct zonefw_addr a = { .family = n->family };

		store_be(a.lo, len, lo);
		store_be(a.hi, len, lo | host);
		PUSH(v, a);
	}
	*(src ? &r.src : &r.dst) = v;
	ok = !v.n || (rule_boxes(&r, &by) && boxes_and(set, &by));
	boxes_free(&by);
	return ok;
}

/* the packets of the assertion between the two zones */
static bool asserted(const struct never *n, boxvec *set)
{
	return rule_boxes(n->a->match, set) && nets_cut(set, n->f, true) && nets_cut(set, n->t, false);
}

static bool take_off(boxvec *left, const struct facts *f, const struct rule *r)
{
	boxvec b = { 0 };
	bool ok = !left->n || facts_tell(f, r) != 1 || (rule_boxes(r, &b) && boxes_minus(left, &b));

	boxes_free(&b);
	return ok;
}

/* One packet: how many rules may take it or not; how many of their boxes because a set may have it, or may not */
struct doubt { int rules, sets, not_sets; };

/* false: the rule takes it, or may do so in spite of all */
static bool may_pass(const struct facts *f, const struct box *p, const struct rule *r, struct doubt *d)
{
	int knows = facts_tell(f, r);
	bool pass, doubted = false;
	boxvec b = { 0 };
	struct box o;

	if (knows < 0)
		return true;
	pass = rule_boxes(r, &b);
	for (int i = 0; i < b.n && pass; i++) {
		enum take take;

		if (!box_cut(p, &b.v[i], &o))
			continue;
		take = box_takes(p, &b.v[i], &o);
		d->sets += take == TAKES_IN_SET;
		d->not_sets += take == TAKES_SOME;
		doubted |= take != TAKES_IN_SET;
		pass = take != TAKES_ALL || !knows;
	}
	boxes_free(&b);
	d->rules += doubted && !r->live.rate && !r->live.has_conns && !r->live.expires;
	return pass && !(refuses(r) && doubted && filled_later(r));
}

/* Does the packet at a corner of the box surely get to the rule? */
static bool gets_through(struct never *n, const struct facts *f, struct box p, int end)
{
	struct pkt k = box_packet(&p);
	struct doubt d = { 0 };
	struct box same;
	bool pass = true;

	p.shi = p.slo;
	p.dhi = p.dlo;
	p.plo = p.phi = k.proto;
	if (k.dport >= 0) {
		p.spl = p.sph = k.sport;
		p.dph = p.dpl;
	}
	p.thi = p.tlo;
	n->pkt = k;
	if (!box_cut(&p, &p, &same))
		return false;	/* what its own negated lists leave out */
	for (int i = 0; i < n->a->except.n && pass; i++)
		pass = may_pass(f, &p, n->a->except.v[i], &d);
	for (int i = 0; i < end && pass; i++) {
		struct rule *r = n->m->rules.v[i];

		if (refuses(r) && rule_between(n->m, r, n->f, n->t))
			pass = may_pass(f, &p, r, &d);
	}
	if (!pass || d.rules > 1 || (d.not_sets && d.sets))
		return false;
	return !f->r[1] || rule_exact(f->r[0]) || rule_exact(f->r[1]) || (!d.rules && !facts_vague(f->r[0], f->r[1]));
}

static enum proof witness(struct never *n, const struct facts *f, const boxvec *left, int end)
{
	for (int i = 0; i < left->n && i < TRIES; i++) {
		struct box b = left->v[i];

		if (gets_through(n, f, b, end))
			return FAILS;
		b.slo = b.shi;
		b.dlo = b.dhi;
		b.dpl = b.dph;
		b.tlo = b.thi;
		if (gets_through(n, f, b, end))
			return FAILS;
	}
	n->pkt = box_packet(&left->v[0]);
	return UNSURE;
}

/* What gets to the rule of that index, or to the default, and is accepted by it: r, NULL for the default */
static enum proof passes(struct never *n, const boxvec *all, int end, const struct rule *r)
{
	struct facts f = { { n->a->match, r } };
	boxvec left = { 0 };
	enum proof res = HOLDS;
	bool ok;

	if (r && (never_matches(n, r) || (facts_tell(&(struct facts){ { n->a->match } }, r) < 0)))
		return HOLDS;
	ok = rule_boxes(r ? r : &(struct rule){ 0 }, &left) && boxes_and(&left, all);
	for (int i = 0; i < n->a->except.n && ok; i++)
		ok = take_off(&left, &f, n->a->except.v[i]);
	for (int i = 0; i < end && left.n && ok; i++) {
		struct rule *d = n->m->rules.v[i];

		if (refuses(d) && rule_between(n->m, d, n->f, n->t) && !filled_later(d))
			ok = take_off(&left, &f, d);
	}
	if (!ok)
		res = TOO_LARGE;
	else if (left.n)
		res = witness(n, &f, &left, end);
	boxes_free(&left);
	return res;
}

/* Is no packet of the assertion accepted between the two zones? If one is, it is in pkt and what accepts it in by. */
enum proof prove_never(struct never *n)
{
	enum proof res = HOLDS;
	boxvec all = { 0 };
	uint8_t action;

	n->by = NULL;
	if (never_matches(n, n->a->match))
		return HOLDS;
	if (!asserted(n, &all))
		res = TOO_LARGE;
	for (int i = 0; i < n->m->rules.n && res == HOLDS; i++) {
		struct rule *r = n->m->rules.v[i];

		if (refuses(r) || r->action == ZONEFW_CONTINUE || r->action == ZONEFW_SNAT ||
		    !rule_between(n->m, r, n->f, n->t))
			continue;
		res = passes(n, &all, i, rule_behind_nat(r));
		if (res != HOLDS)
			n->by = r;
	}
	cell_default(n->m, n->f, n->t, &action);
	if (res == HOLDS && action == ZONEFW_ACCEPT)
		res = passes(n, &all, n->m->rules.n, NULL);
	boxes_free(&all);
	return res;
}
