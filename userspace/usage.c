// SPDX-License-Identifier: GPL-2.0
/* The line as it was typed: as a source for the parser, under errors, and help about it. */
#include "cmd.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

int g_argc;
char **g_argv;
static int all_argc;		/* with the global options */
static char **all_argv;

void typed_set(int argc, char **argv)
{
	all_argc = argc;
	all_argv = argv;
}

/* an option as it is shown: one word for the reader and for the lexer */
static void put_shown(struct sbuf *b, const char *s)
{
	char *w = xstrdup(s);

	for (char *p = w; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr("\"#;{},!\\", *p))
			*p = '?';
	sb_fmt(b, " %s", *w ? w : "?");
}

/* "zonefw" and the global options; the last character of it is what the parser reads as its first word */
static void put_prefix(struct sbuf *b, struct src *s)
{
	sb_put(b, "zonefw");
	for (int i = 1; i < all_argc && g_argv && all_argv + i != g_argv; i++) {
		put_shown(b, all_argv[i]);
		s->start = b->n - 1;
	}
}

/* can it be no word of the language? */
static bool odd(const char *s)
{
	for (const char *at = s; *at; at++)
		if ((signed char)*at <= ' ' || *at == 127)
			return true;
	return strpbrk(s, ";{}#,\"") != NULL;
}

static void put_word(struct sbuf *b, char **argv, int i)
{
	bool str = i && (!strcmp(argv[i - 1], "log") || !strcmp(argv[i - 1], "comment"));
	bool bare = argv[i][0] != '"' && odd(argv[i]);

	sb_fmt(b, " %s", !*argv[i] || (str && bare) ? quote(argv[i]) : argv[i]);
}

/* The words after `zonefw`, joined again, as a source for the parser. */
struct src *cmdline_src(struct model *m, int argc, char **argv)
{
	struct src *s = src_new(m, "<command line>", NULL, 0);
	struct sbuf b = { 0 };

	put_prefix(&b, s);
	for (int i = 0; i < argc; i++)
		put_word(&b, argv, i);
	s->text = sb_str(&b);
	s->len = b.n;
	s->cmdline = true;
	return s;
}

static int usage_print(const char *word, const char *text)
{
	int n = g_argv ? (int)(g_argv - all_argv) : all_argc;
	struct model *m = model_new();
	struct src *s = src_new(m, "<command line>", NULL, 0);
	struct sbuf b = { 0 };
	int at = 0;

	sb_put(&b, "zonefw");
	for (int i = 1; i < all_argc; i++) {
		if (word && all_argv[i] == word)
			at = (int)b.n + 2;
		if (i < n)
			put_shown(&b, all_argv[i]);
		else
			put_word(&b, all_argv + n, i - n);
	}
	s->text = sb_str(&b);
	s->len = b.n;
	s->cmdline = true;
	err_at(m, (struct pos){ s, 1, at ? at : (int)b.n + 1 }, "%s", text);
	diag_print(m, false);
	return EX_REFUSED;
}

/* of this machine, or the namespace that was entered: for suggestions */
strvec device_names(void)
{
	struct if_nameindex *all = if_nameindex();
	strvec names = { 0 };

	for (int i = 0; all && all[i].if_name; i++)
		PUSH(names, xstrdup(all[i].if_name));
	if_freenameindex(all);
	return names;
}

/* Says what is wrong with an argument, with the line and a caret below; word is one of main's argv. */
int usage_at(const char *word, const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return usage_print(word, buf);
}

/* The same, about what is missing at the end. */
int usage_err(const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return usage_print(NULL, buf);
}

int usage_unknown(const char *word, const char *what, char **known, int n)
{
	return usage_at(word, "no %s '%s'%s", what, word, suggest(word, &(strvec){ known, n, n }));
}

/* a word that the command has no use for */
int usage_extra(const char *object, const char *word)
{
	if (!strncmp(word, "--color", 7) || (word[0] == '-' && word[1] && strspn(word + 1, "jpsqn") == strlen(word + 1)))
		return usage_at(word, "options stand before the object: zonefw %s %s ...", word, object);
	return usage_at(word, "%s does not take '%s'", object, word);
}

int usage_no_zone(struct model *m, char *name)
{
	strvec cand = { 0 };

	for (int i = 0; i < m->zones.n; i++)
		PUSH(cand, m->zones.v[i]->name);
	PUSH(cand, "self");
	PUSH(cand, "any");
	return usage_unknown(name, "zone", cand.v, cand.n);
}

/* Can the file be read? 0, or said why not. */
int usage_file(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	int err = f ? 0 : errno;
	struct stat st;

	if (f && f != stdin && fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode))
		err = EISDIR;
	if (f && f != stdin)
		fclose(f);
	return err ? usage_at(path, "cannot read '%s': %s", path, strerror(err)) : 0;
}

/* SYNOPSIS  DESCRIPTION */
static void help_line(const char *object, const char *form)
{
	const char *gap = strstr(form, "  ");
	int n = gap ? (int)(gap - form) : (int)strlen(form), used;

	used = snprintf(NULL, 0, "  zonefw %s%.*s", object, n, form);
	out_text("  zonefw %s%.*s", object, n, form);
	if (gap && used >= 45)
		out_text("\n%46s%s", "", gap + strspn(gap, " "));
	else if (gap)
		out_text("%*s%s", 46 - used, "", gap + strspn(gap, " "));
	out_text("\n");
}

/* The forms of a command stand in one string, separated by " | "; returns how many were printed. */
static int help_command(const struct command *c, const char *verb)
{
	char *object = xfmt("%s ", c->name), *all = xstrdup(c->help), *form = all, *next;
	int n = 0;

	for (; form; form = next) {
		const char *w = strncmp(form, object, strlen(object)) ? form : form + strlen(object);
		size_t len = verb ? strlen(verb) : 0;

		next = strstr(form, " | ");
		if (next) {
			*next = 0;
			next += 3;
		}
		if (verb && (strncmp(w, verb, len) || (w[len] && w[len] != ' ')))
			continue;
		help_line(w == form && form == all ? "" : object, w);
		n++;
	}
	return n;
}

static const struct command *command_find(const char *name)
{
	for (int i = 0; i < ncommands; i++)
		if (commands[i].help && !strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int usage_no_command(const char *word)
{
	strvec cand = { 0 };

	for (int i = 0; i < ncommands; i++)
		if (commands[i].help)
			PUSH(cand, (char *)commands[i].name);
	return usage_unknown(word, "command", cand.v, cand.n);
}

static void help_all(void)
{
	out_text("usage: zonefw [-j] [-p] [-s] [-q] [-n NETNS] [--color[=WHEN]] OBJECT VERB ...\n\n"
		 "  -j  JSON            -p  indented JSON       -s  statistics: packets and bytes\n"
		 "  -q  errors only     -n  inside that network namespace (name or path)\n"
		 "  --color=always|auto|never                   --version   --help\n\n");
	for (int i = 0; i < ncommands; i++)
		if (commands[i].help)
			help_command(&commands[i], NULL);
	out_text("\nWords are matched exactly. 'zonefw OBJECT help' and 'zonefw OBJECT VERB help' tell less;\n"
		 "zonefw(8) and zonefw.conf(5) tell more.\n");
}

/* help [OBJECT [VERB]] */
int cmd_help(int argc, char **argv)
{
	const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;

	if (argc < 2) {
		help_all();
		return 0;
	}
	if (!c)
		return usage_no_command(argv[1]);
	if (argc > 3)
		return usage_at(argv[3], "help takes an object and a verb, not '%s' too", argv[3]);
	if (!help_command(c, argc > 2 ? argv[2] : NULL) && !help_command(c, NULL))
		return EX_REFUSED;
	return 0;
}

static bool is_help(const char *s)
{
	return !strcmp(s, "help") || !strcmp(s, "--help") || !strcmp(s, "-h");
}

/* OBJECT help, OBJECT VERB help */
bool help_asked(int argc, char **argv)
{
	return strcmp(argv[0], "help") && ((argc == 2 && is_help(argv[1])) || (argc == 3 && is_help(argv[2])));
}
