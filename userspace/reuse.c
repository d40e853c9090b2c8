// SPDX-License-Identifier: GPL-2.0
/* Which rules of a policy are those of the one before, and keep their ids and counters. */
#include "cmd.h"

static uint32_t rule_hash(const char *key)
{
	uint32_t h = 2166136261u;

	while (*key)
		h = (h ^ (uint8_t)*key++) * 16777619u;
	return h;
}

static char *rule_key(struct rule *r, bool named)
{
	return named ? xfmt("name %s", r->name) :
		       xfmt("%s -> %s { %s }", zrefs_text(&r->from), zrefs_text(&r->to), r->text);
}

/* rules that stay, by name or by cell and text, keep their ids */
void codec_reuse(struct model *m, struct model *old)
{
	struct ent { struct rule *r; char *key; struct ent *next; } **tab;
	uint32_t size = 1;

	while (size < (uint32_t)old->rules.n * 2 + 1)
		size *= 2;
	tab = xalloc(sizeof(*tab) * size);
	for (int i = old->rules.n - 1; i >= 0; i--) {
		struct ent *e = xalloc(sizeof(*e));

		e->r = old->rules.v[i];
		e->key = rule_key(e->r, e->r->name);
		e->next = tab[rule_hash(e->key) & (size - 1)];
		tab[rule_hash(e->key) & (size - 1)] = e;
	}
	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];
		char *key = rule_key(r, r->name);

		for (struct ent *e = tab[rule_hash(key) & (size - 1)]; e; e = e->next) {
			if (!e->r || strcmp(e->key, key))
				continue;
			r->id = e->r->id;
			if (e->r->where && !strcmp(r->pos.src->name, "<stdin>"))
				r->where = e->r->where;	/* export | apply - changes nothing */
			e->r = NULL;
			break;
		}
	}
}
