// SPDX-License-Identifier: GPL-2.0
/* Which rules of a new policy are rules of the one in force: they keep their ids. */
#include "cmd.h"

static uint32_t hash_on(uint32_t h, const char *s)
{
	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return (h ^ 0xff) * 16777619u;
}

static uint32_t zrefs_hash(uint32_t h, const zrefvec *v)
{
	for (int i = 0; i < v->n; i++)
		h = hash_on(h, v->v[i].name);
	return h;
}

/* by name, or without one by cell and text */
static uint32_t rule_hash(const struct rule *r)
{
	uint32_t h = 2166136261u;

	h = r->name ? hash_on(h, r->name) : zrefs_hash(zrefs_hash(hash_on(h, r->text), &r->from), &r->to);
	return h ^ h >> 15;
}

static bool zrefs_same(const zrefvec *a, const zrefvec *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, b->v[i].name))
			return false;
	return true;
}

static bool rule_same(const struct rule *a, const struct rule *b)
{
	if (a->name || b->name)
		return a->name && b->name && !strcmp(a->name, b->name);
	return !strcmp(a->text, b->text) && zrefs_same(&a->from, &b->from) && zrefs_same(&a->to, &b->to);
}

/* each old rule is taken once; of several that are alike the first comes first */
void codec_reuse(struct model *m, struct model *old)
{
	int *next = xalloc(sizeof(*next) * (old->rules.n + 1)), *tab;
	uint32_t size = 1;

	while (size < (uint32_t)old->rules.n * 2 + 1)
		size *= 2;
	tab = xalloc(sizeof(*tab) * size);
	for (int i = old->rules.n - 1; i >= 0; i--) {
		uint32_t h = rule_hash(old->rules.v[i]) & (size - 1);

		next[i] = tab[h];
		tab[h] = i + 1;
	}
	for (int i = 0; i < m->rules.n && old->rules.n; i++) {
		struct rule *r = m->rules.v[i];
		int *at = &tab[rule_hash(r) & (size - 1)];

		while (*at && !rule_same(r, old->rules.v[*at - 1]))
			at = &next[*at - 1];
		if (!*at)
			continue;
		r->id = old->rules.v[*at - 1]->id;
		if (old->rules.v[*at - 1]->where && !strcmp(r->pos.src->name, "<stdin>"))
			r->where = old->rules.v[*at - 1]->where;	/* export | apply - changes nothing */
		*at = next[*at - 1];
	}
}
