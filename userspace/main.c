// SPDX-License-Identifier: GPL-2.0
/* Global options, the table of commands, help. */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

struct gopts g;
int g_argc;
char **g_argv;

static const struct { const char *name; int (*run)(int, char **); const char *help; } cmds[] = {
	{ "apply", cmd_apply, "apply [-n] [--force] FILE|-       replace the whole policy in one step" },
	{ "check", cmd_check, "check FILE                        parse and check without a kernel" },
	{ "diff", cmd_diff, "diff [FILE]                       running policy against FILE: exit 0 same, 1 differs" },
	{ "export", cmd_export, "export                            the running policy in the file's language" },
	{ "show", cmd_show, "show [matrix|zones|rules|sets|nat|flows|drops|stats|options]" },
	{ "explain", cmd_explain, "explain (in DEV|from ZONE) [out DEV|to ZONE] PROTO src A [sport N] dst A [dport N] [type T] [--expect VERDICT] [--file FILE]" },
	{ "monitor", cmd_monitor, "monitor [events|drops]            follow changes or dropped packets" },
	{ "zone", cmd_zone, "zone add NAME [in P] [dev ..] [group ..] [net ..] [antispoof] | set ... | del NAME | show" },
	{ "policy", cmd_policy, "policy set from F to T [accept|drop|reject] [log [\"P\"]] | del from F to T | show" },
	{ "rule", cmd_rule, "rule add from F to T [first|before ID|after ID] RULE | replace ID RULE | del ID... | move ID first|last|before ID|after ID | show [from F] [to T]" },
	{ "stats", cmd_stats, "stats [reset]                     counters" },
	{ "flush", cmd_flush, "flush                             drop the whole policy (state open)" },
	{ "panic", cmd_panic, "panic [on|off]                    drop everything but loopback, at once" },
	{ "set", cmd_later, "set ...                           named sets (not supported yet)" },
	{ "flow", cmd_later, "flow ...                          live connections (not supported yet)" },
	{ "confirm", cmd_later, "confirm                           keep what was applied (not supported yet)" },
	{ "rollback", cmd_later, "rollback                          go back (not supported yet)" },
	{ "help", cmd_help, "help [COMMAND]" },
	{ "_dump", cmd_dump, NULL },
};

int usage_err(const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	fprintf(stderr, "<command line>:1: error: %s\n", buf);
	return EX_REFUSED;
}

int cmd_later(int argc, char **argv)
{
	(void)argc;
	return usage_err("'%s' is not supported yet", argv[0]);
}

int cmd_help(int argc, char **argv)
{
	if (argc < 2)
		out_text("usage: zonefw [-j] [-p] [-s] [-q] [-n NETNS] [--color[=WHEN]] COMMAND ...\n\n");
	for (int i = 0; i < ARRAY_SIZE(cmds); i++)
		if (cmds[i].help && (argc < 2 || !strcmp(argv[1], cmds[i].name))) {
			out_text("zonefw %s\n", cmds[i].help);
			if (argc > 1)
				return 0;
		}
	return argc < 2 ? 0 : usage_err("no command '%s'", argv[1]);
}

/* The words after `zonefw`, joined again, as a source for the parser. */
struct src *cmdline_src(struct model *m, int argc, char **argv)
{
	struct sbuf b = { 0 };
	struct src *s;

	sb_put(&b, "zonefw");
	for (int i = 0; i < argc; i++) {
		bool str = i && (!strcmp(argv[i - 1], "log") || !strcmp(argv[i - 1], "comment"));
		bool bare = *argv[i] && argv[i][0] != '"' && strpbrk(argv[i], " \t\n;{}#,\"") != NULL;

		sb_fmt(&b, " %s", !*argv[i] || (str && bare) ? quote(argv[i]) : argv[i]);
	}
	s = src_new(m, "<command line>", sb_str(&b), b.n);
	s->cmdline = true;
	return s;
}

static int enter_netns(const char *name)
{
	char *path = xfmt("%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0) {
		fprintf(stderr, "zonefw: no network namespace '%s': %s\n", name, strerror(errno));
		return EX_REFUSED;
	}
	err = setns(fd, CLONE_NEWNET);
	close(fd);
	if (!err)
		return 0;
	fprintf(stderr, "zonefw: cannot enter the network namespace '%s': %s\n", name, strerror(errno));
	return EX_NOMODULE;
}

/* returns the index of the first word, or -1 with *rc set */
static int global_options(int argc, char **argv, int *rc)
{
	int i;

	g.color = isatty(1) && !getenv("NO_COLOR");
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *a = argv[i];

		*rc = 0;
		if (!strcmp(a, "--version")) {
			out_text("zonefw %s\n", ZONEFW_VERSION);
			return -1;
		} else if (!strcmp(a, "--help") || !strcmp(a, "-h")) {
			cmd_help(1, NULL);
			return -1;
		} else if (!strcmp(a, "--color") || !strcmp(a, "--color=always")) {
			g.color = true;
		} else if (!strcmp(a, "--color=never")) {
			g.color = false;
		} else if (!strcmp(a, "--color=auto")) {
			;
		} else if (!strcmp(a, "-n")) {
			*rc = i + 1 < argc ? enter_netns(argv[++i]) : usage_err("-n needs a network namespace");
			if (*rc)
				return -1;
		} else if (a[1] && a[1] != '-' && strspn(a + 1, "jpsq") == strlen(a + 1)) {
			g.json |= strchr(a, 'j') != NULL;
			g.pretty |= strchr(a, 'p') != NULL;
			g.stats |= strchr(a, 's') != NULL;
			g.quiet |= strchr(a, 'q') != NULL;
		} else {
			*rc = usage_err("no option '%s'", a);
			return -1;
		}
	}
	return i;
}

int main(int argc, char **argv)
{
	strvec cand = { 0 };
	int rc = 0, i;

	setvbuf(stdout, NULL, isatty(1) ? _IOLBF : _IOFBF, 0);
	i = global_options(argc, argv, &rc);
	if (i < 0)
		return rc;
	if (i == argc)
		return cmd_show(1, (char *[]){ "show" });
	g_argc = argc - i;
	g_argv = argv + i;
	for (int k = 0; k < ARRAY_SIZE(cmds); k++) {
		if (!strcmp(cmds[k].name, argv[i])) {
			if (g_argc == 2 && (!strcmp(argv[i + 1], "help") || !strcmp(argv[i + 1], "--help")))
				return cmd_help(2, (char *[]){ "help", argv[i] });
			rc = cmds[k].run(g_argc, g_argv);
			if (fflush(stdout) || ferror(stdout))
				return rc ? rc : EX_REFUSED;
			return rc;
		}
		if (cmds[k].help)
			PUSH(cand, (char *)cmds[k].name);
	}
	return usage_err("no command '%s'%s", argv[i], suggest(argv[i], &cand));
}
