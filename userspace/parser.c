// SPDX-License-Identifier: GPL-2.0
/*
 * Statements: files, includes, and the pieces that the command line shares.
 * A file is read in two passes, so that let, service and set may stand anywhere:
 * the first takes only them, the second all else.
 */
#include "stmt.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>

void pnext(struct parser *p)
{
	lex_next(&p->lx, p->m);
}

bool pword(struct parser *p, const char *w)
{
	if (p->lx.cur.kind != T_WORD || strcmp(p->lx.cur.s, w))
		return false;
	pnext(p);
	return true;
}

bool at_word(struct parser *p, const char *w)
{
	return p->lx.cur.kind == T_WORD && !strcmp(p->lx.cur.s, w);
}

bool pend(struct parser *p)
{
	enum tok_kind k = p->lx.cur.kind;

	return k == T_NL || k == T_SEMI || k == T_RB || k == T_EOF;
}

void perr(struct parser *p, const char *what)
{
	const char *got = p->lx.cur.kind == T_EOF && p->lx.src->cmdline ? "end of command" : p->lx.cur.s;
	bool named = p->lx.cur.kind == T_NL || p->lx.cur.kind == T_EOF;

	err_at(p->m, p->lx.cur.pos, "expected %s, not %s%s%s", what, named ? "the " : "'", got, named ? "" : "'");
}

static void newlines(struct parser *p)
{
	while (p->lx.cur.kind == T_NL || p->lx.cur.kind == T_SEMI)
		pnext(p);
}

/* after an error: to the end of the statement, over its whole block if it has one */
static void skip_statement(struct parser *p)
{
	int depth = 0;

	for (; p->lx.cur.kind != T_EOF; pnext(p)) {
		enum tok_kind k = p->lx.cur.kind;

		if (!depth && (k == T_NL || k == T_SEMI || k == T_RB))
			return;
		if (k == T_LB)
			depth++;
		if (k == T_RB && --depth == 0) {
			pnext(p);
			return;
		}
		if (k == T_COMMA) {	/* a list goes on over the newline */
			pnext(p);
			while (p->lx.cur.kind == T_NL)
				pnext(p);
			if (p->lx.cur.kind == T_EOF)
				return;
			if (p->lx.cur.kind == T_RB && !depth)
				return;
		}
	}
}

static bool end_statement(struct parser *p)
{
	if (pend(p))
		return true;
	perr(p, "the end of the statement");
	return false;
}

bool open_block(struct parser *p)
{
	while (p->lx.cur.kind == T_NL)
		pnext(p);
	if (p->lx.cur.kind != T_LB) {
		perr(p, "'{'");
		return false;
	}
	pnext(p);
	return true;
}

/* Run one() for each statement of the block whose '{' is behind us. */
bool block(struct parser *p, struct pos start, bool (*one)(struct parser *, void *), void *arg)
{
	for (;;) {
		newlines(p);
		if (p->lx.cur.kind == T_RB) {
			pnext(p);
			return true;
		}
		if (p->lx.cur.kind == T_EOF) {
			err_at(p->m, start, "this block has no closing '}'");
			return false;
		}
		if (!one(p, arg) || !end_statement(p))
			skip_statement(p);
	}
}

bool list_more(struct parser *p)
{
	if (p->lx.cur.kind != T_COMMA)
		return false;
	do
		pnext(p);
	while (p->lx.cur.kind == T_NL);
	return true;
}

bool zone_list(struct parser *p, zrefvec *out)
{
	do {
		struct zref r = { p->lx.cur.s, p->lx.cur.pos, NULL };

		if (p->lx.cur.kind != T_WORD || !strcmp(r.name, "->")) {
			perr(p, "a zone");
			return false;
		}
		PUSH(*out, r);
		pnext(p);
	} while (list_more(p));
	return true;
}

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

static bool cell_word(const char *s)
{
	static const char *const w[] = { "accept", "drop", "reject", "masquerade", "offload", "clamp-mss",
		"no-masquerade", "no-offload", "no-clamp-mss", "no-log", "log" };

	for (int i = 0; i < ARRAY_SIZE(w); i++)
		if (!strcmp(s, w[i]))
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
		{ "masquerade", &c->masq }, { "offload", &c->offload }, { "clamp-mss", &c->clamp } };

	for (int i = 0; i < 3; i++) {
		if (!at_word(p, f[i].w))
			continue;
		unsupported(p->m, p->lx.cur.pos, f[i].w);
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
	r->to = c->to;
	/* own copies: resolution writes into them */
	r->from.v = memcpy(xalloc(sizeof(*r->from.v) * r->from.cap), r->from.v, sizeof(*r->from.v) * r->from.n);
	r->to.v = memcpy(xalloc(sizeof(*r->to.v) * r->to.cap), r->to.v, sizeof(*r->to.v) * r->to.n);
	PUSH(p->m->rules, r);
	return true;
}

static bool from_to(struct parser *p, zrefvec *f, zrefvec *t)
{
	bool words = pword(p, "from");

	if (!zone_list(p, f))
		return false;
	if (!pword(p, words ? "to" : "->")) {
		perr(p, words ? "'to'" : "'->'");
		return false;
	}
	return zone_list(p, t);
}

static bool st_cell(struct parser *p)
{
	static char *words[] = { "include", "options", "let", "zone", "set", "service", "from", "assert" };
	struct cell *c = xalloc(sizeof(*c));
	struct blockarg a = { c };
	struct tok first = p->lx.cur;

	c->pos = first.pos;
	if (first.kind == T_WORD && strcmp(first.s, "from")) {
		zrefvec z = { 0 };

		if (!zone_list(p, &z))
			return false;
		if (!at_word(p, "->")) {
			err_at(p->m, first.pos, "no statement begins with '%s'%s", first.s,
			       suggest(first.s, &(strvec){ words, ARRAY_SIZE(words), 8 }));
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
	int fam = 0;

	*k = (struct pkt){ .proto = -1, .type = -1, .sport = -1, .dport = -1 };
	pword(p, "proto");
	k->proto = p->lx.cur.kind == T_WORD ? proto_number(p->lx.cur.s) : -1;
	if (k->proto < 0) {
		perr(p, "a protocol");
		return false;
	}
	pnext(p);
	while (p->lx.cur.kind == T_WORD) {
		bool src = at_word(p, "src"), dst = at_word(p, "dst"), sp = at_word(p, "sport"), dp = at_word(p, "dport");
		struct sbuf t = { 0 };
		prvec pr = { 0 };
		addrvec av = { 0 };

		if (!src && !dst && !sp && !dp && !at_word(p, "type"))
			break;
		pnext(p);
		if (src || dst) {
			if (p->lx.cur.kind != T_WORD || !parse_addr_word(p->m, &p->lx.cur, &av, &t) || av.n < 1) {
				if (!p->m->errors)
					perr(p, "an address");
				return false;
			}
			if (fam && fam != av.v[0].family) {
				err_at(p->m, p->lx.cur.pos, "source and destination are of different families");
				return false;
			}
			fam = k->family = av.v[0].family;
			*(src ? &k->src : &k->dst) = load_be(av.v[0].lo, fam == 4 ? 4 : 16);
		} else if (sp || dp) {
			if (p->lx.cur.kind != T_WORD || !parse_port_word(p->m, &p->lx.cur, &pr, &t) || pr.n < 1) {
				if (!p->m->errors)
					perr(p, "a port");
				return false;
			}
			*(sp ? &k->sport : &k->dport) = pr.v[0].lo;
		} else {
			k->type = icmp_type(k->proto, p->lx.cur.s);
			if (k->type < 0) {
				perr(p, "an ICMP type");
				return false;
			}
		}
		pnext(p);
	}
	if (!k->family) {
		err_at(p->m, p->lx.cur.pos, "a packet needs src and dst");
		return false;
	}
	return true;
}

static bool assert_never(struct parser *p, struct assertion *a)
{
	a->verdict = -1;
	a->match = parse_match(p);
	if (!a->match)
		return false;
	while (pword(p, "except")) {
		for (;;) {
			struct rule *r = parse_match(p);

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

static struct pos stmt_pos;

static bool st_assert(struct parser *p)
{
	struct assertion *a = xalloc(sizeof(*a));
	static const char *const v[] = { "drop", "accept", "reject", "never" };
	int i;

	a->pos = stmt_pos;
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

static void run_file(struct parser *up, const char *path, struct pos at);

static bool st_include(struct parser *p)
{
	const char *base = p->lx.src->name, *slash = strrchr(base, '/');
	struct pos at = p->lx.cur.pos;
	char *pat;
	glob_t g;

	if (p->lx.cur.kind != T_STR) {
		perr(p, "a string in double quotes");
		return false;
	}
	pat = p->lx.cur.s;
	if (*pat != '/' && slash)
		pat = xfmt("%.*s/%s", (int)(slash - base), base, pat);
	pnext(p);
	switch (glob(pat, 0, NULL, &g)) {
	case 0:
		for (size_t i = 0; i < g.gl_pathc; i++)
			run_file(p, g.gl_pathv[i], at);
		globfree(&g);
		return true;
	case GLOB_NOMATCH:
		globfree(&g);
		if (strpbrk(pat, "*?["))
			return true;
		err_at(p->m, at, "no file '%s'", pat);
		return false;
	default:
		globfree(&g);
		err_at(p->m, at, "cannot read '%s'", pat);
		return false;
	}
}

static bool statement(struct parser *p)
{
	static const struct { const char *w; int pass; bool (*fn)(struct parser *); } st[] = {
		{ "include", 0, st_include }, { "let", 1, st_let }, { "set", 1, st_set },
		{ "service", 1, st_service }, { "zone", 2, st_zone }, { "assert", 2, st_assert },
	};
	struct pos pos = p->lx.cur.pos;

	for (int i = 0; i < ARRAY_SIZE(st); i++) {
		if (!at_word(p, st[i].w))
			continue;
		if (st[i].pass && st[i].pass != p->pass)
			return false;
		stmt_pos = pos;
		pnext(p);
		return st[i].fn(p);
	}
	if (p->pass != 2)
		return false;
	if (at_word(p, "options")) {
		pnext(p);
		p->m->opt.set = true;
		return open_block(p) && block(p, pos, option_line, &p->m->opt);
	}
	if (p->lx.cur.kind != T_WORD) {
		perr(p, "a statement");
		return false;
	}
	return st_cell(p);
}

static void statements(struct parser *p)
{
	pnext(p);
	for (;;) {
		bool block_end;

		newlines(p);
		if (p->lx.cur.kind == T_EOF)
			return;
		if (p->lx.cur.kind == T_RB) {
			if (p->pass == 2)
				err_at(p->m, p->lx.cur.pos, "'}' without a block");
			pnext(p);
			continue;
		}
		if (!statement(p)) {
			skip_statement(p);
			continue;
		}
		block_end = p->lx.prev_end && p->lx.src->text[p->lx.prev_end - 1] == '}';
		if (!block_end && !end_statement(p))
			skip_statement(p);
	}
}

void parser_open(struct parser *p, struct model *m, struct src *s)
{
	memset(p, 0, sizeof(*p));
	p->m = m;
	p->pass = 2;
	lex_init(&p->lx, s);
}

static struct src *src_open(struct model *m, const char *path)
{
	size_t len = 0;
	char *t;

	for (int i = 0; i < m->srcs.n; i++)
		if (!strcmp(m->srcs.v[i]->name, path))
			return m->srcs.v[i];
	t = read_all(path, &len);
	return t ? src_new(m, path, t, len) : NULL;
}

static void run_file(struct parser *up, const char *path, struct pos at)
{
	struct model *m = up->m;
	struct parser p;
	struct src *s;

	for (int i = 0; i < m->stack.n; i++) {
		if (!strcmp(m->stack.v[i]->name, path)) {
			err_at(m, at, "'%s' includes itself", path);
			return;
		}
	}
	s = m->stack.n < 64 ? src_open(m, path) : NULL;
	if (!s) {
		err_at(m, at, "cannot read '%s': %s", path, strerror(errno));
		return;
	}
	parser_open(&p, m, s);
	p.pass = up->pass;
	PUSH(m->stack, s);
	statements(&p);
	m->stack.n--;
}

static void two_passes(struct model *m, struct src *s)
{
	PUSH(m->stack, s);
	for (int pass = 1; pass <= 2; pass++) {
		struct parser p;

		parser_open(&p, m, s);
		p.pass = pass;
		statements(&p);
		for (int i = 0; pass == 1 && i < m->services.n; i++) {
			bool used = m->services.v[i]->used;

			service_boxes(m, m->services.v[i], &(l4vec){ 0 });
			m->services.v[i]->used = used;
		}
		if (pass == 1)
			for (int i = 0; i < m->services.n; i++)
				m->services.v[i]->used = false;
	}
	m->stack.n--;
}

bool parse_services(struct model *m)
{
	struct src *s = src_new(m, "services.conf", (char *)services_conf, strlen(services_conf));
	struct parser p;

	parser_open(&p, m, s);
	p.pass = 1;
	p.builtin = true;
	statements(&p);
	return !m->errors;
}

bool parse_file(struct model *m, const char *path)
{
	struct src *s;

	parse_services(m);
	s = src_open(m, path);
	if (!s) {
		err_at(m, (struct pos){ 0 }, "cannot read '%s': %s", path, strerror(errno));
		return false;
	}
	if (memchr(s->text, 0, s->len)) {
		err_at(m, (struct pos){ 0 }, "'%s' is not a text file", path);
		return false;
	}
	if (!strcmp(path, "-"))
		s->name = "<stdin>";
	two_passes(m, s);
	model_resolve(m);
	return !m->errors;
}

bool parse_text(struct model *m, const char *name, const char *text)
{
	parse_services(m);
	two_passes(m, src_new(m, name, (char *)text, strlen(text)));
	model_resolve(m);
	return !m->errors;
}

/* options of `policy set`: the same words as in a block */
bool parse_cell_option(struct parser *p, struct cell *c)
{
	if (cell_flag(p, c))
		return true;
	if (pword(p, "no-masquerade"))
		c->masq = false;
	else if (pword(p, "no-offload"))
		c->offload = false;
	else if (pword(p, "no-clamp-mss"))
		c->clamp = false;
	else if (pword(p, "no-log"))
		c->has_log = false;
	else if (pword(p, "log"))
		return cell_log(p, c);
	else {
		c->arg = 0;
		return cell_default_words(p, c);
	}
	return true;
}
