// SPDX-License-Identifier: GPL-2.0
/*
 * Single changes by the whole policy: zone, policy, set and rule verbs. Each
 * reads the running policy, changes the model, and applies it on the generation
 * it was read at. Most changes of rules have a shorter way: cmd_rule.c.
 */
#include "cmd.h"

#include <errno.h>

struct edit { struct model *m; struct parser p; struct rule *added; bool dry; };
typedef bool (*edit_fn)(struct edit *e);

static bool fail(struct edit *e, struct pos at, const char *what)
{
	err_at(e->m, at, "%s", what);
	return false;
}

void added_id(uint32_t id)
{
	if (g.json)
		out_json(json_pack("{s:I}", "id", (json_int_t)id));
	else if (!g.quiet)
		out_text("%u\n", id);
}

/* the words, up to the end of the command */
static bool edit_words(struct edit *e, edit_fn fn)
{
	parser_open(&e->p, e->m, cmdline_src(e->m, g_argc, g_argv));
	for (int i = 0; i < 4; i++)
		pnext(&e->p);		/* zonefw OBJECT VERB, to the word behind */
	if (fn(e) && !e->m->errors && !pend(&e->p))
		perr(&e->p, "the end of the command");
	if (!e->m->errors && e->p.lx.cur.kind != T_EOF)
		perr(&e->p, "the end of the command");
	return !e->m->errors;
}

/* Without a kernel to ask only the words can be wrong, not the names. */
static int edit_dry(edit_fn fn)
{
	struct edit e = { .m = model_new(), .dry = true };

	e.m->lenient = true;
	parse_services(e.m);
	if (edit_words(&e, fn))
		return EX_NOMODULE;
	diag_print(e.m, false);
	return EX_REFUSED;
}

/* read, change, apply; again when somebody else was faster */
static int edit_run(edit_fn fn, struct model *(*read)(int *))
{
	int err = -ESTALE;

	for (int try = 0; try < 16 && err == -ESTALE; try++) {
		struct edit e = { 0 };
		struct done done = { 0 };

		nl_hush = true;
		e.m = read(&err);
		nl_hush = false;
		if (!e.m && err == EX_NOMODULE && edit_dry(fn) == EX_REFUSED)
			return EX_REFUSED;
		if (!e.m)		/* again, aloud */
			e.m = read(&err);
		if (!e.m)
			return err;
		edit_words(&e, fn);
		if (!e.m->errors && model_resolve(e.m))
			eval_asserts(e.m);
		if (e.m->errors) {
			diag_print(e.m, false);
			return EX_REFUSED;
		}
		err = codec_send(e.m, &done);
		if (!err && e.added)
			added_id(done.first);
		else if (!err)
			out_done();
	}
	return err == -ESTALE ? nl_failed(err) : err;
}

static void insert(struct edit *e, int at, struct rule *r)
{
	PUSH(e->m->rules, r);
	memmove(&e->m->rules.v[at + 1], &e->m->rules.v[at], sizeof(r) * (e->m->rules.n - 1 - at));
	e->m->rules.v[at] = r;
}

static int rule_ref(struct edit *e)
{
	struct tok t = e->p.lx.cur;
	strvec cand = { 0 };
	uint64_t id = 0;
	bool num = parse_u64(t.s, 0xffffffff, &id);

	if (t.kind != T_WORD) {
		perr(&e->p, "a rule's number or name");
		return -1;
	}
	if (e->dry) {
		pnext(&e->p);
		insert(e, 0, xalloc(sizeof(struct rule)));
		return 0;
	}
	for (int i = 0; i < e->m->rules.n; i++) {
		struct rule *r = e->m->rules.v[i];

		if (num ? r->id == id : r->name && !strcmp(r->name, t.s)) {
			pnext(&e->p);
			return i;
		}
		if (r->name)
			PUSH(cand, r->name);
	}
	err_at(e->m, t.pos, "no rule '%s'%s", t.s, num ? "" : suggest(t.s, &cand));
	return -1;
}

static struct rule *take(struct edit *e, int at)
{
	struct rule *r = e->m->rules.v[at];

	e->m->rules.n--;
	memmove(&e->m->rules.v[at], &e->m->rules.v[at + 1], sizeof(r) * (e->m->rules.n - at));
	return r;
}

/* first | last | before ID | after ID; -2: none of them, -1: reported */
static int position(struct edit *e)
{
	int i;

	if (pword(&e->p, "first"))
		return 0;
	if (pword(&e->p, "last"))
		return e->m->rules.n;
	if (pword(&e->p, "before"))
		return rule_ref(e);
	if (pword(&e->p, "after")) {
		i = rule_ref(e);
		return i < 0 ? i : i + 1;
	}
	return -2;
}

static bool zones_known(struct edit *e, const zrefvec *v)
{
	strvec cand = { 0 };

	for (int i = 0; i < e->m->zones.n; i++)
		PUSH(cand, e->m->zones.v[i]->name);
	for (int i = 0; i < v->n; i++)
		if (!zone_find(e->m, v->v[i].name) && strcmp(v->v[i].name, "none"))
			return fail(e, v->v[i].pos, xfmt("no zone '%s'%s", v->v[i].name, suggest(v->v[i].name, &cand)));
	return true;
}

static bool from_to(struct edit *e, zrefvec *f, zrefvec *t)
{
	if (!pword(&e->p, "from")) {
		perr(&e->p, "'from'");
		return false;
	}
	if (!zone_list(&e->p, f))
		return false;
	if (!pword(&e->p, "to")) {
		perr(&e->p, "'to'");
		return false;
	}
	return zone_list(&e->p, t) && (e->dry || (zones_known(e, f) && zones_known(e, t)));
}

static bool rule_add(struct edit *e)
{
	zrefvec f = { 0 }, t = { 0 };
	struct rule *r;
	int at;

	if (!from_to(e, &f, &t))
		return false;
	at = position(e);
	if (at == -1)
		return false;
	r = parse_rule(&e->p);
	if (!r)
		return false;
	r->from = f;
	r->to = t;
	e->added = r;
	insert(e, at == -2 ? e->m->rules.n : at, r);
	return true;
}

static bool rule_replace(struct edit *e)
{
	int at = rule_ref(e);
	struct rule *r, *old;

	if (at < 0)
		return false;
	r = parse_rule(&e->p);
	if (!r)
		return false;
	old = e->m->rules.v[at];
	r->from = old->from;
	r->to = old->to;
	r->id = old->id;
	e->m->rules.v[at] = r;
	return true;
}

static bool rule_del(struct edit *e)
{
	do {
		int at = rule_ref(e);

		if (at < 0)
			return false;
		take(e, at);
	} while (!pend(&e->p));
	return true;
}

static bool rule_move(struct edit *e)
{
	int at = rule_ref(e), to;
	struct rule *r;

	if (at < 0)
		return false;
	to = position(e);
	if (to == -2)
		perr(&e->p, "first, last, before ID or after ID");
	if (to < 0)
		return false;
	r = take(e, at);
	insert(e, to > at ? to - 1 : to, r);
	return true;
}

static bool zone_body(struct edit *e, struct zone *z)
{
	if (pword(&e->p, "in")) {
		if (e->p.lx.cur.kind != T_WORD) {
			perr(&e->p, "the parent zone");
			return false;
		}
		z->pname = e->p.lx.cur.s;
		z->ppos = e->p.lx.cur.pos;
		pnext(&e->p);
	}
	if (pword(&e->p, "no-antispoof"))
		z->antispoof = false;
	return parse_zone_body(&e->p, z, false);
}

static bool named(struct edit *e, const char *what)
{
	if (e->p.lx.cur.kind == T_WORD)
		return true;
	perr(&e->p, what);
	return false;
}

static bool zone_add(struct edit *e)
{
	struct zone *z = xalloc(sizeof(*z));

	if (!named(e, "a name for the zone"))
		return false;
	z->name = e->p.lx.cur.s;
	z->pos = e->p.lx.cur.pos;
	if (!name_valid(z->name) || e->p.lx.cur.kind != T_WORD || !strcmp(z->name, "none"))
		return fail(e, z->pos, xfmt("'%s' is not a name for a zone", z->name));
	if (zone_find(e->m, z->name))
		return fail(e, z->pos, xfmt("there is a zone '%s' already", z->name));
	pnext(&e->p);
	PUSH(e->m->zones, z);
	return zone_body(e, z);
}

static struct zone *zone_ref(struct edit *e)
{
	struct zone *z = zone_find(e->m, e->p.lx.cur.s);
	strvec cand = { 0 };

	if (!named(e, "a zone"))
		return NULL;
	if (e->dry && !z)
		z = xalloc(sizeof(*z));
	if (z && z != &e->m->self && z != &e->m->any) {
		pnext(&e->p);
		return z;
	}
	for (int i = 0; i < e->m->zones.n; i++)
		PUSH(cand, e->m->zones.v[i]->name);
	err_at(e->m, e->p.lx.cur.pos, "no zone '%s'%s", e->p.lx.cur.s, suggest(e->p.lx.cur.s, &cand));
	return NULL;
}

/* what is named replaces what was there */
static bool zone_set(struct edit *e)
{
	struct zone *z = zone_ref(e), fresh = { 0 };

	if (!z)
		return false;
	fresh.antispoof = z->antispoof;
	fresh.pname = z->pname;
	fresh.ppos = z->ppos;
	if (!zone_body(e, &fresh))
		return false;
	if (fresh.dev.n)
		z->dev = fresh.dev;
	if (fresh.group.n)
		memcpy(&z->group, &fresh.group, sizeof(z->group));
	if (fresh.nets.n)
		z->nets = fresh.nets;
	z->antispoof = fresh.antispoof;
	z->pname = fresh.pname;
	z->ppos = fresh.ppos;
	return true;
}

static bool names(const zrefvec *v, const struct zone *z)
{
	for (int i = 0; i < v->n; i++)
		if (!strcmp(v->v[i].name, z->name))
			return true;
	return false;
}

static bool zone_del(struct edit *e)
{
	struct pos at = e->p.lx.cur.pos;
	struct zone *z = zone_ref(e);

	if (!z)
		return false;
	for (int i = 0; i < e->m->rules.n; i++) {
		struct rule *r = e->m->rules.v[i];

		if (names(&r->from, z) || names(&r->to, z))
			return fail(e, at, xfmt("zone '%s' is used by rule %u", z->name, r->id));
	}
	for (int i = 0; i < e->m->cells.n; i++)
		if (names(&e->m->cells.v[i]->from, z) || names(&e->m->cells.v[i]->to, z))
			return fail(e, at, xfmt("zone '%s' has a default: policy del first", z->name));
	for (int i = 0; i < e->m->zones.n; i++)
		if (e->m->zones.v[i] == z) {
			memmove(&e->m->zones.v[i], &e->m->zones.v[i + 1], sizeof(z) * (e->m->zones.n - i - 1));
			e->m->zones.n--;
		}
	return true;
}

static struct cell *cell_of(struct edit *e, const char *f, const char *t)
{
	for (int i = 0; i < e->m->cells.n; i++) {
		struct cell *c = e->m->cells.v[i];

		if (!strcmp(c->from.v[0].name, f) && !strcmp(c->to.v[0].name, t))
			return c;
	}
	return NULL;
}

static bool policy_set(struct edit *e)
{
	zrefvec f = { 0 }, t = { 0 };
	struct cell want = { 0 };
	struct lexer mark;

	if (!from_to(e, &f, &t))
		return false;
	if (pend(&e->p)) {
		perr(&e->p, "accept, drop, reject or an option");
		return false;
	}
	mark = e->p.lx;
	for (int a = 0; a < f.n; a++)
		for (int b = 0; b < t.n; b++) {
			struct cell *c = cell_of(e, f.v[a].name, t.v[b].name);

			if (!c) {
				c = xalloc(sizeof(*c));
				*c = want;
				c->pos = c->dpos = f.v[a].pos;
				PUSH(c->from, f.v[a]);
				PUSH(c->to, t.v[b]);
				PUSH(e->m->cells, c);
			}
			e->p.lx = mark;
			if (!parse_cell_options(&e->p, c))
				return false;
			if (c->has_log && !c->has_default)
				return fail(e, f.v[a].pos, "log needs a default: accept, drop or reject");
		}
	return true;
}

static bool policy_del(struct edit *e)
{
	zrefvec f = { 0 }, t = { 0 };

	if (!from_to(e, &f, &t))
		return false;
	for (int a = 0; a < f.n; a++)
		for (int b = 0; b < t.n; b++) {
			struct cell *c = cell_of(e, f.v[a].name, t.v[b].name);

			if (!c && e->dry)
				continue;
			if (!c)
				return fail(e, f.v[a].pos, xfmt("%s -> %s has no default or option", f.v[a].name, t.v[b].name));
			c->has_default = c->has_log = c->masq4 = c->masq6 = c->offload = c->clamp = false;
		}
	return true;
}

static bool set_create(struct edit *e)
{
	struct set *s = xalloc(sizeof(*s));

	if (!named(e, "a name for the set"))
		return false;
	s->name = e->p.lx.cur.s;
	s->pos = e->p.lx.cur.pos;
	if (e->p.lx.cur.kind != T_WORD || !name_valid(s->name))
		return fail(e, s->pos, xfmt("'%s' is not a name for a set", s->name));
	if (set_find(e->m, s->name))
		return fail(e, s->pos, xfmt("there is a set '%s' already", s->name));
	pnext(&e->p);
	PUSH(e->m->sets, s);
	return set_head(&e->p, s);
}

static bool set_destroy(struct edit *e)
{
	struct set *s = set_find(e->m, e->p.lx.cur.s);
	strvec cand = { 0 };

	if (!named(e, "the name of a set"))
		return false;
	for (int i = 0; i < e->m->sets.n; i++)
		PUSH(cand, e->m->sets.v[i]->name);
	if (!s)
		return fail(e, e->p.lx.cur.pos, xfmt("no set '%s'%s", e->p.lx.cur.s, suggest(e->p.lx.cur.s, &cand)));
	if (s->used)
		return fail(e, e->p.lx.cur.pos, xfmt("set '%s' is used by a rule", s->name));
	pnext(&e->p);
	for (int i = 0; i < e->m->sets.n; i++)
		if (e->m->sets.v[i] == s) {
			memmove(&e->m->sets.v[i], &e->m->sets.v[i + 1], sizeof(s) * (e->m->sets.n - i - 1));
			e->m->sets.n--;
		}
	return true;
}

struct verb { char *w; edit_fn fn; };

static int verb_run(const struct verb *v, int n, struct model *(*read)(int *), int argc, char **argv)
{
	strvec cand = { 0 };
	bool nat = false;

	for (int i = 2; i < argc; i++)
		nat |= !strcmp(argv[i], "publish") || !strcmp(argv[i], "redirect") || !strcmp(argv[i], "snat");
	for (int i = 0; i < n; i++) {
		if (argc > 1 && !strcmp(argv[1], v[i].w))
			return edit_run(v[i].fn, nat ? codec_running : read);
		PUSH(cand, v[i].w);
	}
	PUSH(cand, "show");
	if (argc < 2)
		return usage_err("%s needs a verb; see 'zonefw help %s'", argv[0], argv[0]);
	return usage_at(argv[1], "%s has no verb '%s'%s", argv[0], argv[1], suggest(argv[1], &cand));
}

static int verb_show(int argc, char **argv, char *what)
{
	if (argc > 2)
		return usage_at(argv[2], "'%s show' takes no arguments", argv[0]);
	return cmd_show(2, (char *[]){ "show", what });
}

int cmd_zone(int argc, char **argv)
{
	static const struct verb v[] = { { "add", zone_add }, { "set", zone_set }, { "del", zone_del } };

	if (argc > 1 && !strcmp(argv[1], "show"))
		return verb_show(argc, argv, "zones");
	return verb_run(v, 3, codec_running, argc, argv);
}

int cmd_set_edit(int argc, char **argv)
{
	static const struct verb v[] = { { "create", set_create }, { "destroy", set_destroy } };

	return verb_run(v, 2, codec_running, argc, argv);
}

int cmd_policy(int argc, char **argv)
{
	static const struct verb v[] = { { "set", policy_set }, { "del", policy_del } };

	if (argc > 1 && !strcmp(argv[1], "show"))
		return verb_show(argc, argv, "matrix");
	return verb_run(v, 2, codec_edit, argc, argv);
}

int cmd_rule_edit(int argc, char **argv)
{
	static const struct verb v[] = { { "add", rule_add }, { "replace", rule_replace }, { "del", rule_del },
					 { "move", rule_move } };

	return verb_run(v, 4, codec_edit, argc, argv);
}
