// SPDX-License-Identifier: GPL-2.0
/* The model: construction, diagnostics, name lookup, zone resolution, defaults. */
#include "model.h"

#include <stdarg.h>
#include <stdlib.h>

#define CARET_WIDTH 160		/* of a longer line only this much is shown */

struct model *model_new(void)
{
	struct model *m = xalloc(sizeof(*m));

	m->self.name = "self";
	m->self.id = ZONEFW_ZONE_SELF;
	m->any.name = "any";
	m->any.id = ZONEFW_ZONE_ANY;
	m->opt.rematch = 1;
	m->service_ix.latest = true;	/* a policy may redefine a catalogue service */
	return m;
}

struct src *src_new(struct model *m, const char *name, char *text, size_t len)
{
	struct src *s = xalloc(sizeof(*s));

	s->name = xstrdup(name);
	s->text = text;
	s->len = len;
	s->seq = m->srcs.n;
	PUSH(m->srcs, s);
	return s;
}

static void diag_add(struct model *m, struct pos p, bool warn, char *text)
{
	struct diag d = { p, printable(text), warn, m->diags.n };

	for (int i = m->diags.n - 1; i >= 0 && i > m->diags.n - 500; i--) {
		struct diag *o = &m->diags.v[i];

		if (o->pos.src == p.src && o->pos.line == p.line && o->pos.col == p.col &&
		    !strcmp(o->text, text))
			return;
	}
	m->errors += !warn;
	PUSH(m->diags, d);
}

void err_at(struct model *m, struct pos p, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	diag_add(m, p, false, xstrdup(buf));
}

void warn_at(struct model *m, struct pos p, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	diag_add(m, p, true, xstrdup(buf));
}

static int diag_cmp(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;
	int sx = x->pos.src ? x->pos.src->seq : -1, sy = y->pos.src ? y->pos.src->seq : -1;

	if (sx != sy)
		return sx < sy ? -1 : 1;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	if (x->pos.col != y->pos.col)
		return x->pos.col < y->pos.col ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

/* the start of a line; places come sorted, so the search goes on where the last one ended */
struct caret { const struct src *src; const char *at; int line; };

static const char *line_start(struct caret *last, struct pos p)
{
	const char *end = p.src->text + p.src->len;

	if (last->src != p.src || p.line < last->line)
		*last = (struct caret){ p.src, p.src->text, 1 };
	for (; last->line < p.line && last->at < end; last->at++)
		last->line += *last->at == '\n';
	return last->at;
}

static bool inside_char(const char *s)
{
	return ((unsigned char)*s & 0xc0) == 0x80;
}

/* the line, or of a long one the part around the place, and a caret below */
static void caret_print(struct caret *last, struct pos p)
{
	const char *s = line_start(last, p), *end = p.src->text + p.src->len, *from = s, *to, *at = s + p.col - 1;

	for (to = s; to < end && *to != '\n';)
		to++;
	if (to > s && to[-1] == '\r')
		to--;
	if (to == s)
		return;
	if (to - s > CARET_WIDTH && at - s > CARET_WIDTH / 2)
		from = at - CARET_WIDTH / 2;
	while (from < to && from > s && inside_char(from))
		from++;
	if (to - from > CARET_WIDTH)
		for (to = from + CARET_WIDTH; inside_char(to);)
			to--;
	fprintf(stderr, "%s%s\n", from > s ? "..." : "", printable(xstrndup(from, to - from)));
	fprintf(stderr, "%s", from > s ? "   " : "");
	for (const char *c = from; c < at; c++)
		if (c >= to || !inside_char(c))
			fputc(c < to && *c == '\t' ? '\t' : ' ', stderr);
	fputs("^\n", stderr);
}

void diag_print(struct model *m, bool warnings)
{
	struct caret last = { 0 };

	if (m->diags.n)
		qsort(m->diags.v, m->diags.n, sizeof(*m->diags.v), diag_cmp);
	for (int i = 0; i < m->diags.n; i++) {
		struct diag *d = &m->diags.v[i];
		const char *kind = d->warn ? "warning" : "error";

		if (d->warn && !warnings)
			continue;
		if (!d->pos.src)
			fprintf(stderr, "zonefw: %s: %s\n", kind, d->text);
		else if (d->pos.src->cmdline)
			fprintf(stderr, "<command line>:%d: %s: %s\n", d->pos.col, kind, d->text);
		else
			fprintf(stderr, "%s:%d:%d: %s: %s\n", printable(xstrdup(d->pos.src->name)), d->pos.line,
				d->pos.col, kind, d->text);
		if (d->pos.src)
			caret_print(&last, d->pos);
	}
	m->diags.n = 0;
}

const char *suggest(const char *word, const strvec *cand)
{
	int best = 3, limit = ((int)strlen(word + strspn(word, "-")) + 1) / 3;
	const char *hit = NULL;

	for (int i = 0; i < cand->n; i++) {
		int d = edit_distance(word, cand->v[i]);

		if (d && d < best && d <= limit) {
			best = d;
			hit = cand->v[i];
		}
	}
	return hit ? xfmt("; did you mean '%s'?", hit) : "";
}

struct zone *zone_find(struct model *m, const char *name)
{
	if (!strcmp(name, "self"))
		return &m->self;
	if (!strcmp(name, "any"))
		return &m->any;
	return names_find(&m->zone_ix, (void *const *)m->zones.v, m->zones.n, name);
}

struct service *service_find(struct model *m, const char *name)
{
	return names_find(&m->service_ix, (void *const *)m->services.v, m->services.n, name);
}

struct let *let_find(struct model *m, const char *name)
{
	return names_find(&m->let_ix, (void *const *)m->lets.v, m->lets.n, name);
}

struct set *set_find(struct model *m, const char *name)
{
	return names_find(&m->set_ix, (void *const *)m->sets.v, m->sets.n, name);
}

static void no_zone(struct model *m, struct pos p, const char *name)
{
	strvec cand = { 0 };

	for (int i = 0; i < m->zones.n; i++)
		PUSH(cand, m->zones.v[i]->name);
	PUSH(cand, "self");
	PUSH(cand, "any");
	if (!strcmp(name, "none"))
		err_at(m, p, "no rule may name the zone 'none': what is in no zone is dropped");
	else
		err_at(m, p, "no zone '%s'%s", name, suggest(name, &cand));
}

static void zrefs_resolve(struct model *m, zrefvec *list)
{
	for (int i = 0; i < list->n; i++) {
		struct zref *r = &list->v[i];

		r->z = zone_find(m, r->name);
		if (!r->z) {
			no_zone(m, r->pos, r->name);
			r->z = &m->any;
		} else {
			r->z->used = true;
		}
		for (int j = 0; j < i; j++)
			if (!strcmp(list->v[j].name, r->name))
				err_at(m, r->pos, "zone '%s' twice in one list", r->name);
	}
}

static void zone_place(struct model *m, struct zone *z, int *next, struct zone **order)
{
	if (z->id || z->visiting)
		return;
	z->visiting = true;
	if (z->parent)
		zone_place(m, z->parent, next, order);
	order[*next] = z;
	z->id = ++*next;
	z->visiting = false;
}

static void zones_resolve(struct model *m)
{
	struct zone **order = xalloc(sizeof(*order) * (m->zones.n + 1));
	int next = 0;

	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];

		z->id = 0;
		z->parent = z->pname ? zone_find(m, z->pname) : NULL;
		if (z->pname && !z->parent)
			no_zone(m, z->ppos, z->pname);
		if (z->parent == &m->self || z->parent == &m->any) {
			err_at(m, z->ppos, "'%s' cannot be a parent", z->pname);
			z->parent = NULL;
		}
		if (z->parent)
			z->parent->used = true;
	}
	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i], *p = z;

		for (int k = 0; p && k <= m->zones.n; k++)
			p = p->parent;
		if (p) {
			err_at(m, z->ppos, "zone '%s' is inside itself", z->name);
			z->parent = NULL;
		}
	}
	for (int i = 0; i < m->zones.n; i++)
		zone_place(m, m->zones.v[i], &next, order);
	if (m->zones.n > ZONEFW_ZONES_MAX)
		err_at(m, m->zones.v[ZONEFW_ZONES_MAX]->pos, "more than %d zones", ZONEFW_ZONES_MAX);
	if (next)
		memcpy(m->zones.v, order, sizeof(*order) * next);
}

/* the place of a pair in model.defaults: self, the zones, any */
static struct cell **default_at(struct model *m, const struct zone *f, const struct zone *t)
{
	size_t n = (size_t)m->zones.n + 2;
	size_t a = f == &m->any ? n - 1 : (size_t)f->id, b = t == &m->any ? n - 1 : (size_t)t->id;

	return &m->defaults[a * n + b];
}

static void defaults_place(struct model *m)
{
	m->defaults = xalloc(sizeof(*m->defaults) * ((size_t)m->zones.n + 2) * ((size_t)m->zones.n + 2));
	for (int i = 0; i < m->cells.n; i++) {
		struct cell *c = m->cells.v[i];

		for (int a = 0; a < c->from.n && c->has_default; a++)
			for (int b = 0; b < c->to.n; b++) {
				struct cell **at = default_at(m, c->from.v[a].z, c->to.v[b].z);

				if (*at && *at != c)
					err_at(m, c->dpos, "a second default for %s -> %s (the first is in line %d)",
					       c->from.v[a].name, c->to.v[b].name, (*at)->dpos.line);
				else
					*at = c;
			}
	}
}

static void rules_resolve(struct model *m)
{
	const struct zref *from = NULL, *to = NULL;

	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];

		if (r->from.v != from)	/* rules of a block share their lists */
			zrefs_resolve(m, &r->from);
		if (r->to.v != to)
			zrefs_resolve(m, &r->to);
		zrefs_resolve(m, &r->hairpin);
		from = r->from.v;
		to = r->to.v;
		if (r->name && names_find(&m->rule_ix, (void *const *)m->rules.v, m->rules.n, r->name) != r)
			err_at(m, r->pos, "a second rule named '%s'", r->name);
	}
}

bool model_resolve(struct model *m)
{
	zones_resolve(m);
	m->rule_ix.seen = m->rules.n + 1;	/* rules were moved or replaced: anew */
	rules_resolve(m);
	for (int i = 0; i < m->cells.n; i++) {
		zrefs_resolve(m, &m->cells.v[i]->from);
		zrefs_resolve(m, &m->cells.v[i]->to);
	}
	for (int i = 0; i < m->asserts.n; i++) {
		zrefs_resolve(m, &m->asserts.v[i]->from);
		zrefs_resolve(m, &m->asserts.v[i]->to);
	}
	defaults_place(m);
	if (m->opt.tag && (m->opt.tag / (m->opt.tag & -m->opt.tag)) < (uint32_t)m->zones.n)
		err_at(m, m->opt.tag_pos, "tag-mask is too narrow for %d zones", m->zones.n);
	return !m->errors;
}

/* Does the list cover the zone: by its own name, a parent's, or any? */
bool zone_covers(struct model *m, const zrefvec *list, const struct zone *z)
{
	for (int i = 0; i < list->n; i++) {
		if (list->v[i].z == &m->any)
			return true;
		for (const struct zone *p = z; p; p = p->parent)
			if (list->v[i].z == p)
				return true;
	}
	return false;
}

static struct cell *cell_exact(struct model *m, struct zone *f, struct zone *t)
{
	return f && t ? *default_at(m, f, t) : NULL;
}

static int depth(struct zone *z)
{
	int n = 0;

	for (; z->parent; z = z->parent)
		n++;
	return n;
}

static struct zone *ancestor(struct zone *z, int n)
{
	while (z && n--)
		z = z->parent;
	return z;
}

/* exact, nearest parents, FROM -> any, any -> TO, any -> any, drop */
struct cell *cell_default(struct model *m, struct zone *f, struct zone *t, uint8_t *action)
{
	int df = depth(f), dt = depth(t);
	struct cell *c = NULL;

	for (int d = 0; !c && d <= df + dt; d++)
		for (int i = 0; !c && i <= d && i <= df; i++)
			if (d - i <= dt)
				c = cell_exact(m, ancestor(f, i), ancestor(t, d - i));
	for (int i = 0; !c && i <= df; i++)
		c = cell_exact(m, ancestor(f, i), &m->any);
	for (int i = 0; !c && i <= dt; i++)
		c = cell_exact(m, &m->any, ancestor(t, i));
	if (!c)
		c = cell_exact(m, &m->any, &m->any);
	*action = c ? c->action : ZONEFW_DROP;
	return c;
}

struct zone *zone_by_id(struct model *m, int id)
{
	for (int i = 0; i < m->zones.n; i++)
		if (m->zones.v[i]->id == id)
			return m->zones.v[i];
	return id == ZONEFW_ZONE_ANY ? &m->any : id ? NULL : &m->self;
}

const char *zone_name(struct model *m, int id)
{
	struct zone *z = zone_by_id(m, id);

	return z ? z->name : "none";
}
