// SPDX-License-Identifier: GPL-2.0
/* Global options and the table of commands. */
#include "cmd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

struct gopts g;

const struct command commands[] = {
	{ "apply", cmd_apply, "apply [-n] [--confirm DUR] [--force] FILE|-   replace the whole policy in one step" },
	{ "check", cmd_check, "check FILE                        parse and check without a kernel" },
	{ "diff", cmd_diff, "diff [--flows] [FILE]             running policy against FILE: exit 0 same, 1 differs" },
	{ "export", cmd_export, "export [--force]                  the running policy in the file's language" },
	{ "show", cmd_show, "show [matrix|zones|rules|sets|nat|flows|drops|stats|options]   look; bare: state, zones and the matrix" },
	{ "explain", cmd_explain, "explain (in DEV|from ZONE) [out DEV|to ZONE] PROTO src A [sport N] dst A [dport N] [type T] [--expect VERDICT] [--file FILE]   what happens to that packet, and why" },
	{ "monitor", cmd_monitor, "monitor [events|drops|trace [MATCH]]   follow changes, refused packets, or packets that match" },
	{ "zone", cmd_zone, "zone add NAME [in P] [dev ..] [group ..] [net ..] [antispoof]   declare a zone | set NAME [in P] [dev ..] [group ..] [net ..] [antispoof]   give it other members"
	  " | del NAME   one that no cell names | show   zones and the devices in them" },
	{ "policy", cmd_policy, "policy set from F to T [accept|drop|reject] [log [\"P\"]] [[no-]masquerade] [[no-]offload] [[no-]clamp-mss]   a cell's default and options"
	  " | del from F to T   take them away; its rules stay | show   the matrix" },
	{ "rule", cmd_rule, "rule add from F to T [first|last|before ID|after ID] RULE   at the end unless said; prints its id | replace ID RULE   another in its place"
	  " | del ID...   by number or name, all in one step | move ID first|last|before ID|after ID   change the order | show [from F] [to T]   rules of those cells" },
	{ "stats", cmd_stats, "stats [reset]                     counters" },
	{ "flush", cmd_flush, "flush                             drop the whole policy (state open)" },
	{ "panic", cmd_panic, "panic [on|off]                    drop everything but loopback, at once" },
	{ "set", cmd_set, "set create NAME [addr|port] [timeout D] [max N]   make a set | destroy NAME   remove it | add NAME E,... [timeout D]   put members in | del NAME E,...   take them out"
	  " | test NAME E   exit 0 in the set, 1 not | flush NAME   take all out | show [NAME]   sets and their members" },
	{ "flow", cmd_flow, "flow show [from F] [to T] [rule ID] [MATCH]   live connections and the rule that let them in | kill [from F] [to T] [rule ID] [MATCH]   end them" },
	{ "confirm", cmd_confirm, "confirm                           keep what was applied with --confirm" },
	{ "rollback", cmd_rollback, "rollback                          go back to the policy before, at once" },
	{ "help", cmd_help, "help [OBJECT [VERB]]              the forms of the commands" },
	{ "_dump", cmd_dump, NULL },
};

const int ncommands = ARRAY_SIZE(commands);

static int no_netns(char *name, int err)
{
	DIR *d = strchr(name, '/') ? NULL : opendir("/run/netns");
	strvec cand = { 0 };

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		PUSH(cand, xstrdup(e->d_name));
	if (d)
		closedir(d);
	usage_at(name, "no network namespace '%s': %s%s", name, strerror(err), suggest(name, &cand));
	return err == EACCES ? EX_NOMODULE : EX_REFUSED;
}

static int enter_netns(char *name)
{
	char *path = xfmt("%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return no_netns(name, errno);
	err = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (err)
		usage_at(name, "cannot enter the network namespace '%s': %s", name, strerror(err));
	return err == EPERM ? EX_NOMODULE : err ? EX_REFUSED : 0;
}

static int color_when(const char *word, const char *when)
{
	static char *known[] = { "always", "auto", "never" };

	for (int k = 0; k < 3; k++) {
		if (strcmp(when, known[k]))
			continue;
		g.color = k == 0 || (k == 1 && isatty(1) && !getenv("NO_COLOR"));
		return 0;
	}
	return usage_at(word, "--color takes always, auto or never, not '%s'%s", when,
			suggest(when, &(strvec){ known, 3, 3 }));
}

static bool letters(const char *a)
{
	if (!a[1] || strspn(a + 1, "jpsq") != strlen(a + 1))
		return false;
	g.json |= strchr(a, 'j') != NULL;
	g.pretty |= strchr(a, 'p') != NULL;
	g.stats |= strchr(a, 's') != NULL;
	g.quiet |= strchr(a, 'q') != NULL;
	return true;
}

/* returns the index of the first word, or -1 with *rc set */
static int global_options(int argc, char **argv, int *rc)
{
	static char *known[] = { "-j", "-p", "-s", "-q", "-n", "--color", "--version", "--help" };
	int i;

	g.color = isatty(1) && !getenv("NO_COLOR");
	for (i = 1; i < argc && argv[i][0] == '-' && !*rc; i++) {
		const char *a = argv[i];

		if (!strcmp(a, "--version")) {
			out_text("zonefw %s\n", ZONEFW_VERSION);
			return -1;
		} else if (!strcmp(a, "--help") || !strcmp(a, "-h")) {
			cmd_help(1, NULL);
			return -1;
		} else if (!strcmp(a, "--color")) {
			g.color = true;
		} else if (!strncmp(a, "--color=", 8)) {
			*rc = color_when(a, a + 8);
		} else if (!strcmp(a, "-n")) {
			*rc = i + 1 < argc ? enter_netns(argv[++i]) : usage_err("-n needs a network namespace");
		} else if (!letters(a)) {
			*rc = usage_unknown(a, "option", known, ARRAY_SIZE(known));
		}
	}
	return *rc ? -1 : i;
}

static int run(int argc, char **argv)
{
	if (!argc)
		return cmd_show(1, (char *[]){ "show" });
	if (help_asked(argc, argv))
		return cmd_help(argc, (char *[]){ "help", argv[0], argv[1] });
	for (int k = 0; k < ncommands; k++)
		if (!strcmp(commands[k].name, argv[0]))
			return commands[k].run(argc, argv);
	return usage_no_command(argv[0]);
}

int main(int argc, char **argv)
{
	int rc = 0, i;

	setvbuf(stdout, NULL, isatty(1) ? _IOLBF : _IOFBF, 0);
	typed_set(argc, argv);
	i = global_options(argc, argv, &rc);
	if (i >= 0) {
		g_argc = argc - i;
		g_argv = argv + i;
		rc = run(g_argc, g_argv);
	}
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "zonefw: error: cannot write: %s\n", strerror(errno));
		return rc ? rc : EX_REFUSED;
	}
	return rc;
}
