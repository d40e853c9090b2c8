// SPDX-License-Identifier: GPL-2.0
/* Clauses that ask of the moment, or do something beside the verdict; and what all clauses share. */
#include "ruleparse.h"

bool claim(struct parser *p, struct rule *r, enum clause c, struct pos pos, const char *word)
{
	if (!r->cl[c])
		return true;
	err_at(p->m, pos, "'%s' twice in one rule", word);
	return false;
}

bool bang(struct parser *p)
{
	if (p->lx.cur.kind != T_BANG)
		return false;
	pnext(p);
	return true;
}

bool need_word(struct parser *p, const char *what)
{
	if (p->lx.cur.kind == T_WORD)
		return true;
	perr(p, what);
	return false;
}

/* after an element: is there another one? A newline after the comma does not end it. */
bool more(struct parser *p)
{
	if (p->lx.cur.kind != T_COMMA)
		return false;
	do
		pnext(p);
	while (p->lx.cur.kind == T_NL);
	return true;
}

static bool per_words(struct parser *p, struct sbuf *t, uint8_t *by)
{
	if (!pword(p, "per"))
		return true;
	if (p->lx.cur.kind == T_WORD && (!strcmp(p->lx.cur.s, "src") || !strcmp(p->lx.cur.s, "dst"))) {
		*by = *p->lx.cur.s == 's' ? ZONEFW_BY_SRC : ZONEFW_BY_DST;
		sb_fmt(t, " per %s", p->lx.cur.s);
		pnext(p);
		return true;
	}
	perr(p, "'src' or 'dst'");
	return false;
}

static bool number(struct parser *p, struct sbuf *t, const char *what, uint32_t *out)
{
	uint64_t n;

	if (p->lx.cur.kind == T_WORD && parse_u64(p->lx.cur.s, 0xffffffff, &n)) {
		*out = (uint32_t)n;
		sb_fmt(t, " %u", *out);
		pnext(p);
		return true;
	}
	perr(p, what);
	return false;
}

static bool duration(struct parser *p, struct sbuf *t, uint32_t *sec)
{
	if (!set_timeout(p, sec))
		return false;
	sb_fmt(t, " %s", fmt_duration(*sec));
	return true;
}

static bool limit_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	struct live *l = &r->live;
	uint32_t per;

	if (p->lx.cur.kind != T_WORD || !parse_rate(p->lx.cur.s, &l->rate, &per)) {
		perr(p, "a rate such as 50/second");
		return false;
	}
	l->per = per;
	l->burst = 5;
	sb_fmt(t, " %u/%s", l->rate, per == 1 ? "second" : per == 60 ? "minute" : per == 3600 ? "hour" : "day");
	pnext(p);
	if (pword(p, "burst")) {
		struct pos pos = p->lx.cur.pos;

		sb_put(t, " burst");
		if (!number(p, t, "a number of packets", &l->burst))
			return false;
		if (!l->burst) {
			err_at(p->m, pos, "a burst is at least one packet");
			return false;
		}
	}
	return per_words(p, t, &l->limit_by);
}

static bool conns_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	r->live.has_conns = true;
	return number(p, t, "a number of connections", &r->live.conns) && per_words(p, t, &r->live.conns_by);
}

static bool helper_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	bool lets = r->action == ZONEFW_ACCEPT || r->action == ZONEFW_PUBLISH;

	if (!need_word(p, "a helper name"))
		return false;
	if (!name_valid(p->lx.cur.s) || strlen(p->lx.cur.s) > ZONEFW_HELPER_MAX || !lets) {
		err_at(p->m, p->lx.cur.pos, lets ? "'%s' is not the name of a helper, such as ftp" :
		       "only a rule that accepts assigns a helper, not '%s'", p->lx.cur.s);
		return false;
	}
	r->live.helper = p->lx.cur.s;
	sb_fmt(t, " %s", p->lx.cur.s);
	pnext(p);
	return true;
}

static bool add_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	struct live *l = &r->live;
	struct sbuf dummy = { 0 };
	addrvec v = { 0 };

	if (p->lx.cur.kind != T_WORD || (strcmp(p->lx.cur.s, "src") && strcmp(p->lx.cur.s, "dst"))) {
		perr(p, "'src' or 'dst'");
		return false;
	}
	l->add_by = *p->lx.cur.s == 's' ? ZONEFW_BY_SRC : ZONEFW_BY_DST;
	sb_fmt(t, " %s to", p->lx.cur.s);
	pnext(p);
	if (!pword(p, "to") || p->lx.cur.kind != T_WORD || p->lx.cur.s[0] != '@') {
		perr(p, "'to @SET'");
		return false;
	}
	if (!parse_addr_word(p->m, &p->lx.cur, &v, &dummy))
		return false;
	memcpy(&l->add, v.v[0].lo, sizeof(l->add));
	sb_fmt(t, " %s", p->lx.cur.s);
	pnext(p);
	if (!pword(p, "timeout"))
		return true;
	sb_put(t, " timeout");
	return duration(p, t, &l->add_timeout);
}

static bool time_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	unsigned a, b, c, d;
	int n = 0;

	if (p->lx.cur.kind != T_WORD || sscanf(p->lx.cur.s, "%2u:%2u-%2u:%2u%n", &a, &b, &c, &d, &n) != 4 ||
	    p->lx.cur.s[n] || strspn(p->lx.cur.s, "0123456789:-") != (size_t)n || a > 23 || c > 24 || b > 59 || d > 59 || (c == 24 && d)) {
		perr(p, "a time such as 08:00-17:30");
		return false;
	}
	if (a == c && b == d) {
		err_at(p->m, p->lx.cur.pos, "this time is over as it begins");
		return false;
	}
	r->live.minutes[0] = (uint16_t)(a * 60 + b);
	r->live.minutes[1] = (uint16_t)(c * 60 + d);
	sb_fmt(t, " %02u:%02u-%02u:%02u", a, b, c, d);
	pnext(p);
	return true;
}

static int day_of(const char *s)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (int i = 0; i < 7; i++)
		if (!strcmp(days[i], s))
			return i;
	return -1;
}

static bool days_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	bool first = true;

	do {
		const char *s = p->lx.cur.s, *dash = p->lx.cur.kind == T_WORD ? strchr(s, '-') : NULL;
		int a = p->lx.cur.kind != T_WORD ? -1 : day_of(dash ? xstrndup(s, dash - s) : s);
		int b = dash ? day_of(dash + 1) : a;

		if (a < 0 || b < 0) {
			perr(p, "days such as mon-fri");
			return false;
		}
		for (int i = a;; i = (i + 1) % 7) {
			r->live.days |= (uint8_t)(1 << i);
			if (i == b)
				break;
		}
		sb_fmt(t, "%s %s", first ? "" : ",", s);
		first = false;
		pnext(p);
	} while (more(p));
	return true;
}

static bool expires_clause(struct parser *p, struct rule *r, struct sbuf *t)
{
	return duration(p, t, &r->live.expires);
}

/* -1: not one of these words */
int live_clause(struct parser *p, struct rule *r)
{
	static const struct {
		const char *w;
		enum clause c;
		bool (*fn)(struct parser *p, struct rule *r, struct sbuf *t);
		bool timed, inexact;
		uint32_t neg;
	} map[] = {
		{ "limit", CL_LIMIT, limit_clause, false, true, 0 },
		{ "conns", CL_CONNS, conns_clause, false, true, 0 },
		{ "helper", CL_HELPER, helper_clause, false, false, 0 },
		{ "add", CL_ADD, add_clause, false, false, 0 },
		{ "expires", CL_EXPIRES, expires_clause, true, true, 0 },
		{ "time", CL_TIME, time_clause, true, true, ZONEFW_LIVE_NEG_TIME },
		{ "days", CL_DAYS, days_clause, true, true, ZONEFW_LIVE_NEG_DAYS },
	};
	struct sbuf t = { 0 };
	bool ok;
	int i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (!strcmp(map[i].w, p->lx.cur.s))
			break;
	if (i == ARRAY_SIZE(map))
		return -1;
	if (!claim(p, r, map[i].c, p->lx.cur.pos, map[i].w))
		return 0;
	r->live.any = true;
	r->live.timed |= map[i].timed;
	r->inexact |= map[i].inexact;
	sb_put(&t, map[i].w);
	pnext(p);
	if (map[i].neg && bang(p)) {
		r->live.flags |= map[i].neg;
		sb_put(&t, " !");
	}
	ok = map[i].fn(p, r, &t);
	r->cl[map[i].c] = sb_str(&t);
	return ok;
}
