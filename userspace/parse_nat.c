// SPDX-License-Identifier: GPL-2.0
/* The words of NAT: publish, redirect, snat and what belongs to them. */
#include "ruleparse.h"
#include <ctype.h>
#include <stdlib.h>

static void target_add(struct rule *r, const struct zonefw_addr *a, const struct prange *port)
{
	struct zonefw_nat n = { 0 };

	if (a) {
		n.family = a->family;
		memcpy(n.addr, a->lo, a->family == 4 ? 4 : 16);
	}
	if (port) {
		n.flags = ZONEFW_NAT_PORT;
		n.port_lo = port->lo;
		n.port_hi = port->hi;
	}
	PUSH(r->nat, n);
}

/* HOST:PORT, [V6]:PORT, HOST: the text of the host, and of the port or NULL */
static char *host_split(char *s, char **port)
{
	char *colon = strrchr(s, ':'), *end = strchr(s, ']');
	int fam;
	u128 ip;

	*port = NULL;
	if (*s == '[' && end) {
		*port = end[1] == ':' ? end + 2 : NULL;
		return xstrndup(s + 1, end - s - 1);
	}
	if (!colon || parse_ip(s, &fam, &ip))
		return s;
	*port = colon + 1;
	return xstrndup(s, colon - s);
}

static bool one_port(struct parser *p, char *word, struct prange *out, struct sbuf *text)
{
	struct tok t = p->lx.cur;
	prvec pr = { 0 };

	t.s = word;
	if (!parse_port_word(p->m, &t, &pr, text))
		return false;
	if (pr.n != 1 || !pr.v[0].lo) {
		err_at(p->m, t.pos, "'%s' is not one port or range of ports", word);
		return false;
	}
	*out = pr.v[0];
	return true;
}

static bool host_add(struct parser *p, struct rule *r, const struct zonefw_addr *a, const struct prange *pr)
{
	if (a->kind || memcmp(a->lo, a->hi, 16)) {
		err_at(p->m, p->lx.cur.pos, "'%s' is not one host", p->lx.cur.s);
		return false;
	}
	for (int i = 0; i < r->nat.n; i++)
		if (r->nat.v[i].family == a->family) {
			err_at(p->m, p->lx.cur.pos, "'%s' is not one host of a family", p->lx.cur.s);
			return false;
		}
	target_add(r, a, pr);
	return true;
}

static bool host_word(struct parser *p, struct rule *r, struct sbuf *text)
{
	struct tok t = p->lx.cur;
	struct sbuf ptext = { 0 }, dummy = { 0 };
	struct prange pr;
	addrvec v = { 0 };
	char *port;

	t.s = host_split(p->lx.cur.s, &port);
	if (!parse_addr_word(p->m, &t, &v, &dummy) || (port && !one_port(p, port, &pr, &ptext)))
		return false;
	if (!v.n) {
		err_at(p->m, t.pos, "'%s' is not one host", t.s);
		return false;
	}
	for (int i = 0; i < v.n; i++) {
		char *ip = fmt_ip(v.v[i].family, load_be(v.v[i].lo, v.v[i].family == 4 ? 4 : 16));

		if (!host_add(p, r, &v.v[i], port ? &pr : NULL))
			return false;
		sb_put(text, text->n ? ", " : "");
		if (port)
			sb_fmt(text, v.v[i].family == 6 ? "[%s]:%s" : "%s:%s", ip, ptext.s);
		else
			sb_put(text, ip);
	}
	return true;
}

/* to :PORT, to HOST[:PORT], at most one host of each family */
static bool to_clause(struct parser *p, struct rule *r)
{
	struct sbuf text = { 0 };
	struct prange pr;

	pnext(p);
	if (!need_word(p, r->action == ZONEFW_REDIRECT ? "a port such as :3128" : "a host"))
		return false;
	if (r->action == ZONEFW_REDIRECT) {
		if (p->lx.cur.s[0] != ':') {
			perr(p, "a port such as :3128");
			return false;
		}
		if (!one_port(p, p->lx.cur.s + 1, &pr, &text))
			return false;
		target_add(r, NULL, &pr);
		r->cl[CL_TO] = xfmt("to :%s", text.s);
		pnext(p);
		return true;
	}
	do {
		if (!need_word(p, "a host") || !host_word(p, r, &text))
			return false;
		pnext(p);
	} while (more(p));
	r->cl[CL_TO] = xfmt("to %s", text.s);
	return true;
}

static bool on_clause(struct parser *p, struct rule *r)
{
	struct sbuf text = { 0 };

	pnext(p);
	do {
		if (!need_word(p, "an address") || !parse_addr_word(p->m, &p->lx.cur, &r->on, &text))
			return false;
		pnext(p);
	} while (more(p));
	r->cl[CL_ON] = xfmt("on %s", sb_str(&text));
	return true;
}

static bool hairpin_clause(struct parser *p, struct rule *r)
{
	pnext(p);
	r->cl[CL_HAIRPIN] = xstrdup("hairpin");
	if (!pword(p, "from"))
		return true;
	if (!zone_list(p, &r->hairpin))
		return false;
	r->cl[CL_HAIRPIN] = xfmt("hairpin from %s", zrefs_text(&r->hairpin));
	return true;
}

/* to ..., on ADDR, hairpin [from ZONES]; -1: not one of them */
int nat_clause(struct parser *p, struct rule *r)
{
	const char *s = p->lx.cur.s;

	if (!strcmp(s, "to") && !r->cl[CL_TO])
		return to_clause(p, r);
	if (r->action != ZONEFW_PUBLISH)
		return -1;
	if (!strcmp(s, "on") && !r->cl[CL_ON])
		return on_clause(p, r);
	if (!strcmp(s, "hairpin") && !r->cl[CL_HAIRPIN])
		return hairpin_clause(p, r);
	return -1;
}

bool nat_action(struct parser *p, struct rule *r)
{
	if (r->action == ZONEFW_PUBLISH && pword(p, "any"))
		r->cl[CL_ACTION] = xstrdup("publish any");
	return true;
}

static bool ports_fit(struct parser *p, struct rule *r)
{
	const struct zonefw_nat *n = &r->nat.v[0];

	for (int i = 0; i < r->l4.n; i++) {
		const struct zonefw_l4 *b = &r->l4.v[i], *f = &r->l4.v[0];

		if (b->flags & ZONEFW_L4_F_TYPE || !b->proto || !strchr("\x06\x11\x84\x21\x88", b->proto)) {
			err_at(p->m, r->pos, "a target port needs tcp, udp or sctp");
			return false;
		}
		if (n->port_lo != n->port_hi &&
		    (!(b->flags & ZONEFW_L4_F_PORTS) || b->dport_lo != f->dport_lo || b->dport_hi != f->dport_hi ||
		     b->dport_hi - b->dport_lo != n->port_hi - n->port_lo)) {
			err_at(p->m, r->pos, "a range of target ports needs one range of dport that is as long");
			return false;
		}
	}
	if (!r->l4.n)
		err_at(p->m, r->pos, "a target port needs tcp, udp or sctp");
	return r->l4.n;
}

/* is there a family that is published on an address and translated to one? */
static bool families_meet(const struct rule *r)
{
	for (int i = 0; i < r->on.n; i++)
		for (int k = 0; k < r->nat.n; k++)
			if (r->on.v[i].kind == KIND_SET || r->on.v[i].family == r->nat.v[k].family)
				return true;
	return !r->on.n;
}

/* what the clauses of a translating rule have to do with each other */
bool nat_finish(struct parser *p, struct rule *r)
{
	bool any = !strcmp(r->cl[CL_ACTION], "publish any");
	struct zonefw_nat *n = r->nat.v;

	if (!r->cl[CL_TO]) {
		err_at(p->m, r->pos, r->action == ZONEFW_REDIRECT ? "redirect needs 'to :PORT'" :
		       "%s needs 'to HOST'", r->cl[CL_ACTION]);
		return false;
	}
	if (r->action == ZONEFW_SNAT && n[0].flags & ZONEFW_NAT_PORT) {
		err_at(p->m, r->pos, "snat translates the address only; leave the port away");
		return false;
	}
	if (any && n[0].flags & ZONEFW_NAT_PORT) {
		err_at(p->m, r->pos, "'publish any' keeps the ports; leave the port away");
		return false;
	}
	if (r->action == ZONEFW_PUBLISH && !any && !r->cl[CL_SVC] && !r->cl[CL_PROTO] && !r->l4.n) {
		err_at(p->m, r->pos, "publish needs a service or a protocol, or is 'publish any to HOST'");
		return false;
	}
	if (n[0].flags & ZONEFW_NAT_PORT && !ports_fit(p, r))
		return false;
	if (!families_meet(r)) {
		err_at(p->m, r->pos, "the addresses behind 'on' and those behind 'to' are of different families");
		return false;
	}
	for (int i = 0; i < r->nat.n; i++) {
		if ((n[i].flags ^ n[0].flags) & ZONEFW_NAT_PORT) {
			err_at(p->m, r->pos, "a target port for one family only");
			return false;
		}
		n[i].flags |= (any ? ZONEFW_NAT_ANY : 0) | (r->cl[CL_HAIRPIN] ? ZONEFW_NAT_HAIRPIN : 0);
	}
	if (r->action != ZONEFW_PUBLISH) {	/* redirect to :3128 tcp dport 80 */
		r->cl[CL_ACTION] = xfmt("%s %s", r->cl[CL_ACTION], r->cl[CL_TO]);
		r->cl[CL_TO] = NULL;
	}
	return true;
}
