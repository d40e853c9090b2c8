// SPDX-License-Identifier: GPL-2.0
/* Clauses that the kernel cannot do yet: parsed whole, refused by apply. */
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

static bool per_words(struct parser *p, struct sbuf *t)
{
	if (!pword(p, "per"))
		return true;
	if (!strcmp(p->lx.cur.s, "src") || !strcmp(p->lx.cur.s, "dst")) {
		sb_fmt(t, " per %s", p->lx.cur.s);
		pnext(p);
		return true;
	}
	perr(p, "'src' or 'dst'");
	return false;
}

static bool number(struct parser *p, struct sbuf *t, const char *what)
{
	uint64_t n;

	if (p->lx.cur.kind == T_WORD && parse_u64(p->lx.cur.s, 0xffffffff, &n)) {
		sb_fmt(t, " %llu", (unsigned long long)n);
		pnext(p);
		return true;
	}
	perr(p, what);
	return false;
}

static bool duration(struct parser *p, struct sbuf *t)
{
	uint64_t s;

	if (p->lx.cur.kind == T_WORD && parse_duration(p->lx.cur.s, &s) && s) {
		sb_fmt(t, " %llus", (unsigned long long)s);
		pnext(p);
		return true;
	}
	perr(p, "a duration such as 90s, 10m or 1h30m");
	return false;
}

static bool limit_clause(struct parser *p, struct sbuf *t)
{
	uint32_t n, per;

	if (p->lx.cur.kind != T_WORD || !parse_rate(p->lx.cur.s, &n, &per)) {
		perr(p, "a rate such as 50/second");
		return false;
	}
	sb_fmt(t, " %u/%s", n, per == 1 ? "second" : per == 60 ? "minute" : per == 3600 ? "hour" : "day");
	pnext(p);
	if (pword(p, "burst")) {
		sb_put(t, " burst");
		if (!number(p, t, "a number of packets"))
			return false;
	}
	return per_words(p, t);
}

static bool add_clause(struct parser *p, struct sbuf *t)
{
	struct sbuf dummy = { 0 };

	if (strcmp(p->lx.cur.s, "src") && strcmp(p->lx.cur.s, "dst")) {
		perr(p, "'src' or 'dst'");
		return false;
	}
	sb_fmt(t, " %s to", p->lx.cur.s);
	pnext(p);
	if (!pword(p, "to") || p->lx.cur.kind != T_WORD || p->lx.cur.s[0] != '@') {
		perr(p, "'to @SET'");
		return false;
	}
	if (!parse_addr_word(p->m, &p->lx.cur, &(addrvec){ 0 }, &dummy))
		return false;
	sb_fmt(t, " %s", p->lx.cur.s);
	pnext(p);
	if (pword(p, "timeout")) {
		sb_put(t, " timeout");
		return duration(p, t);
	}
	return true;
}

static bool time_clause(struct parser *p, struct sbuf *t)
{
	unsigned a, b, c, d;
	int n = 0;

	if (p->lx.cur.kind != T_WORD || sscanf(p->lx.cur.s, "%2u:%2u-%2u:%2u%n", &a, &b, &c, &d, &n) != 4 ||
	    p->lx.cur.s[n] || a > 24 || c > 24 || b > 59 || d > 59) {
		perr(p, "a time such as 08:00-17:30");
		return false;
	}
	sb_fmt(t, " %02u:%02u-%02u:%02u", a, b, c, d);
	pnext(p);
	return true;
}

static bool days_clause(struct parser *p, struct sbuf *t)
{
	static const char days[] = "mon tue wed thu fri sat sun";

	do {
		const char *s = p->lx.cur.s;
		size_t n = strlen(s);

		if (p->lx.cur.kind != T_WORD || (n != 3 && (n != 7 || s[3] != '-' || !strstr(days, s + 4))) ||
		    !strstr(days, xstrndup(s, 3))) {
			perr(p, "days such as mon-fri");
			return false;
		}
		sb_fmt(t, "%s %s", t->n > strlen("days !") ? "," : "", s);
		pnext(p);
	} while (more(p));
	return true;
}

/* what the kernel cannot do yet: parsed whole, refused by apply */
int later_clause(struct parser *p, struct rule *r)
{
	static const struct { const char *w; enum clause c; } map[] = {
		{ "limit", CL_LIMIT }, { "conns", CL_CONNS }, { "helper", CL_HELPER }, { "add", CL_ADD },
		{ "expires", CL_EXPIRES }, { "time", CL_TIME }, { "days", CL_DAYS },
	};
	struct sbuf t = { 0 };
	bool ok = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (!strcmp(map[i].w, p->lx.cur.s))
			break;
	if (i == ARRAY_SIZE(map))
		return -1;
	if (!claim(p, r, map[i].c, p->lx.cur.pos, map[i].w))
		return 0;
	unsupported(p->m, p->lx.cur.pos, map[i].w);
	r->inexact = true;
	sb_put(&t, map[i].w);
	pnext(p);
	if ((map[i].c == CL_TIME || map[i].c == CL_DAYS) && bang(p))
		sb_put(&t, " !");
	switch (map[i].c) {
	case CL_LIMIT: ok = limit_clause(p, &t); break;
	case CL_CONNS: ok = number(p, &t, "a number of connections") && per_words(p, &t); break;
	case CL_HELPER:
		ok = need_word(p, "a helper name");
		if (ok) {
			sb_fmt(&t, " %s", p->lx.cur.s);
			pnext(p);
		}
		break;
	case CL_ADD: ok = add_clause(p, &t); break;
	case CL_EXPIRES: ok = duration(p, &t); break;
	case CL_TIME: ok = time_clause(p, &t); break;
	default: ok = days_clause(p, &t); break;
	}
	r->cl[map[i].c] = sb_str(&t);
	return ok;
}
