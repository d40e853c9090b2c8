// SPDX-License-Identifier: GPL-2.0
/* diff: the running policy against a file, in terms of statements; with --flows also of live connections. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>

/* a line and where it stands, in the order of their texts */
struct at { char *s; int i; };
struct place { struct at *v; int n; };

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Statements, one a line; the order of defaults says nothing, so they are sorted. */
static void lines(struct model *m, strvec *out)
{
	char *o = opts_text(&m->opt), *x = extra_text(m);
	int first;

	if (*o)
		PUSH(*out, o);
	for (int i = 0; i < m->zones.n; i++)
		PUSH(*out, zone_text(m->zones.v[i]));
	for (int i = 0; i < m->sets.n; i++) {
		struct set *s = m->sets.v[i];

		PUSH(*out, xfmt("%s { }", set_head_text(s)));
		for (int k = 0; k < s->elems.n;)
			PUSH(*out, xfmt("set %s { %s }", s->name, elem_text(&s->elems, &k)));
	}
	first = out->n;
	for (int i = 0; i < m->cells.n; i++) {
		struct cell *c = m->cells.v[i];

		for (int a = 0; a < c->from.n && *cell_text(c); a++)
			for (int b = 0; b < c->to.n; b++)
				PUSH(*out, xfmt("%s -> %s { %s }", c->from.v[a].name, c->to.v[b].name, cell_text(c)));
	}
	if (out->n > first)
		qsort(out->v + first, out->n - first, sizeof(*out->v), text_cmp);
	for (char *p = strtok(x, "\n"); p; p = strtok(NULL, "\n"))
		PUSH(*out, p);
	for (int i = 0; i < m->rules.n; i++) {
		struct rule *r = m->rules.v[i];

		PUSH(*out, xfmt("%s -> %s { %s }", zrefs_text(&r->from), zrefs_text(&r->to), r->text));
	}
}

static int at_cmp(const void *a, const void *b)
{
	const struct at *x = a, *y = b;
	int d = strcmp(x->s, y->s);

	return d ? d : x->i < y->i ? -1 : x->i > y->i;
}

static struct place places(const strvec *v)
{
	struct place p = { xalloc(sizeof(*p.v) * (v->n + 1)), v->n };

	for (int i = 0; i < v->n; i++)
		p.v[i] = (struct at){ v->v[i], i };
	if (v->n)
		qsort(p.v, v->n, sizeof(*p.v), at_cmp);
	return p;
}

/* how far behind @from the line stands the next time; -1: no more */
static int ahead(const struct place *p, char *s, int from)
{
	struct at want = { s, from };
	int lo = 0, hi = p->n;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (at_cmp(&p->v[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->n && !strcmp(p->v[lo].s, s) ? p->v[lo].i - from : -1;
}

/* lines of one not in the other, in order: of two that stand against each other, the one that comes again later waits */
static void line_diff(const strvec *a, const strvec *b, void (*one)(bool plus, char *s, void *arg), void *arg)
{
	struct place pa = places(a), pb = places(b);
	int i = 0, j = 0;

	while (i < a->n || j < b->n) {
		int ka, kb;

		if (i < a->n && j < b->n && !strcmp(a->v[i], b->v[j])) {
			i++;
			j++;
			continue;
		}
		ka = i < a->n ? ahead(&pb, a->v[i], j) : -1;
		kb = j < b->n ? ahead(&pa, b->v[j], i) : -1;
		if (i < a->n && (ka < 0 || (kb >= 0 && kb <= ka) || j >= b->n))
			one(false, a->v[i++], arg);
		else
			one(true, b->v[j++], arg);
	}
}

/* What the file names and somebody put in before is no difference: apply would change nothing. 0 or an exit code */
static int members_meet(struct model *old, struct model *m)
{
	for (int i = 0; i < old->sets.n; i++) {
		struct set *s = old->sets.v[i], *t = set_find(m, s->name), now = *s;
		int err;

		if (!t || t->port != s->port || !t->elems.n)
			continue;
		elems_tidy(&s->elems);
		now.elems = (elemvec){ 0 };
		err = codec_members(&now);
		if (err)
			return codec_moved(err);
		for (int k = 0; k < t->elems.n; k++)
			if (!elem_in(&s->elems, &t->elems.v[k]) && elem_in(&now.elems, &t->elems.v[k]))
				PUSH(s->elems, t->elems.v[k]);
		elems_tidy(&s->elems);
	}
	return 0;
}

struct differ { int n; json_t *added, *removed; };

static void differ_line(bool plus, char *s, void *arg)
{
	struct differ *d = arg;

	d->n++;
	if (g.json)
		json_array_append_new(plus ? d->added : d->removed, json_string(s));
	else if (!g.quiet)
		out_text("%s%c %s%s\n", col(plus ? "32" : "31"), plus ? '+' : '-', s, col("0"));
}

static int diff_args(int argc, char **argv, const char **file, bool *flows)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--flows")) {
			*flows = true;
			continue;
		}
		if ((argv[i][0] == '-' && argv[i][1]) || *file)
			return usage_extra("diff", argv[i]);
		*file = argv[i];
	}
	*file = *file ? *file : DEFAULT_CONF;
	return usage_file(*file);
}

int cmd_diff(int argc, char **argv)
{
	struct differ d = { 0, json_array(), json_array() };
	struct model *m = model_new(), *old;
	json_t *live = json_array();
	const char *file = NULL;
	strvec a = { 0 }, b = { 0 };
	bool flows = false;
	int err = diff_args(argc, argv, &file, &flows);

	if (err)
		return err;
	if (!parse_file(m, file)) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	old = codec_texts(&err);
	err = old ? members_meet(old, m) : err;
	if (err)
		return err;
	lines(old, &a);
	lines(m, &b);
	line_diff(&a, &b, differ_line, &d);
	err = flows ? diff_flows(m, old, live) : 0;
	if (err)
		return err;
	d.n += (int)json_array_size(live);
	if (g.json)
		out_json(json_pack("{s:b,s:o,s:o,s:o}", "same", !d.n, "removed", d.removed, "added", d.added, "flows",
				   flows ? live : json_null()));
	return d.n ? 1 : 0;
}
