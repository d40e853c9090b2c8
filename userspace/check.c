// SPDX-License-Identifier: GPL-2.0
/* What is allowed but most likely not meant: warnings. */
#include "box.h"

/* by one rule; of several that do so, the first */
static bool shadowed(struct model *m, const struct hull *h, int i)
{
	struct rule *b = m->rules.v[i];

	for (int j = 0; j < i; j++) {
		struct rule *a = m->rules.v[j];

		if (!rule_covers(m, h, j, i))
			continue;
		if (a->action == b->action)
			warn_at(m, b->pos, "redundant: '%s' in line %d already decides all of it", a->text, a->pos.line);
		else
			warn_at(m, b->pos, "shadowed: '%s' in line %d decides first", a->text, a->pos.line);
		return true;
	}
	return false;
}

/* by several together */
static void unreachable(struct model *m, const struct hull *h, int i)
{
	struct sbuf b = { 0 };
	intvec by = { 0 };

	if (!rule_unreachable(m, h, i, &by))
		return;
	for (int k = 0; k < by.n; k++) {
		bool known = false;

		for (int l = 0; l < k && !known; l++)
			known = by.v[l] == by.v[k];
		if (!known)
			sb_fmt(&b, "%s%d", k ? ", " : "", m->rules.v[by.v[k]]->pos.line);
	}
	warn_at(m, m->rules.v[i]->pos, "unreachable: the rules of lines %s together decide all of it", sb_str(&b));
}

static void useless(struct model *m)
{
	const struct hull *h;

	if (m->rules.n > 5000)
		return;		/* quadratic; a policy that long is generated */
	boxes_begin();
	h = rule_hulls(m);
	for (int i = 0; i < m->rules.n && !boxes_spent(); i++) {
		boxes_gave_up();
		if (m->rules.v[i]->action < ZONEFW_PUBLISH && !shadowed(m, h, i) && m->rules.n <= 1000)
			unreachable(m, h, i);
		if (boxes_gave_up())
			warn_at(m, m->rules.v[i]->pos, "not compared with all rules before it%s: lists fall into too many combinations",
				boxes_spent() ? ", nor are those behind it" : "");
	}
}

static void unused(struct model *m)
{
	for (int i = 0; i < m->lets.n; i++)
		if (!m->lets.v[i]->used)
			warn_at(m, m->lets.v[i]->pos, "let '%s' is not used", m->lets.v[i]->name);
	for (int i = 0; i < m->services.n; i++)
		if (!m->services.v[i]->builtin && !m->services.v[i]->used)
			warn_at(m, m->services.v[i]->pos, "service '%s' is not used", m->services.v[i]->name);
	for (int i = 0; i < m->sets.n; i++)
		if (!m->sets.v[i]->used)
			warn_at(m, m->sets.v[i]->pos, "set '%s' is not used", m->sets.v[i]->name);
	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];

		if (!z->used)
			warn_at(m, z->pos, "zone '%s' is not used in any rule", z->name);
		if (!z->dev.n && !z->group.n && !z->nets.n)
			warn_at(m, z->pos, "zone '%s' has no dev, group or net: nothing is in it", z->name);
	}
}

/* a device that is said to be in two zones, or in one where it cannot be */
static void devices(struct model *m, struct zone *z)
{
	for (int k = 0; k < z->dev.n; k++) {
		if (!strcmp(z->dev.v[k], "lo"))
			warn_at(m, z->pos, "zone '%s': lo is self, and in no other zone", z->name);
		for (int i = 0; i < m->zones.n && !z->nets.n; i++) {
			struct zone *y = m->zones.v[i];

			for (int l = 0; l < y->dev.n && y != z && !y->nets.n && y->pos.src == z->pos.src && y->pos.line < z->pos.line; l++)
				if (!strcmp(y->dev.v[l], z->dev.v[k]))
					warn_at(m, z->pos, "zone '%s': '%s' is in zone '%s' already (line %d), and the earlier one wins",
						z->name, z->dev.v[k], y->name, y->pos.line);
		}
	}
}

static void lockout(struct model *m)
{
	struct zonefw_l4 ssh = { .flags = ZONEFW_L4_F_PROTO | ZONEFW_L4_F_PORTS, .proto = 6, .sport_hi = 65535,
				 .dport_lo = 22, .dport_hi = 22 };
	struct rule match = { .l4 = { &ssh, 1, 1 } };
	struct assertion a = { .match = &match };
	struct pos at = { 0 };

	boxes_begin();
	for (int i = 0; i < m->zones.n; i++)
		if (prove_never(&(struct never){ .m = m, .a = &a, .f = m->zones.v[i], .t = &m->self }) != HOLDS)
			return;
	if (m->srcs.n > 1)
		at = (struct pos){ m->srcs.v[1], 1, 1 };
	warn_at(m, at, "no rule lets ssh (tcp dport 22) reach self from any zone: this may lock the admin out");
}

/* Policies without it are sound, so that this is no warning; but whoever forgot it wonders why no name resolves. */
bool router_is_mute(struct model *m)
{
	for (int i = 0; i < m->rules.n; i++)
		if (m->rules.v[i]->action == ZONEFW_ACCEPT && zone_covers(m, &m->rules.v[i]->from, &m->self))
			return false;
	for (int i = 0; i < m->zones.n; i++) {
		uint8_t action;

		cell_default(m, &m->self, m->zones.v[i], &action);
		if (action == ZONEFW_ACCEPT)
			return false;
	}
	return m->zones.n != 0;
}

void check_warnings(struct model *m)
{
	useless(m);
	unused(m);
	for (int i = 0; i < m->zones.n; i++)
		devices(m, m->zones.v[i]);
	lockout(m);
	nat_warnings(m);
}
