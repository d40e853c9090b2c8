// SPDX-License-Identifier: GPL-2.0
/* Whole policies: apply, check, flush, panic, stats reset. */
#include "cmd.h"
#include "box.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

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

static char *amounts(const struct model *m)
{
	return xfmt("%d zone%s, %d rule%s", m->zones.n, m->zones.n == 1 ? "" : "s", m->rules.n, m->rules.n == 1 ? "" : "s");
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
	if (!m->errors && !g.quiet && router_is_mute(m))
		out_text("note: this router itself may begin no connection, not even to resolve a name; 'self -> any { default accept }' lets it\n");
	if (!m->errors && !g.quiet)
		out_text("%s: no errors, %d warning%s\n", amounts(m), warnings, warnings == 1 ? "" : "s");
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

/* most often the name is another one on this machine */
static void empty_zones(struct model *m)
{
	strvec here = device_names();

	for (int i = 0; i < m->zones.n; i++) {
		struct zone *z = m->zones.v[i];
		bool in = !z->dev.n || z->group.n;

		for (int k = 0; k < z->dev.n; k++)
			for (int l = 0; l < here.n && !in; l++)
				in = !fnmatch(z->dev.v[k], here.v[l], FNM_NOESCAPE);
		if (!in)
			out_text("note: zone '%s' is empty now: there is no device '%s'%s\n", z->name, z->dev.v[0],
				 plain(suggest(z->dev.v[0], &here)));
	}
}

static void applied(struct model *m, uint32_t gen)
{
	if (!g.json && !g.quiet)
		empty_zones(m);
	if (m->apply && !g.json) {
		if (!g.quiet)
			out_text("%s: would be applied\n", amounts(m));
	} else if (g.json) {
		json_t *j = json_pack("{s:I,s:i,s:i}", "generation", (json_int_t)gen, "zones", m->zones.n,
				      "rules", m->rules.n);

		if (m->apply)
			json_object_set_new(j, "dry", json_true());
		if (m->confirm)
			json_object_set_new(j, "confirm_left", json_integer(m->confirm));
		out_json(j);
	} else if (!g.quiet) {
		out_text("applied: %s, generation %u\n", amounts(m), gen);
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
	/* most likely the other end of the pipe has failed, or there is no policy that export could print */
	if (!strcmp(a.file, "-") && !a.force && !m->zones.n && !m->rules.n && !*model_text(m))
		return usage_at(a.file, "nothing but an empty policy, which drops everything; use --force if that is meant, 'zonefw flush' to drop nothing");
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
	return err ? nl_failed(err) : out_done();
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
