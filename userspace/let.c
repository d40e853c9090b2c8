// SPDX-License-Identifier: GPL-2.0
/* Constants as a whole: which of them keep their names, and what is in those that nothing uses. */
#include "model.h"

#include <ctype.h>

#define LETS_TEXT 32768		/* bytes of all let statements that the kernel keeps for the reader */

/*
 * Which constants the canonical text calls by name, their statements beside it; the others, if all of them
 * together are long, are written out where they are used. Services and sets have been read: what they use stays.
 */
void lets_keep(struct model *m)
{
	size_t n = 0;

	for (int i = 0; i < m->lets.n; i++)
		n += strlen(m->lets.v[i]->text) + 1;
	for (int i = 0; i < m->lets.n; i++)
		m->lets.v[i]->keep = n <= LETS_TEXT || m->lets.v[i]->used;
}

/* A or the beginning of A/N, A-B */
bool looks_addr(const char *s)
{
	int fam;
	u128 v;

	return parse_ip(xstrndup(s, strcspn(s, "/-")), &fam, &v);
}

/* N or A-B */
bool looks_port(const char *s)
{
	const char *dash = strchr(s, '-');
	uint64_t n;

	return parse_u64(dash ? xstrndup(s, dash - s) : s, 65535, &n) && (!dash || parse_u64(dash + 1, 65535, &n));
}

static bool let_value(struct model *m, struct tok *t)
{
	struct sbuf text = { 0 };
	addrvec a = { 0 };
	prvec p = { 0 };
	strvec cand = { 0 };

	if (t->s[0] == '@' ? set_find(m, t->s + 1) != NULL : let_find(m, t->s) || port_by_name(t->s) >= 0)
		return true;
	if (looks_port(t->s))
		return parse_port_word(m, t, &p, &text);
	if (looks_addr(t->s) || t->s[0] == '@' || isdigit((unsigned char)t->s[0]) || strpbrk(t->s, ":/"))
		return parse_addr_word(m, t, &a, &text);
	for (int i = 0; i < m->lets.n; i++)
		PUSH(cand, m->lets.v[i]->name);
	err_at(m, t->pos, "'%s' is neither an address, a port nor a let name%s", t->s, suggest(t->s, &cand));
	return false;
}

/* What is in constants that nothing uses, and so nothing else has looked at. */
void lets_check(struct model *m)
{
	for (int i = 0; i < m->lets.n; i++)
		for (int k = 0; k < m->lets.v[i]->val.n && !m->lets.v[i]->used; k++)
			let_value(m, &m->lets.v[i]->val.v[k]);
}
