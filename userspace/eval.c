// SPDX-License-Identifier: GPL-2.0
/*
 * What a policy does, worked out in userspace: one packet through the rules
 * one by one. What it does to all packets of an assertion is in prove.c.
 */
#include "box.h"

char *pkt_text(const struct pkt *k)
{
	struct sbuf b = { 0 };

	sb_fmt(&b, "%s src %s", proto_name(k->proto), fmt_ip(k->family, k->src));
	if (k->sport >= 0)
		sb_fmt(&b, " sport %d", k->sport);
	sb_fmt(&b, " dst %s", fmt_ip(k->family, k->dst));
	if (k->dport >= 0)
		sb_fmt(&b, " dport %d", k->dport);
	if (k->type >= 0)
		sb_fmt(&b, " type %d", k->type);
	return sb_str(&b);
}

static bool addr_match(const addrvec *v, bool neg, int fam, u128 x)
{
	int len = fam == 4 ? 4 : 16;
	bool hit = false;

	if (!v->n)
		return true;
	for (int i = 0; i < v->n && !hit; i++) {
		u128 lo = load_be(v->v[i].lo, len), hi = load_be(v->v[i].hi, len);

		if (v->v[i].family == fam)
			hit = v->v[i].kind ? (x & hi) == lo : lo <= x && x <= hi;
	}
	return hit != neg;
}

static bool l4_match(const struct zonefw_l4 *b, const struct pkt *k)
{
	if (b->flags & ZONEFW_L4_F_PROTO && b->proto != k->proto)
		return false;
	if (b->flags & ZONEFW_L4_F_PORTS &&
	    ((k->sport < 0 && (b->sport_lo || b->sport_hi != 65535)) || (k->sport >= 0 &&
	     (k->sport < b->sport_lo || k->sport > b->sport_hi)) ||
	     k->dport < b->dport_lo || k->dport > b->dport_hi))
		return false;
	return !(b->flags & ZONEFW_L4_F_TYPE) || (k->type >= b->type_lo && k->type <= b->type_hi);
}

static bool dev_match(const strvec *v, bool neg, const char *dev)
{
	bool hit = false;

	for (int i = 0; dev && i < v->n; i++)
		hit |= glob_match(v->v[i], dev);
	return !v->n || hit != neg;
}

/* by the members that the policy's text names */
static bool in_sets(const setvec *v, int fam, u128 x)
{
	for (int i = 0; i < v->n; i++)
		if (set_has(v->v[i], fam, x))
			return true;
	return false;
}

static bool live_addr_match(const struct rule *r, int pick, const addrvec *v, const struct pkt *k)
{
	bool neg = r->flags & (pick == PICK_SRC ? ZONEFW_RULE_NEG_SRC : ZONEFW_RULE_NEG_DST);
	u128 x = pick == PICK_SRC ? k->src : k->dst;

	if (in_sets(&r->live.set[pick], k->family, x))
		return !neg;
	if (r->live.set[pick].n && !v->n)
		return neg;
	return addr_match(v, neg, k->family, x);
}

static bool live_port_match(const struct rule *r, int pick, int port)
{
	bool neg = r->live.flags & (pick == PICK_SPORT ? ZONEFW_LIVE_NEG_SPORT : ZONEFW_LIVE_NEG_DPORT);
	const prvec *p = &r->live.port[pick];

	if (!r->live.set[pick].n || port < 0)
		return !r->live.set[pick].n;
	for (int i = 0; i < p->n; i++)
		if (p->v[i].lo <= port && port <= p->v[i].hi)
			return !neg;
	return in_sets(&r->live.set[pick], 0, (u128)port) != neg;
}

static bool rule_match(const struct rule *r, const struct pkt *k)
{
	bool hit = !r->l4.n;

	if ((r->family && r->family != k->family) || r->mac.n || r->has_mark || r->has_dscp)
		return false;
	for (int i = 0; i < r->l4.n && !hit; i++)
		hit = l4_match(&r->l4.v[i], k);
	return hit && live_addr_match(r, PICK_SRC, &r->src, k) && live_addr_match(r, PICK_DST, &r->dst, k) &&
	       live_port_match(r, PICK_SPORT, k->sport) && live_port_match(r, PICK_DPORT, k->dport) &&
	       dev_match(&r->in, r->flags & ZONEFW_RULE_NEG_IN, k->in) &&
	       dev_match(&r->out, r->flags & ZONEFW_RULE_NEG_OUT, k->out);
}

struct verdict eval_packet(struct model *m, struct zone *f, struct zone *t, const struct pkt *k)
{
	struct verdict v = { 0 };
	uint8_t action;

	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];

		/* the packet is one that nobody translates: what publish does is no answer to it */
		if (r->action == ZONEFW_CONTINUE || r->action >= ZONEFW_PUBLISH || (m->timed_off && r->live.timed) ||
		    !zone_covers(m, &r->from, f) ||
		    !zone_covers(m, &r->to, t) || !rule_match(r, k))
			continue;
		v.action = r->action;
		v.arg = r->arg;
		v.rule = r;
		return v;
	}
	v.cell = cell_default(m, f, t, &action);
	v.action = action;
	v.arg = v.cell ? v.cell->arg : 0;
	return v;
}

static bool never(struct model *m, struct assertion *a, struct zone *f, struct zone *t)
{
	struct never n = { .m = m, .a = a, .f = f, .t = t };
	enum proof res = prove_never(&n);
	char *what, *sent;

	if (res == HOLDS)
		return true;
	if (res == TOO_LARGE) {
		err_at(m, a->pos, "assertion is too large to be proved for %s -> %s: lists fall into too many combinations",
		       f->name, t->name);
		return false;
	}
	sent = n.by ? nat_sent_to(n.by, &n.pkt) : NULL;
	what = n.by ? xfmt("'%s' (%s)%s%s", n.by->text, n.by->where, sent ? " when it was sent to " : "", sent ? sent : "") :
		      "the default";
	if (res == FAILS)
		err_at(m, a->pos, "assertion fails for %s -> %s: %s is accepted by %s", f->name, t->name, pkt_text(&n.pkt), what);
	else
		err_at(m, a->pos, "assertion cannot be proved for %s -> %s: %s may be accepted by %s", f->name, t->name,
		       pkt_text(&n.pkt), what);
	return false;
}

/* while rules that hold at times hold, and while they do not */
static void point(struct model *m, struct assertion *a, struct zone *f, struct zone *t)
{
	struct verdict v = eval_packet(m, f, t, &a->pkt);

	if (v.action == a->verdict) {
		m->timed_off = true;
		v = eval_packet(m, f, t, &a->pkt);
		m->timed_off = false;
	}
	if (v.action == a->verdict)
		return;
	if (v.rule)
		err_at(m, a->pos, "assertion fails for %s -> %s: %s gets '%s' from '%s' (%s)", f->name, t->name,
		       pkt_text(&a->pkt), action_words[v.action], v.rule->text, v.rule->where);
	else
		err_at(m, a->pos, "assertion fails for %s -> %s: %s gets '%s' from the default", f->name, t->name,
		       pkt_text(&a->pkt), action_words[v.action]);
}

void eval_asserts(struct model *m)
{
	int nz = m->zones.n;

	nat_conflicts(m);
	boxes_begin();
	for (int i = 0; i < m->asserts.n; i++) {
		struct assertion *a = m->asserts.v[i];
		bool ok = true;

		for (int f = -1; f < nz && ok; f++) {
			struct zone *zf = zone_or_self(m, f);

			for (int t = -1; t < nz && ok && zone_covers(m, &a->from, zf); t++) {
				struct zone *zt = zone_or_self(m, t);

				if (!zone_covers(m, &a->to, zt))
					continue;
				if (a->verdict < 0)
					ok = never(m, a, zf, zt);
				else
					point(m, a, zf, zt);
			}
		}
	}
}
