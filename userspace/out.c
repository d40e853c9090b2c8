// SPDX-License-Identifier: GPL-2.0
/* The only writer to standard output: text, aligned tables, JSON. */
#include "cmd.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

void out_json(json_t *j)
{
	char *s = json_dumps(j, (g.pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY);

	if (s)
		puts(s);
	free(s);
	json_decref(j);
	fflush(stdout);
}

/* a document put together as text, by sb_json() */
void out_json_text(const char *s)
{
	if (g.pretty) {
		out_json(json_loads(s, JSON_DECODE_ANY, NULL));
		return;
	}
	fwrite(s, 1, strlen(s), stdout);
	putchar('\n');
	fflush(stdout);
}

void out_text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

/* a device may be called what it likes: no name moves the terminal's cursor */
const char *plain(const char *s)
{
	char *copy = NULL;

	for (size_t i = 0; s[i]; i++)
		if (iscntrl((unsigned char)s[i])) {
			copy = copy ? copy : xfmt("%s", s);
			copy[i] = '?';
		}
	return copy ? copy : s;
}

const char *col(const char *code)
{
	if (!g.color || !code)
		return "";
	return xfmt("\033[%sm", code);
}

void table_row(struct table *t, int n, char **cells)
{
	char **row = xalloc(sizeof(*row) * (n + 1));

	memcpy(row, cells, sizeof(*row) * n);
	t->ncols = n;
	PUSH(t->rows, row);
}

/* the two columns from `stats` on are counters, shown with -s only */
void table_stat_row(struct table *t, int n, char **cells, int stats)
{
	char **row = xalloc(sizeof(*row) * (n + 1));
	int k = 0;

	for (int i = 0; i < n; i++)
		if (g.stats || i < stats || i > stats + 1)
			row[k++] = cells[i];
	table_row(t, k, row);
}

/* a verdict as a word, "accept+3", or in a narrow matrix as a letter, "A3" */
static const char *cell_color(const struct table *t, const char *s)
{
	static const struct { const char *w, *code; } k[] = { { "accept", "32" }, { "drop", "31" }, { "reject", "33" } };

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(k[i].w);

		if (t->letters ? *s == k[i].w[0] - 'a' + 'A' && strspn(s + 1, "0123456789") == strlen(s + 1) :
				 !strncmp(s, k[i].w, n) && (!s[n] || strchr("+ ", s[n])))
			return k[i].code;
	}
	return NULL;
}

static int *widths(struct table *t)
{
	int *w = xalloc(sizeof(*w) * (t->ncols + 1));

	for (int i = 0; i < t->rows.n; i++)
		for (int c = 0; c < t->ncols; c++)
			if ((int)strlen(t->rows.v[i][c]) > w[c])
				w[c] = (int)strlen(t->rows.v[i][c]);
	return w;
}

int table_width(struct table *t)
{
	int *w = widths(t), n = 0;

	for (int c = 0; c < t->ncols; c++)
		n += w[c] + 2;
	return n - 2;
}

/* columns of the terminal, or what a reader of a file may have */
int out_width(void)
{
	const char *env = getenv("COLUMNS");
	struct winsize ws;
	uint64_t n;

	if (isatty(1) && ioctl(1, TIOCGWINSZ, &ws) == 0 && ws.ws_col)
		return ws.ws_col;
	return env && parse_u64(env, 10000, &n) && n ? (int)n : 100;
}

static void put(const char *s)
{
	fwrite_unlocked(s, 1, strlen(s), stdout);
}

void table_print(struct table *t)
{
	int *w = widths(t);

	for (int i = 0; i < t->rows.n; i++) {
		for (int c = 0; c < t->ncols; c++) {
			const char *s = plain(t->rows.v[i][c]), *k = !g.color ? NULL : !i ? "1" : c ? cell_color(t, s) : NULL;

			if (k)
				put(col(k));
			put(s);
			if (k)
				put(col("0"));
			for (int pad = c + 1 < t->ncols ? w[c] - (int)strlen(s) + 2 : 0; pad > 0; pad--)
				putchar_unlocked(' ');
		}
		putchar_unlocked('\n');
	}
}

json_t *jstrs(const strvec *v)
{
	json_t *a = json_array();

	for (int i = 0; i < v->n; i++)
		json_array_append_new(a, json_string(v->v[i]));
	return a;
}

/* of a command that has nothing else to say */
int out_done(void)
{
	if (g.json)
		out_json(json_pack("{s:b}", "done", 1));
	return 0;
}
