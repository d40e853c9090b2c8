// SPDX-License-Identifier: GPL-2.0
/*
 * Finding a thing by its name without going through all: a hash over a vector
 * of pointers to structs that begin with their name. It catches up by itself
 * with what was appended, and starts again when something was taken away.
 */
#include "model.h"

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h ^ h >> 15;
}

static const char *name_of(const void *thing)
{
	return *(char *const *)thing;
}

static void **slot(const struct names *ix, const char *name)
{
	uint32_t i = hash(name) & (ix->cap - 1);

	while (ix->tab[i] && strcmp(name_of(ix->tab[i]), name))
		i = (i + 1) & (ix->cap - 1);
	return &ix->tab[i];
}

static void put(struct names *ix, void *thing)
{
	void **s = name_of(thing) ? slot(ix, name_of(thing)) : NULL;

	if (s && (!*s || ix->latest))
		*s = thing;
}

static void catch_up(struct names *ix, void *const *v, int n)
{
	if (ix->seen > n || (uint32_t)n * 2 >= ix->cap) {
		uint32_t cap = 64;

		while (cap <= (uint32_t)n * 4)
			cap *= 2;
		ix->tab = xalloc(sizeof(*ix->tab) * cap);
		ix->cap = cap;
		ix->seen = 0;
	}
	for (; ix->seen < n; ix->seen++)
		put(ix, v[ix->seen]);
}

/* of several by that name the first, or with names.latest the last */
void *names_find(struct names *ix, void *const *v, int n, const char *name)
{
	if (!n)
		return NULL;
	if (ix->seen != n)
		catch_up(ix, v, n);
	return *slot(ix, name);
}
