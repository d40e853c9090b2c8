// SPDX-License-Identifier: GPL-2.0
/* Declarations: let, zone, set, service, and the lines of options. */
#include "stmt.h"

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

bool st_let(struct parser *p)
{
	struct let *l = xalloc(sizeof(*l));
	struct sbuf text = { 0 };

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
	sb_fmt(&text, "let %s =", l->name);
	do {
		if (p->lx.cur.kind != T_WORD) {
			perr(p, "a value");
			return false;
		}
		sb_fmt(&text, "%s %s", l->val.n ? "," : "", p->lx.cur.s);
		PUSH(l->val, p->lx.cur);
		pnext(p);
	} while (list_more(p));
	l->text = sb_str(&text);
	PUSH(p->m->lets, l);
	return true;
}

/* a prefix, or a constant that holds some */
static bool zone_net(struct parser *p, struct zone *z, struct tok *t)
{
	struct let *l = let_find(p->m, t->s);
	struct zonefw_net n;
	bool ok;

	if (l) {
		l->used = true;
		ok = nest_enter(p->m, t->pos, "let", l->name, l->busy);
		if (!ok)
			return false;
		l->busy = true;
		for (int i = 0; i < l->val.n && ok; i++)
			ok = zone_net(p, z, &l->val.v[i]);
		l->busy = false;
		p->m->depth--;
		return ok;
	}
	if (!parse_net(p->m, t, &n))
		return false;
	PUSH(z->nets, n);
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
			if (p->lx.cur.kind != T_WORD) {
				perr(p, "a prefix");
				return false;
			}
			if (!zone_net(p, z, &p->lx.cur))
				return false;
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

bool st_zone(struct parser *p)
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
			if (!strcmp(it.ref, "src") || !strcmp(it.ref, "dst") || !strcmp(it.ref, "in") || !strcmp(it.ref, "out")) {
				err_at(p->m, it.pos, "a service holds protocols, ports and ICMP types only, not '%s'", it.ref);
				return false;
			}
			PUSH(s->items, it);
			pnext(p);
		} while (list_more(p));
		return true;
	}
	r = parse_match(p, false);
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

bool st_service(struct parser *p)
{
	struct service *s = xalloc(sizeof(*s)), *old;
	size_t start = p->lx.off - (p->lx.cur.kind == T_WORD ? strlen(p->lx.cur.s) : 0);
	bool ok;

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
	o->tag_pos = p->lx.cur.pos;
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

bool option_line(struct parser *p, void *arg)
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
