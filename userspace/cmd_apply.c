// SPDX-License-Identifier: GPL-2.0
/* Whole policies: apply, check, diff, export, flush, panic, stats reset. */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_CONF "/etc/zonefw/zonefw.conf"

int cmd_dump(int argc, char **argv)
{
	struct model *m = model_new();

	if (argc != 2)
		return usage_err("_dump needs one file");
	if (!parse_file(m, argv[1])) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	fputs(model_text(m), stdout);
	return 0;
}

int cmd_check(int argc, char **argv)
{
	struct model *m = model_new();
	int warnings = 0;

	if (argc > 1 && argv[1][0] == '-' && argv[1][1])
		return usage_extra("check", argv[1]);
	if (argc > 2)
		return usage_extra("check", argv[2]);
	if (usage_file(argc > 1 ? argv[1] : DEFAULT_CONF))
		return EX_REFUSED;
	parse_file(m, argc > 1 ? argv[1] : DEFAULT_CONF);
	if (!m->errors)
		eval_asserts(m);
	if (!m->errors && !g.quiet)
		check_warnings(m);
	for (int i = 0; i < m->diags.n; i++)
		warnings += m->diags.v[i].warn;
	if (g.json) {
		json_t *a = json_array();

		for (int i = 0; i < m->diags.n; i++) {
			struct diag *d = &m->diags.v[i];

			json_array_append_new(a, json_pack("{s:s,s:i,s:i,s:s,s:s}", "file",
				d->pos.src ? printable(xstrdup(d->pos.src->name)) : "", "line", d->pos.line, "column", d->pos.col,
				"kind", d->warn ? "warning" : "error", "text", d->text));
		}
		out_json(a);
		return m->errors ? EX_REFUSED : EX_DONE;
	}
	diag_print(m, !g.quiet);
	if (!m->errors && !g.quiet)
		out_text("%d zone%s, %d rule%s: no errors, %d warning%s\n", m->zones.n, m->zones.n == 1 ? "" : "s",
			 m->rules.n, m->rules.n == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
	return m->errors ? EX_REFUSED : EX_DONE;
}

struct apply_args { bool dry, force; uint32_t confirm; char *file; };

static int confirm_time(const char *s, uint32_t *out)
{
	uint64_t sec = 0;

	if (!s)
		return usage_err("--confirm needs a time, such as 60s or 10m");
	if (!parse_duration(s, &sec))
		return usage_at(s, "'%s' is not a time; write it as 60s, 10m or 1h30m", s);
	if (!sec || sec > ZONEFW_CONFIRM_MAX)
		return usage_at(s, "--confirm takes 1 second to 7 days");
	*out = (uint32_t)sec;
	return 0;
}

static int apply_parse(int argc, char **argv, struct apply_args *a)
{
	static char *known[] = { "--force", "--confirm" };

	int err = 0;

	for (int i = 1; i < argc && !err; i++) {
		if (!strcmp(argv[i], "-n"))
			a->dry = true;
		else if (!strcmp(argv[i], "--force"))
			a->force = true;
		else if (!strcmp(argv[i], "--confirm"))
			err = confirm_time(i + 1 < argc ? argv[++i] : NULL, &a->confirm);
		else if ((argv[i][0] == '-' && argv[i][1]) || a->file)
			return argv[i][0] == '-' && argv[i][1] == '-' ? usage_unknown(argv[i], "option", known, 2) :
									usage_extra("apply", argv[i]);
		else
			a->file = argv[i];
	}
	if (err)
		return err;
	return a->file ? usage_file(a->file) : usage_err("apply needs a file, or - for standard input");
}

static void applied(struct model *m, uint32_t gen)
{
	if (m->apply && !g.json) {
		if (!g.quiet)
			out_text("%d zones, %d rules: would be applied\n", m->zones.n, m->rules.n);
	} else if (g.json) {
		json_t *j = json_pack("{s:I,s:i,s:i}", "generation", (json_int_t)gen, "zones", m->zones.n,
				      "rules", m->rules.n);

		if (m->apply)
			json_object_set_new(j, "dry", json_true());
		if (m->confirm)
			json_object_set_new(j, "confirm_left", json_integer(m->confirm));
		out_json(j);
	} else if (!g.quiet) {
		out_text("applied: %d zones, %d rules, generation %u\n", m->zones.n, m->rules.n, gen);
		if (m->confirm)
			out_text("the kernel goes back in %u s unless 'zonefw confirm' comes\n", m->confirm);
	}
}

int cmd_apply(int argc, char **argv)
{
	struct model *m = model_new(), *old;
	struct apply_args a = { 0 };
	int err = apply_parse(argc, argv, &a);
	struct done done = { 0 };

	if (err)
		return err;
	if (parse_file(m, a.file))
		eval_asserts(m);
	if (m->errors) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	m->confirm = a.confirm;
	for (int try = 0; try < 8; try++) {
		old = codec_texts(&err);
		if (!old)
			return err;
		err = a.force || a.confirm ? 0 : session_cut(m, old);
		if (err)
			return err;
		codec_reuse(m, old);
		m->gen = old->gen;
		m->apply = a.dry ? ZONEFW_APPLY_DRY : 0;
		err = codec_send(m, &done);
		if (err != -ESTALE)
			break;
	}
	if (err == -ESTALE)
		return nl_failed(err);
	if (err)
		return err;
	failsafe_over();
	applied(m, done.gen);
	return 0;
}

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

/* lines of one not in the other, in order; a longest common run from both ends first */
static int line_diff(strvec *a, strvec *b)
{
	int i = 0, j = 0, n = 0;

	while (i < a->n || j < b->n) {
		int ka = -1, kb = -1;

		if (i < a->n && j < b->n && !strcmp(a->v[i], b->v[j])) {
			i++;
			j++;
			continue;
		}
		for (int k = j; i < a->n && k < b->n && ka < 0; k++)
			if (!strcmp(a->v[i], b->v[k]))
				ka = k - j;
		for (int k = i; j < b->n && k < a->n && kb < 0; k++)
			if (!strcmp(b->v[j], a->v[k]))
				kb = k - i;
		n++;
		if (i < a->n && (ka < 0 || (kb >= 0 && kb <= ka) || j >= b->n))
			out_text("%s- %s%s\n", col("31"), a->v[i++], col("0"));
		else
			out_text("%s+ %s%s\n", col("32"), b->v[j++], col("0"));
	}
	return n;
}

int cmd_diff(int argc, char **argv)
{
	struct model *m = model_new(), *old;
	const char *file = NULL;
	strvec a = { 0 }, b = { 0 };
	bool flows = false;
	int err, differ;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--flows")) {
			flows = true;
			continue;
		}
		if ((argv[i][0] == '-' && argv[i][1]) || file)
			return usage_extra("diff", argv[i]);
		file = argv[i];
	}
	file = file ? file : DEFAULT_CONF;
	if (usage_file(file))
		return EX_REFUSED;
	if (!parse_file(m, file)) {
		diag_print(m, false);
		return EX_REFUSED;
	}
	old = codec_texts(&err);
	if (!old)
		return err;
	lines(old, &a);
	lines(m, &b);
	differ = line_diff(&a, &b) ? 1 : 0;
	return flows ? diff_flows(m, old, differ) : differ;
}

/* a command with at most one small attribute */
int cmd_simple(int cmd, int attr, int val)
{
	struct nl_msg *msg;
	int err = nl_connect_zfw();

	if (err)
		return err;
	msg = nl_new(cmd, NLM_F_REQUEST, 0);
	if (!msg)
		return EX_REFUSED;
	if (attr)
		nla_put_u8(msg, attr, (uint8_t)val);
	err = nl_do(msg, NULL, NULL);
	return err ? nl_failed(err) : 0;
}

int cmd_flush(int argc, char **argv)
{
	return argc > 1 ? usage_extra("flush", argv[1]) : cmd_simple(ZONEFW_CMD_FLUSH, 0, 0);
}

int cmd_panic(int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "on") && strcmp(argv[1], "off")))
		return usage_at(argv[argc - 1], "panic takes 'on' or 'off', not '%s'", argv[argc - 1]);
	return cmd_simple(ZONEFW_CMD_PANIC, ZONEFW_A_PANIC, argc < 2 || !strcmp(argv[1], "on"));
}

int cmd_stats(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "reset"))
		return cmd_simple(ZONEFW_CMD_STATS_RESET, 0, 0);
	if (argc > 1)
		return usage_at(argv[argc - 1], "stats takes 'reset' or nothing, not '%s'%s", argv[argc - 1],
				suggest(argv[1], &(strvec){ (char *[]){ "reset" }, 1, 1 }));
	return cmd_show(2, (char *[]){ "show", "stats" });
}
