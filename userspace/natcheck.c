// SPDX-License-Identifier: GPL-2.0
/* What translating rules mean for proofs, and where two of them contradict each other. */
#include "box.h"

static bool lets_some_pass(const struct rule *r)
{
	return r->action == ZONEFW_ACCEPT || r->action == ZONEFW_QUEUE || r->action == ZONEFW_PUBLISH;
}

static bool reaches(struct model *m, struct zone *f, struct zone *t)
{
	uint8_t action;

	for (int i = 0; i < m->rules.n; i++)
		if (lets_some_pass(m->rules.v[i]) && zone_covers(m, &m->rules.v[i]->from, f) &&
		    zone_covers(m, &m->rules.v[i]->to, t))
			return true;
	cell_default(m, f, t, &action);
	return action == ZONEFW_ACCEPT;
}

/* Does the rule stand in the cell? A redirect leads to self, a hairpin adds zones to FROM. */
bool rule_between(struct model *m, const struct rule *r, struct zone *f, struct zone *t)
{
	if (r->action == ZONEFW_REDIRECT ? t != &m->self : !zone_covers(m, &r->to, t))
		return false;
	if (zone_covers(m, &r->from, f))
		return true;
	if (r->action != ZONEFW_PUBLISH || !r->cl[CL_HAIRPIN])
		return false;
	return zone_covers(m, &r->to, f) ||
	       (r->hairpin.n ? zone_covers(m, &r->hairpin, f) : reaches(m, f, t));
}

static uint16_t port_of(const struct zonefw_nat *n, const struct zonefw_l4 *b, uint16_t port)
{
	if (!(n->flags & ZONEFW_NAT_PORT))
		return port;
	return n->port_lo == n->port_hi ? n->port_lo : (uint16_t)(n->port_lo + (port - b->dport_lo));
}

/* The packets that a rule decides on, behind destination NAT: an accept in their place */
struct rule *rule_behind_nat(struct rule *r)
{
	struct rule *e;

	if (r->action != ZONEFW_PUBLISH && r->action != ZONEFW_REDIRECT)
		return r;
	e = xalloc(sizeof(*e));
	*e = *r;
	e->dst = (addrvec){ 0 };
	e->l4 = (l4vec){ 0 };
	e->flags &= ~ZONEFW_RULE_NEG_DST;
	e->live.set[PICK_DST].n = e->live.set[PICK_DPORT].n = 0;	/* of the packet as it came */
	for (int i = 0; i < r->nat.n && r->nat.v[i].family; i++) {
		struct zonefw_addr a = { .family = r->nat.v[i].family };

		memcpy(a.lo, r->nat.v[i].addr, 16);
		memcpy(a.hi, r->nat.v[i].addr, 16);
		PUSH(e->dst, a);
	}
	for (int i = 0; i < r->l4.n; i++) {
		struct zonefw_l4 b = r->l4.v[i];

		b.dport_lo = port_of(&r->nat.v[0], &r->l4.v[i], r->l4.v[i].dport_lo);
		b.dport_hi = port_of(&r->nat.v[0], &r->l4.v[i], r->l4.v[i].dport_hi);
		PUSH(e->l4, b);
	}
	return e;
}

/* Where a packet that a publish or redirect lets in was sent to, in the words of explain; NULL for other rules. */
char *nat_sent_to(const struct rule *r, const struct pkt *k)
{
	const char *where = "this router";

	if (r->action != ZONEFW_PUBLISH && r->action != ZONEFW_REDIRECT)
		return NULL;
	for (int i = r->on.n - 1; i >= 0; i--)
		if (r->on.v[i].family == k->family)
			where = fmt_ip(k->family, load_be(r->on.v[i].lo, k->family == 4 ? 4 : 16));
	for (int i = 0; i < r->l4.n; i++) {
		const struct zonefw_l4 *b = &r->l4.v[i];
		int lo = port_of(&r->nat.v[0], b, b->dport_lo), hi = port_of(&r->nat.v[0], b, b->dport_hi);

		if (k->dport >= lo && k->dport <= hi)
			return xfmt("dst %s dport %d", where, b->dport_lo == b->dport_hi ? b->dport_lo : b->dport_lo + k->dport - lo);
	}
	return xfmt("dst %s", where);
}

static bool zones_meet(struct model *m, const zrefvec *a, const zrefvec *b)
{
	if (zone_covers(m, a, &m->self) && zone_covers(m, b, &m->self))
		return true;
	for (int i = 0; i < m->zones.n; i++)
		if (zone_covers(m, a, m->zones.v[i]) && zone_covers(m, b, m->zones.v[i]))
			return true;
	return false;
}

static bool ports_meet(const struct zonefw_l4 *a, const struct zonefw_l4 *b)
{
	if (a->flags & b->flags & ZONEFW_L4_F_PROTO && a->proto != b->proto)
		return false;
	if (a->flags & b->flags & ZONEFW_L4_F_TYPE && (a->type_lo > b->type_hi || b->type_lo > a->type_hi))
		return false;
	if (!(a->flags & b->flags & ZONEFW_L4_F_PORTS))
		return true;
	return a->dport_lo <= b->dport_hi && b->dport_lo <= a->dport_hi &&
	       a->sport_lo <= b->sport_hi && b->sport_lo <= a->sport_hi;
}

static bool l4_meet(const struct rule *a, const struct rule *b)
{
	for (int i = 0; i < a->l4.n; i++)
		for (int j = 0; j < b->l4.n; j++)
			if (ports_meet(&a->l4.v[i], &b->l4.v[j]))
				return true;
	return !a->l4.n || !b->l4.n;
}

enum meet { APART, MAY_MEET, MEET };

static bool addr_meet(const struct zonefw_addr *x, const struct zonefw_addr *y)
{
	if (x->family != y->family || x->kind == KIND_SET || y->kind == KIND_SET || (x->kind && y->kind))
		return !memcmp(x, y, sizeof(*x));
	if (x->kind)
		return addr_meet(y, x);
	if (!y->kind)
		return memcmp(x->lo, y->hi, 16) <= 0 && memcmp(y->lo, x->hi, 16) <= 0;
	return !memcmp(x->lo, x->hi, 16) && (load_be(x->lo, 16) & load_be(y->hi, 16)) == load_be(y->lo, 16);
}

/* Is the second published on an address of the first? Without 'on' that is one of this router, which is not known here. */
static enum meet on_meet(const addrvec *a, const addrvec *b)
{
	for (int i = 0; i < a->n; i++)
		for (int j = 0; j < b->n; j++)
			if (addr_meet(&a->v[i], &b->v[j]))
				return MEET;
	return a->n ? APART : b->n ? MAY_MEET : MEET;
}

static bool family_meet(const struct rule *a, const struct rule *b)
{
	for (int i = 0; i < a->nat.n; i++)
		for (int j = 0; j < b->nat.n; j++)
			if (!a->nat.v[i].family || !b->nat.v[j].family || a->nat.v[i].family == b->nat.v[j].family)
				return !a->family || !b->family || a->family == b->family;
	return false;
}

/* what a translation asks for besides protocol and ports; the way out is not known to it */
static struct rule narrowed(const struct rule *r, uint8_t family)
{
	struct rule n = *r;

	n.family = family;
	n.l4.n = n.out.n = n.live.set[PICK_SPORT].n = n.live.set[PICK_DPORT].n = 0;
	return n;
}

/* Does the first have a condition by which it leaves packets to the other? */
static bool leaves_some(const struct rule *a, const struct rule *b)
{
	uint8_t family = a->family ? a->family : b->family;
	struct rule first = narrowed(a, family), second = narrowed(b, family);

	return facts_tell(&(struct facts){ { &second } }, &first) != 1 || !rule_boxes_in(&first, &second);
}

static bool any_rule(const struct rule *r)
{
	return r->nat.n && r->nat.v[0].flags & ZONEFW_NAT_ANY;
}

static bool translates(const struct rule *r)
{
	return r->action == ZONEFW_PUBLISH || r->action == ZONEFW_REDIRECT;
}

static char *name_of(const struct rule *r)
{
	return r->name ? xfmt("'%s' (%s)", r->name, r->where) : xfmt("'%s' (%s)", r->text, r->where);
}

/* Does the earlier one take what the later one is for? */
static enum meet contradict(struct model *m, const struct rule *a, const struct rule *b)
{
	enum meet on = on_meet(&a->on, &b->on);

	return a->action == b->action && any_rule(a) == any_rule(b) && family_meet(a, b) && l4_meet(a, b) && on &&
	       zones_meet(m, &a->from, &b->from) && (a->action == ZONEFW_PUBLISH || zones_meet(m, &a->to, &b->to)) &&
	       !leaves_some(a, b) ? on : APART;
}

/* A service of the router's own that a publish takes away from it */
static void own_service(struct model *m, const struct rule *p)
{
	for (int i = 0; i < m->rules.n; i++) {
		const struct rule *r = m->rules.v[i];

		if (r->action == ZONEFW_ACCEPT && r->l4.n && zone_covers(m, &r->to, &m->self) &&
		    zones_meet(m, &r->from, &p->from) && (!r->family || !p->family || r->family == p->family) &&
		    !p->on.n && l4_meet(p, r) && !leaves_some(p, r))
			err_at(m, p->pos, "this publishes what %s lets in to this router itself; say 'on ADDR'",
			       name_of(r));
	}
}

/* on an address that may be one of this router, or not */
static void may_overlap(struct model *m, const struct rule *a, const struct rule *b)
{
	warn_at(m, b->pos, "this overlaps %s where %s is an address of this router: the earlier one takes its connections then",
		name_of(a), b->cl[CL_ON] + strlen("on "));
}

/* What a policy may not say: two translations of the same packets */
void nat_conflicts(struct model *m)
{
	VEC(struct rule *) v = { 0 };

	for (int i = 0; i < m->rules.n; i++)
		if (translates(m->rules.v[i]))
			PUSH(v, m->rules.v[i]);
	boxes_begin();
	for (int i = 0; i < v.n && v.n <= 5000; i++) {
		const struct rule *may = NULL;
		enum meet meet = APART;

		for (int j = 0; j < i && meet != MEET; j++) {
			meet = contradict(m, v.v[j], v.v[i]);
			if (meet == MEET)
				err_at(m, v.v[i]->pos, "this overlaps %s", name_of(v.v[j]));
			else if (meet == MAY_MEET && !may)
				may = v.v[j];
		}
		if (may && meet != MEET)
			may_overlap(m, may, v.v[i]);
		if (v.v[i]->action == ZONEFW_PUBLISH && !any_rule(v.v[i]))
			own_service(m, v.v[i]);
	}
}

static bool single_host(const struct zone *z)
{
	for (int i = 0; i < z->nets.n; i++)
		if (z->nets.v[i].len != (z->nets.v[i].family == 4 ? 32 : 128))
			return false;
	return z->nets.n > 0;
}

/* A host that takes everything should have nobody beside it. */
void nat_warnings(struct model *m)
{
	for (int i = 0; i < m->rules.n; i++) {
		const struct rule *r = m->rules.v[i];

		for (int k = 0; any_rule(r) && k < r->to.n; k++)
			if (r->to.v[k].z && !single_host(r->to.v[k].z))
				warn_at(m, r->pos, "the exposed host shares zone '%s' with whatever else is in it; "
					"give it a zone of its own, with its address as 'net'", r->to.v[k].name);
	}
}
