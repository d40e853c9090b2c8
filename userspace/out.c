// SPDX-License-Identifier: GPL-2.0
/* The only writer to standard output: text, aligned tables, JSON. */
#include "cmd.h"

#include <stdarg.h>
#include <stdlib.h>

void out_json(json_t *j)
{
	char *s = json_dumps(j, (g.pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY);

	if (s)
		puts(s);
	free(s);
	json_decref(j);
	fflush(stdout);
}

void out_text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
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

static const char *cell_color(const char *s)
{
	if (!strncmp(s, "accept", 6))
		return "32";
	if (!strncmp(s, "drop", 4))
		return "31";
	if (!strncmp(s, "reject", 6))
		return "33";
	return NULL;
}

void table_print(struct table *t)
{
	int *w = xalloc(sizeof(*w) * (t->ncols + 1));

	for (int i = 0; i < t->rows.n; i++)
		for (int c = 0; c < t->ncols; c++)
			if ((int)strlen(t->rows.v[i][c]) > w[c])
				w[c] = (int)strlen(t->rows.v[i][c]);
	for (int i = 0; i < t->rows.n; i++) {
		for (int c = 0; c < t->ncols; c++) {
			const char *s = t->rows.v[i][c], *k = i ? cell_color(s) : "1";

			printf("%s%s%s", k ? col(k) : "", s, k ? col("0") : "");
			if (c + 1 < t->ncols)
				printf("%*s", w[c] - (int)strlen(s) + 2, "");
		}
		putchar('\n');
	}
}

json_t *jstrs(const strvec *v)
{
	json_t *a = json_array();

	for (int i = 0; i < v->n; i++)
		json_array_append_new(a, json_string(v->v[i]));
	return a;
}
