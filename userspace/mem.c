// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that lives as long as the process: an arena of zeroed chunks, and the
 * vectors and strings that grow in it, in place while they are its newest piece.
 */
#include "util.h"

#include <stdarg.h>
#include <stdlib.h>

#define CHUNK	(1u << 20)
#ifndef MEM_BIG			/* 1 under sanitizers: each piece on its own, its bounds are watched */
#define MEM_BIG	(CHUNK / 4)
#endif
#define ALIGN	_Alignof(max_align_t)

struct chunk { struct chunk *next; max_align_t data[]; };
static struct chunk *chunks;	/* keeps everything reachable */
static char *at, *end;		/* the free rest of the newest chunk: all zero */

_Noreturn void no_memory(void)
{
	fputs("zonefw: out of memory\n", stderr);
	abort();
}

static void *chunk_new(size_t n)
{
	struct chunk *c = calloc(1, sizeof(*c) + n);

	if (!c)
		no_memory();
	c->next = chunks;
	chunks = c;
	return c->data;
}

static void *take(size_t n)
{
	char *r = at;

	if (n <= (size_t)(end - at)) {
		at += n;
		return r;
	}
	if (n >= MEM_BIG)
		return chunk_new(n);
	at = chunk_new(CHUNK);
	end = at + CHUNK;
	r = at;
	at += n;
	return r;
}

void *xalloc(size_t n)
{
	size_t pad = -(uintptr_t)at & (ALIGN - 1);

	if (pad && pad <= (size_t)(end - at))
		at += pad;
	return take(n ? n : 1);
}

/* all of it, at once: only for who starts over in the same process */
void mem_forget(void)
{
	while (chunks) {
		struct chunk *c = chunks;

		chunks = c->next;
		free(c);
	}
	at = end = NULL;
}

/* a longer piece with the same beginning, for free when it is the newest */
static void *longer(void *old, size_t had, size_t want, void *(*fresh)(size_t))
{
	void *v;

	if (old && (char *)old + had == at && want - had <= (size_t)(end - at)) {
		at += want - had;
		return old;
	}
	v = fresh(want);
	if (old)
		memcpy(v, old, had);
	return v;
}

void *vec_grow(void *old, int *cap, size_t size)
{
	int want = *cap ? *cap * 2 : 2;
	void *v = longer(old, (size_t)*cap * size, (size_t)want * size, xalloc);

	*cap = want;
	return v;
}

char *xstrndup(const char *s, size_t n)
{
	char *r = take(n + 1);

	if (n)
		memcpy(r, s, n);
	return r;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xcat(const char *a, const char *b, const char *c)
{
	size_t la = strlen(a), lb = strlen(b), lc = strlen(c);
	char *r = take(la + lb + lc + 1);

	memcpy(r, a, la);
	memcpy(r + la, b, lb);
	memcpy(r + la + lb, c, lc);
	return r;
}

char *xfmt(const char *fmt, ...)
{
	char buf[512], *r;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(buf))
		return xstrndup(buf, n < 0 ? 0 : (size_t)n);
	r = take((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(r, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return r;
}

/* room for that many bytes and the end */
void sb_room(struct sbuf *b, size_t more)
{
	size_t want = b->n + more + 1;

	if (want <= b->cap)
		return;
	if (b->cap)
		want *= 2;
	if (want < 64)
		want = 64;
	b->s = longer(b->s, b->cap, want, take);
	b->cap = want;
}

void sb_putn(struct sbuf *b, const char *s, size_t n)
{
	sb_room(b, n);
	memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = 0;
}

void sb_put(struct sbuf *b, const char *s)
{
	sb_putn(b, s, strlen(s));
}

void sb_num(struct sbuf *b, unsigned long long v)
{
	char buf[24], *p = buf + sizeof(buf);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	sb_putn(b, p, (size_t)(buf + sizeof(buf) - p));
}

char *xnum(unsigned long long v)
{
	struct sbuf b = { 0 };

	sb_num(&b, v);
	return sb_str(&b);
}

void sb_fmt(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	sb_room(b, 0);
	va_start(ap, fmt);
	n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= b->cap - b->n) {
		sb_room(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

/* what parts the elements of a list */
void sb_sep(struct sbuf *b)
{
	if (b->n)
		sb_putn(b, ", ", 2);
}

void sb_item(struct sbuf *b, const char *s)
{
	sb_sep(b);
	sb_put(b, s);
}

/* what stands before, and a string of JSON or null */
void sb_json(struct sbuf *b, const char *key, const char *s)
{
	sb_put(b, key);
	if (!s) {
		sb_put(b, "null");
		return;
	}
	sb_put(b, "\"");
	while (*s) {
		size_t n = 0;

		while ((unsigned char)s[n] >= 32 && s[n] != '"' && s[n] != '\\')
			n++;
		sb_putn(b, s, n);
		s += n;
		if (*s == '"' || *s == '\\') {
			sb_put(b, "\\");
			sb_putn(b, s++, 1);
		} else if (*s) {
			sb_fmt(b, "\\u%04x", (unsigned)(unsigned char)*s++);
		}
	}
	sb_put(b, "\"");
}

/* the finished string; what it did not need goes back to the arena */
char *sb_str(struct sbuf *b)
{
	if (!b->s)
		return xstrdup("");
	if (b->s + b->cap == at) {
		at = b->s + b->n + 1;
		b->cap = b->n + 1;
	}
	return b->s;
}
