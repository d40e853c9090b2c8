// SPDX-License-Identifier: GPL-2.0
/*
 * Named sets: the statement, members as prefixes, and their canonical text. A
 * range is kept as the prefixes that make it up, marked so that it can be
 * printed as one range again; a port is a prefix of 16 bits.
 */
#include "stmt.h"

#include <stdlib.h>

char *fmt_duration(uint64_t sec)
{
	static const struct { unsigned n; char c; } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	struct sbuf b = { 0 };

	for (int i = 0; i < 4; i++) {
		if (sec / units[i].n)
			sb_fmt(&b, "%llu%c", (unsigned long long)(sec / units[i].n), units[i].c);
		sec %= units[i].n;
	}
	return b.n ? sb_str(&b) : xstrdup("0s");
}

static int bits_of(int family)
{
	return family == 4 ? 32 : family == 6 ? 128 : 16;
}

static u128 low_mask(int bits)
{
	return bits >= 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
}

static void bounds(const struct zonefw_elem *e, u128 *lo, u128 *hi)
{
	int bits = bits_of(e->family);

	*lo = load_be(e->addr, bits / 8);
	*hi = *lo | low_mask(bits - e->len);
}

/* lo-hi as the fewest prefixes */
static void push_range(elemvec *out, int family, u128 lo, u128 hi, bool range)
{
	int bits = bits_of(family);

	for (;;) {
		struct zonefw_elem e = { .family = (uint8_t)family, .flags = range ? ZONEFW_ELEM_RANGE : 0 };
		int host = 0;

		while (host < bits && !(lo & low_mask(host + 1)) && (lo | low_mask(host + 1)) <= hi)
			host++;
		e.len = (uint8_t)(bits - host);
		store_be(e.addr, bits / 8, lo);
		PUSH(*out, e);
		if ((lo | low_mask(host)) >= hi)
			return;
		lo = (lo | low_mask(host)) + 1;
	}
}

static bool is_prefix(u128 lo, u128 hi)
{
	u128 host = lo ^ hi;

	return !(host & (host + 1)) && !(lo & host);
}

/* One word of a member list: an address, a prefix, a range, a let name; or ports. */
bool set_take(struct model *m, struct set *s, struct tok *t, elemvec *out)
{
	bool dash = strchr(t->s, '-') != NULL;
	struct sbuf text = { 0 };
	addrvec a = { 0 };
	prvec p = { 0 };

	if (t->s[0] == '@' || strstr(t->s, "/-")) {
		err_at(m, t->pos, "a set holds %s, not '%s'", s->port ? "ports and ranges of ports" :
		       "addresses, prefixes and ranges", t->s);
		return false;
	}
	if (s->port ? !parse_port_word(m, t, &p, &text) : !parse_addr_word(m, t, &a, &text))
		return false;
	for (int i = 0; i < p.n; i++)
		push_range(out, 0, p.v[i].lo, p.v[i].hi, p.v[i].lo != p.v[i].hi);
	for (int i = 0; i < a.n; i++) {
		int fam = a.v[i].family, len = fam == 4 ? 4 : 16;
		u128 lo = load_be(a.v[i].lo, len), hi = load_be(a.v[i].hi, len);

		if (a.v[i].kind) {
			err_at(m, t->pos, "a set holds addresses, prefixes and ranges, not '%s'", t->s);
			return false;
		}
		push_range(out, fam, lo, hi, !is_prefix(lo, hi) || (dash && lo != hi));
	}
	return true;
}

bool set_timeout(struct parser *p, uint32_t *sec)
{
	uint64_t d;

	if (p->lx.cur.kind != T_WORD || !parse_duration(p->lx.cur.s, &d) || !d || d > 0xffffffff) {
		perr(p, "a duration such as 90s, 10m or 1h30m");
		return false;
	}
	*sec = (uint32_t)d;
	pnext(p);
	return true;
}

/* E [timeout D], E ... */
bool set_list(struct parser *p, struct set *s, elemvec *out)
{
	do {
		int from = out->n;
		uint32_t sec;

		if (p->lx.cur.kind != T_WORD) {
			perr(p, "a member");
			return false;
		}
		if (!set_take(p->m, s, &p->lx.cur, out))
			return false;
		pnext(p);
		if (!pword(p, "timeout"))
			continue;
		if (!set_timeout(p, &sec))
			return false;
		for (int i = from; i < out->n; i++)
			out->v[i].timeout = sec;
	} while (list_more(p));
	return true;
}

static bool set_line(struct parser *p, void *arg)
{
	struct set *s = arg;

	return set_list(p, s, &s->elems);
}

static bool head_once(struct parser *p, struct pos pos, const char *word, bool *had)
{
	if (*had)
		err_at(p->m, pos, "'%s' twice for one set", word);
	return !*had && (*had = true);
}

bool set_head(struct parser *p, struct set *s)
{
	bool timeout = false, max = false;
	uint64_t d;

	if (pword(p, "port"))
		s->port = true;
	else
		pword(p, "addr");
	for (;;) {
		struct pos pos = p->lx.cur.pos;

		if (pword(p, "timeout")) {
			if (!head_once(p, pos, "timeout", &timeout) || !set_timeout(p, &s->timeout))
				return false;
		} else if (pword(p, "max")) {
			if (!head_once(p, pos, "max", &max))
				return false;
			if (p->lx.cur.kind != T_WORD || !parse_u64(p->lx.cur.s, ZONEFW_SET_MAX, &d) || !d) {
				perr(p, "a number of members (1-16777216)");
				return false;
			}
			s->max = (uint32_t)d;
			pnext(p);
		} else {
			return true;
		}
	}
}

/* The name in the first pass, the members in the second: they may use a later let. */
bool st_set(struct parser *p)
{
	struct pos pos = p->lx.cur.pos;
	struct set *s, *old;

	if (p->lx.cur.kind != T_WORD) {
		perr(p, "a name for the set");
		return false;
	}
	if (!name_valid(p->lx.cur.s)) {
		err_at(p->m, pos, "'%s' is not a name (a letter, then letters, digits, _ - ., at most %d bytes)",
		       p->lx.cur.s, ZONEFW_NAME_MAX);
		return false;
	}
	old = set_find(p->m, p->lx.cur.s);
	if (old && p->pass == 2 && (old->pos.src != pos.src || old->pos.line != pos.line))
		return false;		/* reported in the first pass */
	s = old && p->pass == 2 ? old : xalloc(sizeof(*s));
	s->name = p->lx.cur.s;
	pnext(p);
	if (p->pass == 1) {
		s->pos = pos;
		if (old)
			err_at(p->m, pos, "a second set '%s' (the first is in line %d)", s->name, old->pos.line);
		else
			PUSH(p->m->sets, s);
		return set_head(p, s) && pend(p);
	}
	if (!set_head(p, s))
		return false;
	if (pend(p))
		return true;
	if (!open_block(p) || !block(p, s->pos, set_line, s))
		return false;
	elems_tidy(&s->elems);
	if (s->elems.n > (int)(s->max ? s->max : ZONEFW_SET_MAX_DEFAULT))
		err_at(p->m, s->pos, "set '%s' names %d members (a range counts as its prefixes), and its max is %u", s->name, s->elems.n,
		       s->max ? s->max : ZONEFW_SET_MAX_DEFAULT);
	return true;
}

static int elem_cmp(const void *a, const void *b)
{
	const struct zonefw_elem *x = a, *y = b;
	int d = x->family - y->family;

	if (!d)
		d = memcmp(x->addr, y->addr, sizeof(x->addr));
	return d ? d : x->len - y->len;
}

/* in order, each once */
void elems_tidy(elemvec *v)
{
	int n = 0;

	if (!v->n)
		return;
	qsort(v->v, v->n, sizeof(*v->v), elem_cmp);
	for (int i = 1; i < v->n; i++)
		if (elem_cmp(&v->v[n], &v->v[i]))
			v->v[++n] = v->v[i];
	v->n = n + 1;
}

/* in a tidy list */
bool elem_in(const elemvec *v, const struct zonefw_elem *e)
{
	return v->n && bsearch(e, v->v, v->n, sizeof(*v->v), elem_cmp);
}

bool set_has(const struct set *s, int fam, u128 v)
{
	for (int i = 0; i < s->elems.n; i++) {
		u128 lo, hi;

		bounds(&s->elems.v[i], &lo, &hi);
		if (s->elems.v[i].family == fam && lo <= v && v <= hi)
			return true;
	}
	return false;
}

static char *point(int family, u128 v)
{
	return family ? fmt_ip(family, v) : xfmt("%u", (unsigned)v);
}

/* The member at *i; pieces of one range are printed as the range. *i moves behind it. */
char *elem_text(const elemvec *v, int *i)
{
	const struct zonefw_elem *e = &v->v[(*i)++];
	u128 lo, hi, l, h;
	char *s;

	bounds(e, &lo, &hi);
	for (; e->flags & ZONEFW_ELEM_RANGE && *i < v->n; (*i)++) {
		const struct zonefw_elem *n = &v->v[*i];

		bounds(n, &l, &h);
		if (!(n->flags & ZONEFW_ELEM_RANGE) || n->family != e->family || l != hi + 1 ||
		    n->timeout + 1 < e->timeout || n->timeout > e->timeout + 1)
			break;
		hi = h;
	}
	if (lo == hi)
		s = point(e->family, lo);
	else if (e->flags & ZONEFW_ELEM_RANGE || !e->family)
		s = xfmt("%s-%s", point(e->family, lo), point(e->family, hi));
	else
		s = xfmt("%s/%d", point(e->family, lo), e->len);
	return e->timeout ? xfmt("%s timeout %s", s, fmt_duration(e->timeout)) : s;
}

char *set_head_text(const struct set *s)
{
	struct sbuf b = { 0 };

	sb_fmt(&b, "set %s%s", s->name, s->port ? " port" : "");
	if (s->timeout)
		sb_fmt(&b, " timeout %s", fmt_duration(s->timeout));
	if (s->max)
		sb_fmt(&b, " max %u", s->max);
	return sb_str(&b);
}

/* The statement, one member a line where there are several. */
char *set_text(const struct set *s)
{
	bool lines = s->elems.n > 1;
	struct sbuf b = { 0 };

	sb_fmt(&b, "%s {", set_head_text(s));
	for (int i = 0, k = 0; i < s->elems.n; k++)
		sb_fmt(&b, "%s%s%s", k ? "," : "", lines ? "\n    " : " ", elem_text(&s->elems, &i));
	sb_put(&b, lines ? "\n}" : " }");
	return sb_str(&b);
}
