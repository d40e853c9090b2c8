// SPDX-License-Identifier: GPL-2.0
/* Cells and assertions: FROM -> TO { ... }, assert ... */
#include "ruleparse.h"
#include "stmt.h"
#include <stdlib.h>

static bool cell_default_words(struct parser *p, struct cell *c)
{
	static const struct { const char *w; uint8_t a; } acts[] = {
		{ "accept", ZONEFW_ACCEPT }, { "drop", ZONEFW_DROP }, { "reject", ZONEFW_REJECT } };
	int i;

	for (i = 0; i < 3; i++)
		if (pword(p, acts[i].w))
			break;
	if (i == 3) {
		perr(p, "accept, drop or reject");
		return false;
	}
	c->action = acts[i].a;
	c->has_default = true;
	if (c->action == ZONEFW_REJECT && pword(p, "with")) {
		for (int k = 1; k < __ZONEFW_REJ_MAX && !c->arg; k++)
			if (at_word(p, reject_words[k]))
				c->arg = k;
		if (!c->arg) {
			perr(p, "a way to reject");
			return false;
		}
		pnext(p);
	}
	return true;
}

static char *const cell_words[] = { "accept", "drop", "reject", "masquerade", "offload", "clamp-mss",
	"no-masquerade", "no-offload", "no-clamp-mss", "no-log", "log" };

static bool cell_word(const char *s)
{
	for (int i = 0; i < ARRAY_SIZE(cell_words); i++)
		if (!strcmp(s, cell_words[i]))
			return true;
	return false;
}

static bool cell_log(struct parser *p, struct cell *c)
{
	c->has_log = true;
	c->log = "";
	if (p->lx.cur.kind != T_STR && !(p->lx.src->cmdline && p->lx.cur.kind == T_WORD && !cell_word(p->lx.cur.s)))
		return true;
	if (strlen(p->lx.cur.s) > ZONEFW_PREFIX_MAX) {
		err_at(p->m, p->lx.cur.pos, "log prefix longer than %d bytes", ZONEFW_PREFIX_MAX);
		return false;
	}
	c->log = p->lx.cur.s;
	pnext(p);
	return true;
}

static bool cell_flag(struct parser *p, struct cell *c)
{
	struct { const char *w; bool *b; } f[] = {
		{ "offload", &c->offload }, { "clamp-mss", &c->clamp } };

	if (pword(p, "masquerade")) {
		bool only4 = pword(p, "ipv4"), only6 = !only4 && pword(p, "ipv6");

		c->masq4 = !only6;
		c->masq6 = !only4;
		return true;
	}
	for (int i = 0; i < 2; i++) {
		if (!at_word(p, f[i].w))
			continue;
		*f[i].b = true;
		pnext(p);
		return true;
	}
	return false;
}

struct blockarg { struct cell *c; };

static bool cell_line(struct parser *p, void *arg)
{
	struct cell *c = ((struct blockarg *)arg)->c;
	struct pos pos = p->lx.cur.pos;
	struct rule *r;

	if (cell_flag(p, c))
		return true;
	if (pword(p, "default")) {
		if (c->has_default) {
			err_at(p->m, pos, "a second default in one block (the first is in line %d)", c->dpos.line);
			return false;
		}
		c->dpos = pos;
		if (!cell_default_words(p, c))
			return false;
		return !pword(p, "log") || cell_log(p, c);
	}
	r = parse_rule(p);
	if (!r)
		return false;
	r->from = c->from;
	r->to = c->to;		/* shared: resolved once for the block */
	PUSH(p->m->rules, r);
	return true;
}

static bool from_to(struct parser *p, zrefvec *f, zrefvec *t)
{
	bool words = !before_arrow(p) && pword(p, "from");

	if (!zone_list(p, f))
		return false;
	if (!pword(p, words ? "to" : "->")) {
		perr(p, words ? "'to'" : "'->'");
		return false;
	}
	return zone_list(p, t);
}

bool st_cell(struct parser *p)
{
	static char *words[] = { "include", "options", "let", "zone", "set", "service", "from", "assert" };
	struct cell *c = xalloc(sizeof(*c));
	struct blockarg a = { c };
	struct tok first = p->lx.cur;

	c->pos = first.pos;
	if (first.kind == T_WORD && (strcmp(first.s, "from") || before_arrow(p))) {
		zrefvec z = { 0 };

		if (!zone_list(p, &z))
			return false;
		if (p->lx.cur.kind == T_EQ || (p->lx.cur.kind == T_WORD && strchr("->", *p->lx.cur.s) && strcmp(p->lx.cur.s, "->"))) {
			perr(p, "'->'");
			return false;
		}
		if (!at_word(p, "->")) {
			err_at(p->m, first.pos, "no statement begins with '%s'%s", first.s,
			       foreign_statement(first.s, &(strvec){ words, ARRAY_SIZE(words), 8 }));
			return false;
		}
		pnext(p);
		c->from = z;
		if (!zone_list(p, &c->to))
			return false;
	} else if (!from_to(p, &c->from, &c->to)) {
		return false;
	}
	PUSH(p->m->cells, c);
	return open_block(p) && block(p, c->pos, cell_line, &a);
}

bool parse_packet(struct parser *p, struct pkt *k)
{
	static char *words[] = { "src", "dst", "sport", "dport", "type" };
	bool has_src = false, has_dst = false;
	int fam = 0;

	*k = (struct pkt){ .proto = -1, .type = -1, .sport = -1, .dport = -1 };
	pword(p, "proto");
	if (!need_word(p, "a protocol"))
		return false;
	k->proto = proto_number(p->lx.cur.s);
	if (k->proto < 0) {
		err_at(p->m, p->lx.cur.pos, "no protocol '%s'%s", p->lx.cur.s, proto_meant(p->lx.cur.s));
		return false;
	}
	pnext(p);
	while (p->lx.cur.kind == T_WORD) {
		bool src = at_word(p, "src"), dst = at_word(p, "dst"), sp = at_word(p, "sport"), dp = at_word(p, "dport");
		struct sbuf t = { 0 };
		prvec pr = { 0 };
		addrvec av = { 0 };

		if (!src && !dst && !sp && !dp && !at_word(p, "type")) {
			err_at(p->m, p->lx.cur.pos, "a packet has src, dst, sport, dport and type, not '%s'%s", p->lx.cur.s,
			       suggest(p->lx.cur.s, &(strvec){ words, ARRAY_SIZE(words), 5 }));
			return false;
		}
		pnext(p);
		if (src || dst) {
			if (p->lx.cur.kind != T_WORD || !parse_addr_word(p->m, &p->lx.cur, &av, &t) || av.n < 1) {
				if (!p->m->errors)
					perr(p, "an address");
				return false;
			}
			if (av.n > 1 || av.v[0].kind || memcmp(av.v[0].lo, av.v[0].hi, sizeof(av.v[0].lo))) {
				err_at(p->m, p->lx.cur.pos, "a packet has one %s address, '%s' is more than one",
				       src ? "source" : "destination", p->lx.cur.s);
				return false;
			}
			if (fam && fam != av.v[0].family) {
				err_at(p->m, p->lx.cur.pos, "source and destination are of different families");
				return false;
			}
			fam = k->family = av.v[0].family;
			*(src ? &has_src : &has_dst) = true;
			*(src ? &k->src : &k->dst) = load_be(av.v[0].lo, fam == 4 ? 4 : 16);
		} else if (sp || dp) {
			if (p->lx.cur.kind != T_WORD || !parse_port_word(p->m, &p->lx.cur, &pr, &t) || pr.n < 1) {
				if (!p->m->errors)
					perr(p, "a port");
				return false;
			}
			if (pr.n > 1 || pr.v[0].lo != pr.v[0].hi) {
				err_at(p->m, p->lx.cur.pos, "a packet has one port, '%s' is more than one", p->lx.cur.s);
				return false;
			}
			*(sp ? &k->sport : &k->dport) = pr.v[0].lo;
		} else {
			k->type = icmp_type(k->proto, p->lx.cur.s);
			if (k->type < 0) {
				err_at(p->m, p->lx.cur.pos, "no ICMP type '%s'%s", p->lx.cur.s, type_meant(p->lx.cur.s));
				return false;
			}
		}
		pnext(p);
	}
	if (!has_src || !has_dst) {
		err_at(p->m, p->lx.cur.pos, "a packet needs src and dst: %s is missing", has_src ? "dst" : "src");
		return false;
	}
	return true;
}

static bool assert_never(struct parser *p, struct assertion *a)
{
	a->verdict = -1;
	a->match = parse_match(p, true);
	if (!a->match)
		return false;
	while (pword(p, "except")) {
		for (;;) {
			struct rule *r = parse_match(p, true);

			if (!r)
				return false;
			PUSH(a->except, r);
			if (p->lx.cur.kind != T_SEMI)
				break;
			pnext(p);
			if (pend(p))
				break;
		}
	}
	return true;
}

bool st_assert(struct parser *p)
{
	struct assertion *a = xalloc(sizeof(*a));
	static const char *const v[] = { "drop", "accept", "reject", "never" };
	int i;

	a->pos = p->stmt;
	for (i = 0; i < 4; i++)
		if (pword(p, v[i]))
			break;
	if (i == 4) {
		perr(p, "never, accept, drop or reject");
		return false;
	}
	a->verdict = i;
	if (!from_to(p, &a->from, &a->to))
		return false;
	if (i == 3 ? !assert_never(p, a) : !parse_packet(p, &a->pkt))
		return false;
	a->text = i == 3 ? NULL : xfmt("assert %s %s -> %s %s", v[i], zrefs_text(&a->from), zrefs_text(&a->to),
				       pkt_text(&a->pkt));
	if (i == 3) {	/* let names do not survive: print the matches as parsed */
		struct sbuf b = { 0 };

		sb_fmt(&b, "assert never %s -> %s", zrefs_text(&a->from), zrefs_text(&a->to));
		if (*rule_text(a->match))
			sb_fmt(&b, " %s", rule_text(a->match));
		for (int k = 0; k < a->except.n; k++)
			sb_fmt(&b, "%s%s", k ? "; " : " except ", rule_text(a->except.v[k]));
		a->text = sb_str(&b);
	}
	PUSH(p->m->asserts, a);
	return true;
}

static bool cell_option(struct parser *p, struct cell *c, bool *chosen)
{
	if (cell_flag(p, c))
		return true;
	if (pword(p, "no-masquerade"))
		c->masq4 = c->masq6 = false;
	else if (pword(p, "no-offload"))
		c->offload = false;
	else if (pword(p, "no-clamp-mss"))
		c->clamp = false;
	else if (pword(p, "no-log"))
		c->has_log = false;
	else if (pword(p, "log"))
		return cell_log(p, c);
	else if (p->lx.cur.kind != T_WORD || !cell_word(p->lx.cur.s)) {
		strvec cand = { (char **)cell_words, ARRAY_SIZE(cell_words), ARRAY_SIZE(cell_words) };

		err_at(p->m, p->lx.cur.pos, "no default or option '%s'%s", p->lx.cur.s, suggest(p->lx.cur.s, &cand));
		return false;
	} else if (*chosen) {
		err_at(p->m, p->lx.cur.pos, "a second default: '%s'", p->lx.cur.s);
		return false;
	} else {
		*chosen = true;
		c->arg = 0;
		return cell_default_words(p, c);
	}
	return true;
}

/* all options of `policy set`, the same words as in a block, over what the cell has */
bool parse_cell_options(struct parser *p, struct cell *c)
{
	bool chosen = false;

	while (!pend(p))
		if (!cell_option(p, c, &chosen))
			return false;
	return true;
}
