// SPDX-License-Identifier: GPL-2.0
/*
 * Statements: files, includes, and the pieces that the command line shares.
 * A file is read in two passes, so that let, service and set may stand anywhere:
 * the first takes only them, the second all else.
 */
#include "model.h"

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

static bool at_word(struct parser *p, const char *w)
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

static bool open_block(struct parser *p)
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
static bool block(struct parser *p, struct pos start, bool (*one)(struct parser *, void *), void *arg)
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

static bool list_more(struct parser *p)
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

static bool new_name(struct parser *p, const char *kind, char **name, struct pos *pos)
{
	*name = p->lx.cur.s;
	*pos = p->lx.cur.pos;
	if (p->lx.cur.kind != T_WORD) {
		perr(p, xfmt("a name for the %s", kind));
		return false;
	}
	if (!name_valid(*name)) {
		err_at(p->m, *pos, "'%s' is not a name (a letter, then letters, digits, _ - ., at most %d bytes)",
		       *name, ZONEFW_NAME_MAX);
		return false;
	}
	pnext(p);
	return true;
}

static bool st_let(struct parser *p)
{
	struct let *l = xalloc(sizeof(*l));

	if (!new_name(p, "constant", &l->name, &l->pos))
		return false;
	if (let_find(p->m, l->name)) {
		err_at(p->m, l->pos, "a second let '%s' (the first is in line %d)", l->name,
		       let_find(p->m, l->name)->pos.line);
		return false;
	}
	if (p->lx.cur.kind != T_EQ) {
		perr(p, "'='");
		return false;
	}
	pnext(p);
	do {
		if (p->lx.cur.kind != T_WORD) {
			perr(p, "a value");
			return false;
		}
		PUSH(l->val, p->lx.cur);
		pnext(p);
	} while (list_more(p));
	PUSH(p->m->lets, l);
	return true;
}

static bool zone_word(struct parser *p, void *arg)
{
	struct zone *z = arg;
	uint64_t g;

	if (pword(p, "antispoof")) {
		z->antispoof = true;
		return true;
	}
	if (pword(p, "dev")) {
		do {
			if (p->lx.cur.kind != T_WORD || strlen(p->lx.cur.s) > 15) {
				perr(p, "a device pattern of at most 15 bytes");
				return false;
			}
			PUSH(z->dev, p->lx.cur.s);
			pnext(p);
		} while (list_more(p));
		return true;
	}
	if (pword(p, "group")) {
		do {
			if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, 0xffffffff, &g)) {
				perr(p, "an interface group number");
				return false;
			}
			PUSH(z->group, (uint32_t)g);
			pnext(p);
		} while (list_more(p));
		return true;
	}
	if (pword(p, "net")) {
		do {
			struct zonefw_net n;

			if (p->lx.cur.kind != T_WORD) {
				perr(p, "a prefix");
				return false;
			}
			if (!parse_net(p->m, &p->lx.cur, &n))
				return false;
			PUSH(z->nets, n);
			pnext(p);
		} while (list_more(p));
		return true;
	}
	err_at(p->m, p->lx.cur.pos, "expected dev, group, net or antispoof, not '%s'%s", p->lx.cur.s,
	       suggest(p->lx.cur.s, &(strvec){ (char *[]){ "dev", "group", "net", "antispoof" }, 4, 4 }));
	return false;
}

bool parse_zone_body(struct parser *p, struct zone *z, bool braces)
{
	if (braces)
		return block(p, z->pos, zone_word, z);
	while (!pend(p))
		if (!zone_word(p, z))
			return false;
	return true;
}

static bool st_zone(struct parser *p)
{
	struct zone *z = xalloc(sizeof(*z)), *old;

	if (!new_name(p, "zone", &z->name, &z->pos))
		return false;
	if (!strcmp(z->name, "self") || !strcmp(z->name, "any") || !strcmp(z->name, "none")) {
		err_at(p->m, z->pos, "'%s' is a reserved zone name", z->name);
		return false;
	}
	old = zone_find(p->m, z->name);
	if (old) {
		err_at(p->m, z->pos, "a second zone '%s' (the first is in line %d)", z->name, old->pos.line);
		return false;
	}
	if (pword(p, "in")) {
		z->pname = p->lx.cur.s;
		z->ppos = p->lx.cur.pos;
		if (p->lx.cur.kind != T_WORD) {
			perr(p, "the parent zone");
			return false;
		}
		pnext(p);
	}
	PUSH(p->m->zones, z);
	if (pend(p) && p->lx.cur.kind != T_NL)
		return true;
	return open_block(p) && parse_zone_body(p, z, true);
}

static bool set_element(struct parser *p, struct set *s)
{
	struct sbuf t = { 0 };
	uint64_t d;

	if (p->lx.cur.kind != T_WORD) {
		perr(p, "an element");
		return false;
	}
	if (s->port ? !parse_port_word(p->m, &p->lx.cur, &(prvec){ 0 }, &t) :
		      !parse_addr_word(p->m, &p->lx.cur, &(addrvec){ 0 }, &t))
		return false;
	pnext(p);
	if (pword(p, "timeout")) {
		if (p->lx.cur.kind != T_WORD || !parse_duration(p->lx.cur.s, &d)) {
			perr(p, "a duration");
			return false;
		}
		pnext(p);
	}
	return true;
}

static bool set_line(struct parser *p, void *arg)
{
	do {
		if (!set_element(p, arg))
			return false;
	} while (list_more(p));
	return true;
}

static bool set_head(struct parser *p, struct set *s)
{
	uint64_t d;

	if (pword(p, "port"))
		s->port = true;
	else
		pword(p, "addr");
	for (;;) {
		if (pword(p, "timeout")) {
			if (p->lx.cur.kind != T_WORD || !parse_duration(p->lx.cur.s, &d)) {
				perr(p, "a duration");
				return false;
			}
		} else if (pword(p, "max")) {
			if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, 100000000, &d) || !d) {
				perr(p, "a number of elements");
				return false;
			}
		} else {
			return true;
		}
		pnext(p);
	}
}

static bool st_set(struct parser *p)
{
	struct set *s = xalloc(sizeof(*s));

	unsupported(p->m, p->lx.cur.pos, "set");
	if (!new_name(p, "set", &s->name, &s->pos))
		return false;
	if (set_find(p->m, s->name)) {
		err_at(p->m, s->pos, "a second set '%s'", s->name);
		return false;
	}
	PUSH(p->m->sets, s);
	if (!set_head(p, s))
		return false;
	if (pend(p))
		return true;
	return open_block(p) && block(p, s->pos, set_line, s);
}

/* name, name   or one match of protocol, ports, types */
static bool service_line(struct parser *p, void *arg)
{
	static const char *const words[] = { "tcp", "udp", "sctp", "icmp", "icmpv6", "proto", "sport", "dport", "type" };
	struct service *s = arg;
	struct rule *r;
	bool match = false;

	for (int i = 0; i < ARRAY_SIZE(words); i++)
		match |= at_word(p, words[i]);
	if (!match) {
		do {
			struct svc_item it = { .ref = p->lx.cur.s, .pos = p->lx.cur.pos };

			if (p->lx.cur.kind != T_WORD) {
				perr(p, "a protocol or a service");
				return false;
			}
			PUSH(s->items, it);
			pnext(p);
		} while (list_more(p));
		return true;
	}
	r = parse_match(p);
	if (!r)
		return false;
	for (int i = CL_TO; i < CL_MAX; i++) {
		if (r->cl[i]) {
			err_at(p->m, r->pos, "a service holds protocols, ports and ICMP types only, not '%s'", r->cl[i]);
			return false;
		}
	}
	for (int i = 0; i < r->l4.n; i++) {
		struct svc_item it = { .pos = r->pos, .box = r->l4.v[i] };

		PUSH(s->items, it);
	}
	return true;
}

/* the statement's own words, white space squeezed, comments dropped */
static char *raw_text(struct parser *p, size_t from, size_t to)
{
	struct src s = *p->lx.src;
	struct model *scratch = model_new();
	struct sbuf b = { 0 };
	struct lexer l;
	bool sep = false;

	s.text += from;
	s.len = to - from;
	lex_init(&l, &s);
	for (lex_next(&l, scratch); l.cur.kind != T_EOF; lex_next(&l, scratch)) {
		if (l.cur.kind == T_NL || l.cur.kind == T_SEMI) {
			sep = b.n && !strchr("{,;", b.s[b.n - 1]);
			continue;
		}
		if (sep && l.cur.kind != T_RB)
			sb_put(&b, ";");
		sep = false;
		if (l.cur.kind != T_COMMA && b.n)
			sb_put(&b, " ");
		sb_put(&b, l.cur.kind == T_STR ? quote(l.cur.s) : l.cur.s);
	}
	return sb_str(&b);
}

static bool st_service(struct parser *p)
{
	struct service *s = xalloc(sizeof(*s)), *old;
	size_t start = p->lx.off;
	bool ok;

	start = p->lx.off - (p->lx.cur.kind == T_WORD ? strlen(p->lx.cur.s) : 0);
	s->builtin = p->builtin;
	if (!new_name(p, "service", &s->name, &s->pos))
		return false;
	old = service_find(p->m, s->name);
	if (old && old->builtin == s->builtin) {
		err_at(p->m, s->pos, "a second service '%s' (the first is in line %d)", s->name, old->pos.line);
		return false;
	}
	PUSH(p->m->services, s);
	if (!open_block(p))
		return false;
	ok = block(p, s->pos, service_line, s);
	if (!s->builtin && ok)
		s->text = xfmt("service %s", raw_text(p, start, p->lx.prev_end));
	return ok;
}

static bool once(struct parser *p, bool *flag, struct pos pos, const char *w)
{
	if (*flag)
		err_at(p->m, pos, "'%s' twice in the options", w);
	return !*flag && (*flag = true);
}

static bool opt_log(struct parser *p, struct opts *o)
{
	static const char *const logs[] = { "none", "kernel", "nflog" };
	uint64_t g;

	for (int i = 0; i < 3; i++) {
		if (!pword(p, logs[i]))
			continue;
		o->log = i;
		if (i != ZONEFW_LOG_NFLOG)
			return true;
		if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, 65535, &g)) {
			perr(p, "an nflog group (0-65535)");
			return false;
		}
		o->group = (uint16_t)g;
		pnext(p);
		return true;
	}
	perr(p, "none, kernel or nflog");
	return false;
}

static bool two_words(struct parser *p, const char *no, const char *yes, uint8_t *out)
{
	if (pword(p, no))
		*out = 0;
	else if (pword(p, yes))
		*out = 1;
	else {
		perr(p, xfmt("%s or %s", no, yes));
		return false;
	}
	return true;
}

static bool tag_mask(struct parser *p, struct opts *o)
{
	uint64_t v;

	if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, 0xffffffff, &v)) {
		perr(p, "a 32-bit mask");
		return false;
	}
	o->tag = (uint32_t)v;
	if (v) {
		while (!(v & 1))
			v >>= 1;
		if (v & (v + 1)) {
			err_at(p->m, p->lx.cur.pos, "the bits of tag-mask must be next to each other");
			return false;
		}
	}
	pnext(p);
	return true;
}

static bool option_line(struct parser *p, void *arg)
{
	struct opts *o = arg;
	struct pos pos = p->lx.cur.pos;

	if (pword(p, "log"))
		return once(p, &o->has_log, pos, "log") && opt_log(p, o);
	if (pword(p, "log-rate")) {
		if (!once(p, &o->has_rate, pos, "log-rate"))
			return false;
		if (p->lx.cur.kind != T_WORD || !parse_rate(p->lx.cur.s, &o->rate, &o->per)) {
			perr(p, "a rate such as 100/second");
			return false;
		}
		pnext(p);
		return true;
	}
	if (pword(p, "invalid"))
		return once(p, &o->has_invalid, pos, "invalid") && two_words(p, "drop", "accept", &o->invalid);
	if (pword(p, "rematch"))
		return once(p, &o->has_rematch, pos, "rematch") && two_words(p, "off", "on", &o->rematch);
	if (pword(p, "tag-mask"))
		return once(p, &o->has_tag, pos, "tag-mask") && tag_mask(p, o);
	err_at(p->m, pos, "no option '%s'%s", p->lx.cur.s,
	       suggest(p->lx.cur.s, &(strvec){ (char *[]){ "log", "log-rate", "invalid", "rematch", "tag-mask" }, 5, 5 }));
	return false;
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
	size_t start = p->lx.off - (p->lx.cur.kind == T_WORD ? strlen(p->lx.cur.s) : 0);
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
	a->text = xfmt("assert %s", i == 3 ? raw_text(p, start, p->lx.cur.pos.src ? p->lx.prev_end : 0) :
		       xfmt("%s %s -> %s %s", v[i], zrefs_text(&a->from), zrefs_text(&a->to), pkt_text(&a->pkt)));
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
