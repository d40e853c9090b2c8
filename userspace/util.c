// SPDX-License-Identifier: GPL-2.0
/* Memory that lives as long as the process, vectors, strings, small parsing. */
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <linux/zonefw.h>
#include <stdarg.h>
#include <stdlib.h>

struct chunk { struct chunk *next; max_align_t data[]; };
static struct chunk *chunks;	/* keeps everything reachable */

void *xalloc(size_t n)
{
	struct chunk *c = calloc(1, sizeof(*c) + (n ? n : 1));

	if (!c) {
		fputs("zonefw: out of memory\n", stderr);
		abort();
	}
	c->next = chunks;
	chunks = c;
	return c->data;
}

void *vec_grow(void *old, int *cap, size_t size)
{
	int want = *cap ? *cap * 2 : 8;
	void *v = xalloc((size_t)want * size);

	if (old)
		memcpy(v, old, (size_t)*cap * size);
	*cap = want;
	return v;
}

char *xstrndup(const char *s, size_t n)
{
	char *r = xalloc(n + 1);

	if (n)
		memcpy(r, s, n);
	return r;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

static char *vfmt(const char *fmt, va_list ap)
{
	va_list aq;
	char *r;
	int n;

	va_copy(aq, ap);
	n = vsnprintf(NULL, 0, fmt, aq);
	va_end(aq);
	r = xalloc(n + 1);
	vsnprintf(r, n + 1, fmt, ap);
	return r;
}

char *xfmt(const char *fmt, ...)
{
	va_list ap;
	char *r;

	va_start(ap, fmt);
	r = vfmt(fmt, ap);
	va_end(ap);
	return r;
}

void sb_putn(struct sbuf *b, const char *s, size_t n)
{
	if (b->n + n + 1 > b->cap) {
		size_t cap = (b->n + n + 1) * 2 + 64;
		char *v = xalloc(cap);

		if (b->n)
			memcpy(v, b->s, b->n);
		b->s = v;
		b->cap = cap;
	}
	memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = 0;
}

void sb_put(struct sbuf *b, const char *s)
{
	sb_putn(b, s, strlen(s));
}

void sb_fmt(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_put(b, vfmt(fmt, ap));
	va_end(ap);
}

char *sb_str(struct sbuf *b)
{
	return b->s ? b->s : xstrdup("");
}

int edit_distance(const char *a, const char *b)
{
	int la = strlen(a), lb = strlen(b), row[66];

	if (la > 64 || lb > 64)
		return 99;
	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		int diag = row[0];

		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			int up = row[j], best = diag + (a[i - 1] != b[j - 1]);

			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diag = up;
			row[j] = best;
		}
	}
	return row[lb];
}

bool parse_u64(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*out = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	return !errno && !*end && end != s && *out <= max;
}

bool name_valid(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > ZONEFW_NAME_MAX || !isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.", *s))
			return false;
	return true;
}

bool glob_match(const char *pat, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*pat == '*') {
			star = pat++;
			back = s;
		} else if (*pat == '?' || *pat == *s) {
			pat++;
			s++;
		} else if (star) {
			pat = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*pat == '*')
		pat++;
	return !*pat;
}

u128 load_be(const uint8_t *p, int n)
{
	u128 v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

void store_be(uint8_t *p, int n, u128 v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

char *read_all(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	struct sbuf b = { 0 };
	char buf[8192];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sb_putn(&b, buf, n);
	n = ferror(f);
	if (f != stdin)
		fclose(f);
	if (n) {
		errno = errno ? errno : EIO;
		return NULL;
	}
	*len = b.n;
	return sb_str(&b);
}
