// SPDX-License-Identifier: GPL-2.0
/*
 * set: members at run time, which does not touch the policy. create and destroy
 * do, and stand with the other edits (cmd_edit.c).
 */
#include "cmd.h"

#include <errno.h>

static struct set *set_named(struct model *m, struct parser *p)
{
	struct set *s = p->lx.cur.kind == T_WORD ? set_find(m, p->lx.cur.s) : NULL;
	strvec cand = { 0 };

	if (p->lx.cur.kind != T_WORD) {
		perr(p, "the name of a set");
		return NULL;
	}
	for (int i = 0; i < m->sets.n; i++)
		PUSH(cand, m->sets.v[i]->name);
	if (!s)
		err_at(m, p->lx.cur.pos, "no set '%s'%s", p->lx.cur.s, suggest(p->lx.cur.s, &cand));
	pnext(p);
	return s;
}

static struct model *open_sets(struct parser *p, int *err)
{
	struct model *m;
	int rc = -EAGAIN;

	for (int try = 0; try < 10 && rc == -EAGAIN; try++) {
		m = model_new();
		rc = codec_sets(m);
	}
	*err = codec_moved(rc);
	if (rc)
		return NULL;
	parser_open(p, m, cmdline_src(m, g_argc, g_argv));
	for (int i = 0; i < 4; i++)
		pnext(p);		/* zonefw set VERB, to the word behind */
	return m;
}

static int change(int cmd)
{
	struct parser p;
	struct set *s;
	elemvec v = { 0 };
	uint32_t in = 0;
	struct model *m;
	int err;

	m = open_sets(&p, &err);
	if (!m)
		return err;
	s = set_named(m, &p);
	if (s && set_list(&p, s, &v) && !pend(&p))
		perr(&p, "the end of the command");
	for (int i = 0; i < v.n && cmd != ZONEFW_CMD_SET_ADD; i++)
		if (v.v[i].timeout)
			err_at(m, p.lx.cur.pos, "only 'set add' takes a timeout");
	if (m->errors) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	elems_tidy(&v);
	err = codec_set_change(cmd, s, &v, &in);
	if (err || cmd != ZONEFW_CMD_SET_TEST)
		return err ? err : out_done();
	if (g.json)
		out_json(json_pack("{s:b}", "in", in != 0));
	return in ? EX_DONE : EX_REFUSED;
}

static int flush(void)
{
	struct parser p;
	struct model *m;
	struct set *s;
	int err;

	m = open_sets(&p, &err);
	if (!m)
		return err;
	s = set_named(m, &p);
	if (s && !pend(&p))
		perr(&p, "the end of the command");
	if (m->errors) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	err = codec_set_flush(s->name);
	return err ? err : out_done();
}

static json_t *set_json(struct set *s)
{
	json_t *a = json_array();
	json_t *j = json_pack("{s:s,s:s,s:I,s:o,s:i,s:I}", "name", s->name, "kind", s->port ? "port" : "addr",
			      "timeout", (json_int_t)s->timeout, "max", s->max ? json_integer(s->max) : json_null(),
			      "members", s->elems.n, "refused", (json_int_t)s->lost);

	for (int i = 0; i < s->elems.n;) {
		uint32_t left = s->elems.v[i].timeout;
		char *text = elem_text(&s->elems, &i), *space = strchr(text, ' ');

		if (space)
			*space = 0;
		json_array_append_new(a, json_pack("{s:s,s:o}", "element", text, "timeout",
						   left ? json_integer(left) : json_null()));
	}
	json_object_set_new(j, "elements", a);
	return j;
}

static void set_print(struct set *s)
{
	out_text("%s: %d member%s%s\n", set_head_text(s), s->elems.n, s->elems.n == 1 ? "" : "s",
		 s->lost ? xfmt(", %u refused", s->lost) : "");
	for (int i = 0; i < s->elems.n;)
		out_text("    %s\n", elem_text(&s->elems, &i));
}

static int show(const char *only)
{
	json_t *a = json_array();
	struct parser p;
	struct model *m;
	int err;

	m = open_sets(&p, &err);
	if (!m)
		return err;
	if (only && !set_named(m, &p)) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	for (int i = 0; i < m->sets.n; i++) {
		struct set *s = m->sets.v[i];

		if (only && strcmp(s->name, only))
			continue;
		err = codec_members(s);
		if (err)
			return codec_moved(err);
		if (g.json)
			json_array_append_new(a, set_json(s));
		else
			set_print(s);
	}
	if (g.json)
		out_json(a);
	return 0;
}

int show_sets(void)
{
	return show(NULL);
}

int cmd_set(int argc, char **argv)
{
	static char *verbs[] = { "create", "destroy", "add", "del", "test", "flush", "show" };
	const char *v = argc > 1 ? argv[1] : "";

	if (!strcmp(v, "create") || !strcmp(v, "destroy"))
		return cmd_set_edit(argc, argv);
	if (argc == 2 && (!strcmp(v, "add") || !strcmp(v, "del") || !strcmp(v, "test") || !strcmp(v, "flush")))
		return usage_err("expected the name of a set, not the end of the command");
	if (!strcmp(v, "add"))
		return change(ZONEFW_CMD_SET_ADD);
	if (!strcmp(v, "del"))
		return change(ZONEFW_CMD_SET_DEL);
	if (!strcmp(v, "test"))
		return change(ZONEFW_CMD_SET_TEST);
	if (!strcmp(v, "flush"))
		return flush();
	if (!strcmp(v, "show") && argc > 3)
		return usage_at(argv[3], "'set show' takes one name, not '%s' too", argv[3]);
	if (!strcmp(v, "show"))
		return show(argc > 2 ? argv[2] : NULL);
	return *v ? usage_at(argv[1], "set has no verb '%s'%s", v, suggest(v, &(strvec){ verbs, ARRAY_SIZE(verbs), 7 })) :
		    usage_err("set needs a verb; see 'zonefw help set'");
}
